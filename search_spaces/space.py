"""What may vary, as a whole: an ordered collection of parameters."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import SpaceError, suggest
from search_spaces.parameters import Constant, Parameter


@dataclass(frozen=True)
class SearchSpace:
    """Parameters in order, each name once. Immutable and comparable.

    A configuration is a plain dict from every name to a value; dotted names stay dotted in it.

    Raises:
        SpaceError: a name twice, or one that lies inside another (``model_args`` and ``model_args.hidden``).
    """

    parameters: Sequence[Parameter] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", tuple(self.parameters))
        names = [parameter.name for parameter in self.parameters]
        for i, name in enumerate(names):
            if name in names[:i]:
                raise SpaceError(name, "is there twice", "remove one")
            parents = (name[:at] for at, letter in enumerate(name) if letter == ".")
            if outer := next((parent for parent in parents if parent in names), None):
                raise SpaceError(name, f"lies inside {outer}, which is a parameter too", "keep one of them")

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def __getitem__(self, name: str) -> Parameter:
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise SpaceError(name, "is no parameter of this space", suggest(name, self.names))

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def searched(self) -> tuple[Parameter, ...]:
        """The parameters that vary: all but the constants."""
        return tuple(parameter for parameter in self.parameters if not isinstance(parameter, Constant))

    def sample(self, rng: random.Random) -> dict[str, Any]:
        """A configuration; one draw of ``rng`` for each parameter, in order."""
        return {parameter.name: parameter.sample(rng) for parameter in self.parameters}

    def contains(self, params: Mapping[str, Any]) -> bool:
        """Whether these are values for exactly these names, each of which can be drawn."""
        return set(params) == set(self.names) and all(p.contains(params[p.name]) for p in self.parameters)

    def grid(self) -> Iterator[dict[str, Any]]:
        """Every combination, one at a time: the last parameter changes fastest, each in its own ``grid`` order.

        Raises:
            SpaceError: at once, for a continuous range without a number of points.
        """
        axes = [parameter.grid() for parameter in self.parameters]
        return (dict(zip(self.names, values, strict=True)) for values in itertools.product(*axes))

    def grid_size(self) -> int:
        """How many combinations ``grid`` gives, without making them.

        Raises:
            SpaceError: a continuous range without a number of points.
        """
        return math.prod(parameter.grid_size() for parameter in self.parameters)

    def middle(self) -> dict[str, Any]:
        """The configuration to start from: every parameter's default or middle."""
        return {parameter.name: parameter.middle for parameter in self.parameters}

    def to_unit(self, params: Mapping[str, Any], rng: random.Random) -> list[float]:
        """The position of a configuration in the unit cube: a quantile in [0, 1] for each of ``searched``, in order.

        Always complete: a parameter that ``params`` does not have gets a draw of ``rng`` from its own
        distribution, which tells a model nothing; one that is there uses no draw.

        Raises:
            SpaceError: a value that cannot be drawn.
        """
        return [p.to_unit(params[p.name] if p.name in params else p.sample(rng)) for p in self.searched]

    def from_unit(self, position: Sequence[float]) -> dict[str, Any]:
        """The configuration at a position in the unit cube, a quantile for each of ``searched``, in order.

        ``from_unit(to_unit(params, rng))`` is ``params`` but for rounding in continuous ranges.

        Raises:
            ValueError: a quantile outside [0, 1], or not as many as there are searched parameters.
        """
        quantiles = dict(zip((p.name for p in self.searched), position, strict=True))
        return {p.name: p.from_unit(quantiles.get(p.name, 0.5)) for p in self.parameters}

    def to_mapping(self) -> dict[str, Any]:
        """This space as W&B's ``parameters`` block; the loader reads it back as an equal space."""
        return {parameter.name: parameter.to_mapping() for parameter in self.parameters}
