"""What may vary, as a whole: an ordered collection of parameters, with conditions and constraints."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from search_spaces import grids
from search_spaces.constraints import Constraint, ConstraintError
from search_spaces.drawing import Drawing
from search_spaces.errors import SpaceError, suggest
from search_spaces.hierarchy import Hierarchy
from search_spaces.parameters import Constant, Parameter
from search_spaces.values import same

PRIOR_WIDTH = 0.15
TRIED = 64  # draws that a constraint is tried on when a space is made


@dataclass(frozen=True)
class SearchSpace:
    """Parameters in order, each name once. Immutable and comparable.

    A configuration is a plain dict from the name of every active parameter to a value, in order; dotted names
    stay dotted in it. A parameter with conditions (``Parameter.when``) is active where all of them hold.

    Args:
        parameters: what may vary.
        constraints: expressions over names that every configuration fulfils: ``"batch_size * steps <= 256"``.
            One that mentions an inactive parameter is fulfilled. See ``search_spaces/grammar.py``.

    Raises:
        SpaceError: a name twice, or one that lies inside another (``model_args`` and ``model_args.hidden``);
            conditions or constraints that cannot be used.
    """

    parameters: Sequence[Parameter] = ()
    constraints: Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", tuple(self.parameters))
        object.__setattr__(self, "constraints", tuple(self.constraints))
        names = [parameter.name for parameter in self.parameters]
        for i, name in enumerate(names):
            if name in names[:i]:
                raise SpaceError(name, "is there twice", "remove one")
            parents = (name[:at] for at, letter in enumerate(name) if letter == ".")
            if outer := next((parent for parent in parents if parent in names), None):
                raise SpaceError(name, f"lies inside {outer}, which is a parameter too", "keep one of them")
        _ = self._hierarchy  # checks conditions
        self._check_constraints()

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

    @property
    def conditional(self) -> bool:
        """Whether any parameter has conditions."""
        return self._hierarchy.conditional

    @cached_property
    def rules(self) -> tuple[Constraint, ...]:
        """The constraints, parsed."""
        return tuple(Constraint(text, index) for index, text in enumerate(self.constraints))

    def active(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of ``values`` whose parameters are active, in order: a configuration, where all are given."""
        return self._hierarchy.active(values)

    def needed(self, name: str) -> dict[str, Any]:
        """Values of other parameters with which parameter ``name`` is active; empty for one without conditions."""
        return self._hierarchy.needed(name)

    def broken(self, params: Mapping[str, Any]) -> Constraint | None:
        """The first constraint that ``params`` break, or ``None``."""
        return next((constraint for constraint in self.rules if not constraint.holds(params)), None)

    def contains(self, params: Mapping[str, Any]) -> bool:
        """Whether these are values for exactly the active names, each of which can be drawn, and legal together."""
        if not self._hierarchy.fits(params) or not all(self[name].contains(value) for name, value in params.items()):
            return False
        return self.broken(params) is None

    def sample(self, rng: random.Random) -> dict[str, Any]:
        """A configuration: one draw of ``rng`` for each parameter, in order, again where a constraint is broken.

        Raises:
            ConstraintError: far fewer than 1 in 1,000 draws is legal; names the hardest constraint.
        """
        return self._drawing.sample(rng)

    def prior_sample(self, rng: random.Random, width: float = PRIOR_WIDTH) -> dict[str, Any]:
        """A configuration in which parameters with a prior are drawn near it, the others as in ``sample``.

        Near is, for ranges, normal around the prior's quantile with standard deviation ``width`` (in the unit
        interval, cut off at its ends); for choices, the prior itself in 6 of 10 draws.

        Raises:
            ConstraintError: as ``sample``.
        """
        return self._drawing.prior_sample(rng, width)

    def check_constraints(self) -> None:
        """Refuse constraints that fewer than 1 in 1,000 draws fulfil.

        Raises:
            ConstraintError: names the hardest.
        """
        self._drawing.check_share()

    def complete(self, given: Mapping[str, Any], *, priors: bool = True) -> dict[str, Any]:
        """``given`` with the parameters that it leaves out at their prior (with ``priors``), default or middle.

        Inactive ones are dropped, given or not. Nothing else is checked: see ``contains``.
        """
        starts = {p.name: p.prior if priors and p.prior is not None else p.middle for p in self.parameters}
        return self.active({**starts, **given})

    def middle(self) -> dict[str, Any]:
        """The configuration to start from: every parameter's default or middle.

        Where constraints forbid it: a legal one near it, always the same.

        Raises:
            ConstraintError: none was found.
        """
        middle = self.complete({}, priors=False)
        if self.broken(middle) is None:
            return middle
        try:
            return self._drawing.near_middle()
        except ConstraintError:
            if (first := self._first_of_grid()) is None:  # which may find what draws do not
                raise
            return first

    def grid(self) -> Iterator[dict[str, Any]]:
        """Every legal combination once: the last parameter changes fastest, each in its own ``grid`` order.

        Parameters that others depend on change more slowly than these, wherever they stand.

        Raises:
            SpaceError: at once, for a continuous range without a number of points.
        """
        walked = grids.walk(self._hierarchy.order, self.rules)
        return (self.active(params) for params in walked) if self.conditional else walked

    def grid_size(self, limit: int | None = None) -> int:
        """How many configurations ``grid`` gives, without making them where there are no constraints.

        Args:
            limit: with constraints, counting stops past it: a larger result means "more than ``limit``".

        Raises:
            SpaceError: a continuous range without a number of points, or constraints that leave few of very many.
        """
        if not self.rules:
            return grids.count(self._hierarchy.order)
        if limit is not None:
            return sum(1 for _ in itertools.islice(self.grid(), limit + 1))
        return self._legal_grid_size

    def on_grid(self, params: Mapping[str, Any]) -> bool:
        """Whether ``grid`` gives this configuration."""
        if not self.contains(params):
            return False
        return all(any(same(value, one) for one in self[name].grid()) for name, value in params.items())

    def to_unit(self, params: Mapping[str, Any], rng: random.Random) -> list[float]:
        """The position of a configuration in the unit cube: a quantile in [0, 1] for each of ``searched``, in order.

        Always complete: a parameter that ``params`` does not have, an inactive one, gets a draw of ``rng`` from
        its own distribution, which tells a model nothing; one that is there uses no draw.

        Raises:
            SpaceError: a value that cannot be drawn.
        """
        return [p.to_unit(params[p.name] if p.name in params else p.sample(rng)) for p in self.searched]

    def from_unit(self, position: Sequence[float]) -> dict[str, Any]:
        """The configuration at a position in the unit cube, a quantile for each of ``searched``, in order.

        Inactive parameters are dropped. Constraints are not looked at: see ``broken``.
        ``from_unit(to_unit(params, rng))`` is ``params`` but for rounding in continuous ranges.

        Raises:
            ValueError: a quantile outside [0, 1], or not as many as there are searched parameters.
        """
        quantiles = dict(zip((p.name for p in self.searched), position, strict=True))
        return self.active({p.name: p.from_unit(quantiles.get(p.name, 0.5)) for p in self.parameters})

    def to_mapping(self) -> dict[str, Any]:
        """This space as W&B's ``parameters`` block; with ``constraints`` the loader reads back an equal space."""
        return {parameter.name: parameter.to_mapping() for parameter in self.parameters}

    @cached_property
    def _hierarchy(self) -> Hierarchy:
        return Hierarchy(self.parameters)

    @cached_property
    def _drawing(self) -> Drawing:
        return Drawing(self.parameters, self._hierarchy, self.rules)

    @cached_property
    def _legal_grid_size(self) -> int:
        return sum(1 for _ in self.grid())

    def _first_of_grid(self) -> dict[str, Any] | None:
        try:
            return next(self.grid(), None)
        except SpaceError:  # it has none
            return None

    def _check_constraints(self) -> None:
        """Refuse unknown names, and what cannot be computed, found by trying."""
        for rule in self.rules:
            rule.check_names(self.names)
        rng = random.Random(0)
        for _ in range(TRIED if self.rules else 0):
            values = {parameter.name: parameter.sample(rng) for parameter in self.parameters}
            for rule in self.rules:
                rule.holds(values)  # whatever it says
