"""A search space as the unit cube of a model: which positions there are, and draws of many at once."""

from __future__ import annotations

import numpy as np

from search_spaces.parameters import Categorical, Float, Normal, Parameter
from search_spaces.space import SearchSpace
from sweeps.search.base import Params

_CELLS = 512  # finest grid of a discrete parameter; beyond that it is as good as continuous


class UnitCube:
    """Configurations as points: a quantile for each searched parameter, that of the value itself.

    An inactive parameter lies in the middle of its axis: whether it is active its parents say already.
    """

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self._parameters = space.searched
        self.dimensions = len(self._parameters)
        self._cells = [None if _continuous(p) else _cells(p) for p in self._parameters]
        self.unordered = np.array([_unordered(p) for p in self._parameters], dtype=bool)

    def encode(self, params: Params) -> np.ndarray:
        """The point (dimensions,) of a configuration."""
        return np.array([p.to_unit(params[p.name]) if p.name in params else 0.5 for p in self._parameters])

    def decode(self, point: np.ndarray) -> dict[str, object]:
        """The configuration at a point; constraints are not looked at."""
        return self.space.from_unit([float(u) for u in np.clip(point, 0.0, 1.0)])

    def snap(self, points: np.ndarray) -> np.ndarray:
        """The points (n, dimensions) of the values that positions (n, dimensions) stand for."""
        snapped: np.ndarray = np.clip(points, 0.0, 1.0)
        for j, cells in enumerate(self._cells):
            if cells is not None:
                snapped[:, j] = cells[np.minimum((snapped[:, j] * _CELLS).astype(int), _CELLS - 1)]
        return snapped

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Points (count, dimensions) drawn from the parameters' distributions."""
        return self.snap(rng.random((count, self.dimensions)))

    def around(self, centres: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """``count`` points near each of ``centres`` (n, dimensions): a few coordinates moved, a little or afar."""
        points = np.repeat(centres, count, axis=0)
        moved = rng.random(points.shape) < max(0.3, 1.5 / self.dimensions)
        widths = 10.0 ** rng.uniform(-2.0, -0.5, size=(len(points), 1))
        steps = rng.normal(size=points.shape) * widths
        # A choice has no neighbours: it is drawn anew.
        steps[:, self.unordered] = rng.random((len(points), int(self.unordered.sum()))) - points[:, self.unordered]
        return self.snap(np.where(moved, points + steps, points))


def _continuous(parameter: Parameter) -> bool:
    return isinstance(parameter, Float | Normal) and parameter.step is None


def _cells(parameter: Parameter) -> np.ndarray:
    return np.array([parameter.to_unit(parameter.from_unit((i + 0.5) / _CELLS)) for i in range(_CELLS)])


def _unordered(parameter: Parameter) -> bool:
    return isinstance(parameter, Categorical) and not parameter.ordered
