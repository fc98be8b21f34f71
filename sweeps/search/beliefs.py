"""What earlier sweeps say of a space: points to begin with, and how good any point is likely to be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from search_spaces.space import SearchSpace
from sweeps.config.past import PastSweep, PastTrial, usable
from sweeps.search.base import Params
from sweeps.search.gaussian_process import Metric, Posterior, fit
from sweeps.search.rung_scores import coarseness, one_scale
from sweeps.search.trend import Trend
from sweeps.search.unit_cube import UnitCube
from trainer.config import Goal

MOST = 150  # trials of an earlier sweep that its model rests on
# Weights of the earlier sweeps' models in the new one: normal, with this mean and deviation of their sum, and the
# deviation of what all scores differ by. Wide enough for a sweep that has little to do with them.
MEAN, SPREAD, OFFSET = 0.8, 0.7, 1.0
GOOD = 1.5  # a point cannot count for more than this, in distances from the median to the best 20th of a sweep
ALL_ROUND = 0.5  # what being good on all counts beside being better than the others chosen on one
APART = 0.05  # squared distance in the unit cube within which two points are hardly two


class _Source:
    """A model of one earlier sweep, over the new one's space: standardised, larger is better."""

    def __init__(self, cube: UnitCube, goal: Goal, trials: Sequence[PastTrial]) -> None:
        sign = 1.0 if goal == "maximize" else -1.0
        by_rung: dict[int, dict[int, float]] = {}
        for number, trial in enumerate(trials):
            for rung, score in trial.scores.items():
                by_rung.setdefault(rung, {})[number] = sign * score
        scale = one_scale(by_rung)
        chosen = sorted(scale, key=lambda number: (-scale[number][1], -number))[:MOST]
        self.params = [trials[number].params for number in chosen]
        self.points = np.stack([cube.encode(params) for params in self.params])
        values = np.array([scale[number][0] for number in chosen])
        coarse = coarseness([scale[number][1] for number in chosen])
        metric = Metric(cube.unordered)
        self._posterior = Posterior(metric, fit(metric, self.points, values, coarse), self.points, values, coarse)
        self.fitted = self._posterior.fitted

    def mean(self, points: np.ndarray) -> np.ndarray:
        """How good points (n, dimensions) are taken to be: (n,)."""
        return self._posterior.mean(points)


class Beliefs:
    """Models of earlier sweeps, and what follows from them for a new one.

    The new sweep's process adds to a weighted sum of their means, whose weights it learns (`Trend`): a sweep that has
    nothing in common with the new one loses its weight as results come. That is the idea of Feurer et al. 2018,
    "Practical Transfer Learning for Bayesian Optimization", with a linear prior mean in place of a ranked mixture.

    Args:
        space: the new sweep's.
        past: the earlier ones; configurations that ``space`` does not have are left out.

    Attributes:
        leaders: points (n, dimensions) that were best on any of them.
        tried: points (n, dimensions) of all their trials.
    """

    def __init__(self, space: SearchSpace, past: Sequence[PastSweep]) -> None:
        cube = UnitCube(space)
        self._space = space
        fitting = [(sweep, usable(sweep.trials, space)) for sweep in past]
        self._sources = [_Source(cube, sweep.goal, trials) for sweep, trials in fitting if trials]
        count = max(len(self._sources), 1)
        self._means = np.array([0.0] + [MEAN / count] * len(self._sources))
        self._variances = np.array([OFFSET**2] + [SPREAD**2 / count] * len(self._sources))
        if self._sources:
            self.leaders = np.concatenate([one.points[np.argsort(-one.fitted)[:4]] for one in self._sources])
            self.tried = np.concatenate([one.points for one in self._sources])

    def __bool__(self) -> bool:
        """Whether there is anything to go by."""
        return bool(self._sources)

    def trend(self, points: np.ndarray) -> Trend:
        """What is believed at points (n, dimensions)."""
        columns = [np.ones(len(points)), *(source.mean(points) for source in self._sources)]
        return Trend(np.column_stack(columns), self._means, self._variances)

    def portfolio(self, count: int, fill: Sequence[Params] = ()) -> list[Params]:
        """At most ``count`` complete configurations to begin with, the best first.

        Each adds most to the mean, over the earlier sweeps, of the best that those chosen come to there (the greedy
        portfolio of Wistuba, Schilling and Schmidt-Thieme 2015, "Learning Hyperparameter Optimization
        Initializations", with models in place of tables), is good on all of them, and lies apart from the others. A
        searched parameter that the earlier sweep did not have is taken from ``fill``, the first configuration's first.
        """
        params = [one for source in self._sources for one in source.params]
        worth = np.column_stack([_worth(source, self.tried) for source in self._sources])
        best, distance = np.full(worth.shape[1], -1.0), np.full(len(worth), np.inf)
        chosen: list[Params] = []
        for _ in range(min(count, len(params))):
            gain = np.maximum(worth, best).mean(axis=1) - best.mean()
            score = gain + ALL_ROUND * worth.mean(axis=1) - np.exp(-distance / APART)
            for place in np.argsort(-score, kind="stable"):
                candidate = self._whole(params[place], fill[len(chosen)] if len(chosen) < len(fill) else {})
                if candidate is not None and candidate not in chosen:
                    break
            else:
                return chosen
            chosen.append(candidate)
            best = np.maximum(best, worth[place])
            distance = np.minimum(distance, np.square(self.tried - self.tried[place]).sum(axis=1))
        return chosen

    def _whole(self, params: Params, fill: Params) -> Params | None:
        """The configuration of the new space with these values, what it lacks from ``fill``, or as if nobody had given
        it."""
        named = {name: value for name, value in {**fill, **params}.items() if name in self._space.names}
        whole = self._space.complete(named)
        return whole if self._space.broken(whole) is None else None


def _worth(source: _Source, points: np.ndarray) -> np.ndarray:
    """How good points are on a sweep, (n,): 0 for its median, 1 for its best 20th, and not above `GOOD`."""
    middle, good = np.median(source.fitted), np.quantile(source.fitted, 0.95)
    worth: np.ndarray = np.minimum((source.mean(points) - middle) / max(float(good - middle), 1e-9), GOOD)
    return worth
