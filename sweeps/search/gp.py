"""Bayesian search: one Gaussian process over all trials, however far each was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtr

from search_spaces.space import SearchSpace
from sweeps.search.base import Outcome, Params, Searcher
from sweeps.search.gaussian_process import Hyperparameters, Metric, Posterior, fit
from sweeps.search.identity import identity
from sweeps.search.latin import latin_hypercube
from sweeps.search.rung_scores import RungScores, one_scale
from sweeps.search.seeding import generator, stable_seed
from sweeps.search.unit_cube import UnitCube

STARTUP = 8
MOST_FITTED = 120  # points that hyperparameters are fitted to
MOST_KNOWN = 300  # points that a suggestion rests on
REFIT = 1.25  # fitted again when there are so many times as many values
CANDIDATES = 600
LEADERS, NEAR = 6, 60
OPINION = 20  # trials with values, before anything is expected of them


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

    Args:
        space: what may vary.
        seed: suggestion ``number`` has generators of its own, seeded by ``(seed, number)``.
        rungs: report numbers, ascending.
    """

    def __init__(self, space: SearchSpace, *, seed: int, rungs: Sequence[int] = ()) -> None:
        self._space, self._seed = space, seed
        self._cube = UnitCube(space)
        self._metric = Metric(self._cube.unordered)
        self._scores = RungScores(rungs)
        self._first = rungs[0] if rungs else None
        self.startup = max(STARTUP, self._cube.dimensions + 1)
        self._initial = latin_hypercube(space, self.startup, generator(seed, "latin"))
        self._points: dict[int, np.ndarray] = {}
        self._asked: set[str] = set()
        self._fitted: dict[bool, tuple[list[tuple[int, int]], Hyperparameters]] = {}
        self._expected: tuple[int, dict[int, float] | None] = (0, None)  # after so many changes of the values

    def ask(self, number: int) -> Params | None:
        """The configuration for trial ``number`` (from 1); the search never runs out."""
        params = self._initial[number - 1] if number <= self.startup else self._suggest(number)
        if params is None or (number <= self.startup and identity(params) in self._asked):
            params = self._space.sample(generator(self._seed, "gp", number))
        self.replay(number, params)
        return params

    def replay(self, number: int, params: Params) -> None:
        """Trial ``number`` is running with ``params``."""
        self._scores.begin(number)
        self._points[number] = self._cube.encode(params)
        self._asked.add(identity(params))

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
            self._expected = self._scores.changes, self._means(known) if len(known) >= OPINION else None
        return self._expected[1]

    def _means(self, known: dict[int, tuple[float, int]]) -> dict[int, float]:
        numbers = self._chosen(known, MOST_KNOWN)
        points, values, coarse = self._data(known, numbers)
        mean = Posterior(self._metric, self._hyperparameters(ranked=False), points, values, coarse).fitted
        own = {number: value for number, (value, _) in known.items()}
        return own | dict(zip(numbers, map(float, mean), strict=True))

    def _suggest(self, number: int) -> Params | None:
        ranked = number % 2 == 0
        known = self._known(self._scores.order, ranked)
        if len(known) < self.startup:
            return None
        hyper = self._hyperparameters(ranked)
        posterior, best, leaders = self._posterior(known, hyper)
        rng = np.random.default_rng(stable_seed(self._seed, "gp", number))
        candidates = np.concatenate([self._cube.draw(CANDIDATES, rng), self._cube.around(leaders, NEAR, rng)])
        mean, sd = posterior.at(candidates)
        promise = expected_improvement(mean, sd, best)
        # The share of the scores' variance that configurations account for: the signal's is 1.
        alike = 1.0 / (1.0 + hyper.noise)
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

    def _hyperparameters(self, ranked: bool) -> Hyperparameters:
        """Fitted at certain counts of values only, to the values that had come by then: so a search that was told
        everything again has the same ones."""
        count = self.startup
        while (after := max(count + 1, int(count * REFIT))) <= len(self._scores.order):
            count = after
        since = self._scores.order[:count]
        if ranked not in self._fitted or self._fitted[ranked][0] != since:
            known = self._known(since, ranked)
            points, values, coarse = self._data(known, self._chosen(known, MOST_FITTED))
            self._fitted[ranked] = since, fit(self._metric, points, values, coarse)
        return self._fitted[ranked][1]

    def _data(
        self, known: dict[int, tuple[float, int]], numbers: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points (n, dimensions), values (n,), and how coarse each is, of these trials."""
        rungs = np.array([known[number][1] for number in numbers], dtype=float)
        highest = max(float(rungs.max()), 2.0)
        coarse = 1.0 - np.log(rungs) / np.log(highest)
        points = np.stack([self._points[number] for number in numbers])
        return points, np.array([known[number][0] for number in numbers]), coarse

    def _chosen(self, known: dict[int, tuple[float, int]], most: int) -> list[int]:
        """Of too many trials, those trained longest and the newest of the rest."""
        return sorted(known, key=lambda number: (-known[number][1], -number))[:most]

    def _posterior(
        self, known: dict[int, tuple[float, int]], hyper: Hyperparameters
    ) -> tuple[Posterior, float, np.ndarray]:
        """The process, the value to improve on, and the most promising points."""
        points, values, coarse = self._data(known, self._chosen(known, MOST_KNOWN))
        posterior = Posterior(self._metric, hyper, points, values, coarse)
        mean = posterior.fitted
        leaders = points[np.argsort(-mean, kind="stable")[:LEADERS]]
        best = float(mean.max())
        pending = [
            self._points[number] for number, trial in self._scores.trials.items() if not trial.over and not trial.values
        ]
        if pending:
            away = np.stack(pending)
            believed = posterior.mean(away)
            points, values = np.concatenate([points, away]), np.concatenate([values, believed])
            coarse = np.concatenate([coarse, np.zeros(len(away))])
            posterior = Posterior(self._metric, hyper, points, values, coarse)
        return posterior, best, leaders


def expected_improvement(mean: np.ndarray, sd: np.ndarray, best: float) -> np.ndarray:
    """Mockus et al. 1978; Jones et al. 1998, equation 15: of maximisation, for points (m,)."""
    gap = (mean - best) / sd
    density = np.exp(-0.5 * np.square(gap)) / np.sqrt(2.0 * np.pi)
    improvement: np.ndarray = sd * (gap * ndtr(gap) + density)
    return improvement


def by_promise(
    candidates: np.ndarray, promise: np.ndarray, alike: float, metric: Metric, tried: np.ndarray
) -> np.ndarray:
    """Indices (m,) of candidates (m, dimensions), the most promising first.

    Those that promise at least ``alike`` times what the best one does are as good. They come in the order of their
    distances from the points that were tried (n, dimensions), the furthest first.
    """
    order = np.argsort(-promise, kind="stable")
    level = order[promise[order] >= alike * promise[order[0]]]
    apart = metric.squares(candidates[level], tried).sum(axis=0).min(axis=1)
    return np.concatenate([level[np.argsort(-apart, kind="stable")], order[len(level) :]])
