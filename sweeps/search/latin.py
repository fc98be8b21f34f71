"""Where to look first: points that cover every parameter's range evenly."""

from __future__ import annotations

import random
from typing import Any

from search_spaces.space import SearchSpace


def latin_hypercube(space: SearchSpace, count: int, rng: random.Random) -> list[dict[str, Any]]:
    """``count`` configurations, of which each parameter has one in every ``count``-th of its distribution.

    McKay, Beckman and Conover 1979, "A Comparison of Three Methods for Selecting Values of Input Variables".
    Choices come in proportion to their probabilities, as nearly as ``count`` allows. Inactive parameters are
    dropped, and a configuration that breaks a constraint is replaced by a draw from the space.

    Raises:
        ConstraintError: hardly any configuration is legal.
    """
    columns = []
    for parameter in space:
        slices = rng.sample(range(count), count)
        # The product can round up to 1 in floating point, which is a quantile all the same.
        columns.append([parameter.from_unit((at + rng.random()) / count) for at in slices])
    drawn = [space.active(dict(zip(space.names, values, strict=True))) for values in zip(*columns, strict=True)]
    return [params if space.broken(params) is None else space.sample(rng) for params in drawn]
