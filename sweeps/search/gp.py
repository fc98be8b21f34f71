"""Bayesian search: one Gaussian process over all trials, however far each was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from search_spaces.space import SearchSpace
from sweeps.search.acquisition import by_promise, expected_improvement
from sweeps.search.base import Outcome, Params, Searcher
from sweeps.search.beliefs import Beliefs
from sweeps.search.gaussian_process import Metric, Posterior
from sweeps.search.identity import identity
from sweeps.search.latin import latin_hypercube
from sweeps.search.process_model import Model, choose_model
from sweeps.search.rung_scores import RungScores, coarseness, one_scale
from sweeps.search.seeding import generator, stable_seed
from sweeps.search.trend import Trend
from sweeps.search.unit_cube import UnitCube

STARTUP = 8
MOST_FITTED = 120  # points that hyperparameters are fitted to
MOST_KNOWN = 300  # points that a suggestion rests on
REFIT = 1.25  # fitted again when there are so many times as many values
CANDIDATES = 600
LEADERS, NEAR = 6, 60
OPINION = 20  # trials with values, before anything is expected of them
# With beliefs: so many points of earlier sweeps first, after each three of which one is from a Latin hypercube, for
# contrast; and more of them where trials are begun before the first has a value.
PORTFOLIO, CONTRAST, MORE = 6, 3, 24
FEWEST_FITTED = 4


class GpSearcher(Searcher):
    """Expected improvement over a Gaussian process of all trials.

    - **Trials of different lengths are on one scale** (`one_scale`), and values of low rungs are taken for noisier. So
      the first rung's many trials and the last one's few speak together, where a model per rung has to choose.
    - **Every other suggestion** looks at the first rung's ranks instead of its scores. Ranks find good regions sooner,
      since distances between barely trained models mean little; scores are better at finding the very best.
    - **Running trials** that have no value yet are taken to be as good as the process expects (the kriging believer of
      Ginsbourger et al. 2010, "Kriging Is Well-Suited to Parallelize Optimization"), so that others are offered
      other places.
    - **A failed trial** is no result and leaves the model.
    - **The first suggestions** are a Latin hypercube.
    - **What a trial is expected to come to** (`expected`) is the process's mean where it is: its own value drawn
      towards those of its neighbours, the more so the less it was trained.
    - **Candidates** are draws from the space and points near the best ones; the most promising one that is legal and
      new is suggested. Where scores are noisy, those that promise nearly as much are as good, and the one furthest
      from all trials is suggested: a parameter that is taken for unimportant, perhaps by a mistake, costs nothing
      to vary.

    - **With beliefs** from earlier sweeps the first suggestions are points that did well there, and the process adds to
      what is believed. At each fit it is compared with one that believes nothing, and the more probable one is used.

    Args:
        space: what may vary.
        seed: suggestion ``number`` has generators of its own, seeded by ``(seed, number)``.
        rungs: report numbers, ascending.
        beliefs: what earlier sweeps say.
        after: the number of the last suggestion that is somebody else's: points to try first.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        rungs: Sequence[int] = (),
        beliefs: Beliefs | None = None,
        after: int = 0,
    ) -> None:
        self._space, self._seed = space, seed
        self._cube = UnitCube(space)
        self._metric = Metric(self._cube.unordered)
        self._scores = RungScores(rungs)
        self._first = rungs[0] if rungs else None
        self.startup = max(STARTUP, self._cube.dimensions + 1)
        self._initial = latin_hypercube(space, self.startup, generator(seed, "latin"))
        self._beliefs = beliefs or None
        self._proven: dict[str, None] = {}  # identities of the portfolio
        self._first_ones: list[Params] = []
        if self._beliefs:
            # What earlier sweeps say nothing of is spread out, as it would be without them.
            portfolio = self._beliefs.portfolio(MORE, latin_hypercube(space, MORE, generator(seed, "portfolio")))
            self._proven = dict.fromkeys(identity(params) for params in portfolio)
            self._first_ones = _interleaved(portfolio, self._initial)
            self.startup = PORTFOLIO + PORTFOLIO // CONTRAST
        # Others may suggest in between, but not for ever: what was not tried by then is no opening any more.
        self._opened = after + 2 * self.startup
        self._points: dict[int, np.ndarray] = {}
        self._asked: set[str] = set()
        self._identities: dict[int, str] = {}
        self._fitted: dict[bool, tuple[list[tuple[int, int]], Model]] = {}
        self._expected: tuple[int, dict[int, float] | None] = (0, None)  # after so many changes of the values

    def ask(self, number: int) -> Params | None:
        """The configuration for trial ``number`` (from 1); the search never runs out."""
        params = self._opening(number) or self._suggest(number)
        if params is None:
            params = self._anywhere(number)
        self.replay(number, params)
        return params

    def replay(self, number: int, params: Params) -> None:
        """Trial ``number`` is running with ``params``."""
        self._scores.begin(number)
        self._points[number] = self._cube.encode(params)
        self._identities[number] = identity(params)
        self._asked.add(self._identities[number])

    def report(self, number: int, report: int, score: float) -> None:
        """See `RungScores.report`."""
        self._scores.report(number, report, score)

    def end(self, number: int, outcome: Outcome) -> None:
        """Trial ``number`` is over."""
        self._scores.end(number, outcome)

    def expected(self) -> Mapping[int, float] | None:
        """The process's mean at each trial with a value; of more than `MOST_KNOWN`, the others' own values."""
        if self._expected[0] != self._scores.changes:
            known = self._known(self._scores.order, ranked=False)
            enough = len(known) >= OPINION or (bool(known) and self._model(ranked=False).believing)
            self._expected = self._scores.changes, self._means(known) if enough else None
        return self._expected[1]

    def backed(self) -> frozenset[int]:
        """The trials of configurations that did well in earlier sweeps, while the values bear the beliefs out."""
        if not self._beliefs or not self._scores.order or not self._model(ranked=False).borne_out:
            return frozenset()
        return frozenset(number for number, one in self._identities.items() if one in self._proven)

    def opens(self, number: int) -> bool:
        """Whether suggestion ``number`` is one of the first, for which there is no model."""
        return self._opening(number) is not None if self._beliefs else number <= self.startup

    def _anywhere(self, number: int) -> Params:
        return self._space.sample(generator(self._seed, "gp", number))

    def _opening(self, number: int) -> Params | None:
        """The next of the first points that was not tried; once values have come, of the first few alone."""
        if not self._beliefs:
            # By number, so that points that were tried before take the places of as many of these.
            first = self._initial[number - 1] if number <= self.startup else None
            return first if first is None or identity(first) not in self._asked else self._anywhere(number)
        if self._scores.order and number > self._opened:
            return None
        few = self._first_ones[: self.startup] if self._scores.order else self._first_ones
        return next((params for params in few if identity(params) not in self._asked), None)

    def _means(self, known: dict[int, tuple[float, int]]) -> dict[int, float]:
        numbers = self._chosen(known, MOST_KNOWN)
        points, values, coarse = self._data(known, numbers)
        model = self._model(ranked=False)
        mean = Posterior(self._metric, model.hyper, points, values, coarse, self._trend(model, points)).fitted
        own = {number: value for number, (value, _) in known.items()}
        return own | dict(zip(numbers, map(float, mean), strict=True))

    def _suggest(self, number: int) -> Params | None:
        ranked = number % 2 == 0
        known = self._known(self._scores.order, ranked)
        if len(known) < (1 if self._beliefs else self.startup):
            return None
        model = self._model(ranked)
        if self._beliefs and not model.believing and len(known) < 2 * STARTUP:
            if number <= self._opened:
                # Nothing to go by yet: begin as if there had been no beliefs.
                return next((params for params in self._initial if identity(params) not in self._asked), None)
            if len(known) < STARTUP:
                return None
        posterior, best, leaders = self._posterior(known, model)
        rng = np.random.default_rng(stable_seed(self._seed, "gp", number))
        candidates = np.concatenate([self._cube.draw(CANDIDATES, rng), self._cube.around(leaders, NEAR, rng)])
        if self._beliefs and model.believing:
            near = self._cube.around(self._beliefs.leaders, NEAR // 2, rng)
            candidates = np.concatenate([candidates, self._beliefs.tried, near])
        mean, sd = posterior.at(candidates, self._trend(model, candidates))
        promise = expected_improvement(mean, sd, best)
        # The share of the scores' variance that configurations account for: the signal's is 1.
        alike = 1.0 / (1.0 + model.hyper.noise)
        for index in by_promise(candidates, promise, alike, self._metric, np.stack(list(self._points.values())))[:50]:
            params = self._cube.decode(candidates[index])
            if identity(params) not in self._asked and self._space.broken(params) is None:
                return params
        return None

    def _known(self, order: Sequence[tuple[int, int]], ranked: bool) -> dict[int, tuple[float, int]]:
        """Each trial's value on the one scale and its rung, from the values that had come by then."""
        by_rung: dict[int, dict[int, float]] = {}
        for number, rung in order:
            by_rung.setdefault(rung, {})[number] = self._scores.trials[number].values[rung]
        return one_scale(by_rung, self._first if ranked else None)

    def _trend(self, model: Model, points: np.ndarray) -> Trend | None:
        """What is believed at ``points``; ``None`` for a model that believes nothing."""
        return self._beliefs.trend(points) if self._beliefs and model.believing else None

    def _model(self, ranked: bool) -> Model:
        """Fitted at certain counts of values only, to the values that had come by then: so a search that was told
        everything again has the same one."""
        count = max(self.startup, FEWEST_FITTED)
        while (after := max(count + 1, int(count * REFIT))) <= len(self._scores.order):
            count = after
        since = self._scores.order[:count]
        if ranked not in self._fitted or self._fitted[ranked][0] != since:
            known = self._known(since, ranked)
            data = self._data(known, self._chosen(known, MOST_FITTED))
            self._fitted[ranked] = since, choose_model(self._metric, self._beliefs, *data)
        return self._fitted[ranked][1]

    def _data(
        self, known: dict[int, tuple[float, int]], numbers: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points (n, dimensions), values (n,), and how coarse each is, of these trials."""
        coarse = coarseness([known[number][1] for number in numbers])
        points = np.stack([self._points[number] for number in numbers])
        return points, np.array([known[number][0] for number in numbers]), coarse

    def _chosen(self, known: dict[int, tuple[float, int]], most: int) -> list[int]:
        """Of too many trials, those trained longest and the newest of the rest."""
        return sorted(known, key=lambda number: (-known[number][1], -number))[:most]

    def _posterior(self, known: dict[int, tuple[float, int]], model: Model) -> tuple[Posterior, float, np.ndarray]:
        """The process, the value to improve on, and the most promising points."""
        points, values, coarse = self._data(known, self._chosen(known, MOST_KNOWN))
        posterior = Posterior(self._metric, model.hyper, points, values, coarse, self._trend(model, points))
        mean = posterior.fitted
        leaders = points[np.argsort(-mean, kind="stable")[:LEADERS]]
        best = float(mean.max())
        pending = [
            self._points[number] for number, trial in self._scores.trials.items() if not trial.over and not trial.values
        ]
        if pending:
            away = np.stack(pending)
            believed = posterior.mean(away, self._trend(model, away))
            points, values = np.concatenate([points, away]), np.concatenate([values, believed])
            coarse = np.concatenate([coarse, np.zeros(len(away))])
            posterior = Posterior(self._metric, model.hyper, points, values, coarse, self._trend(model, points))
        return posterior, best, leaders


def _interleaved(portfolio: Sequence[Params], contrast: Sequence[Params]) -> list[Params]:
    """The portfolio with one of the others after each `CONTRAST` of its first `PORTFOLIO`."""
    others = iter(contrast)
    first: list[Params] = []
    for place, params in enumerate(portfolio, start=1):
        first.append(params)
        if place <= PORTFOLIO and place % CONTRAST == 0:
            first.append(next(others))
    return first
