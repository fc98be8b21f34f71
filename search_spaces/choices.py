"""Values from a list, and values that do not vary."""

from __future__ import annotations

import copy
import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.base import Parameter, check_unit
from search_spaces.conditions import When
from search_spaces.errors import SpaceError
from search_spaces.values import is_number, same


@dataclass(frozen=True)
class Categorical(Parameter):
    """One of ``choices``, equally likely, or with ``probabilities`` that sum to 1.

    Choices are what YAML can hold: texts, numbers, booleans, null, lists, mappings.

    Args:
        ordinal: whether their order means something, so that neighbours tell of each other, as in
            ``[tiny, small, base, large]``. Numbers in order need no such word; see `ordered`.

    Raises:
        SpaceError: no choices, one twice, or probabilities that do not fit them.
    """

    name: str
    choices: Sequence[Any]
    probabilities: Sequence[float] | None = None
    default: Any = None
    points: None = None
    prior: Any = None
    ordinal: bool = False
    when: When = ()

    def __post_init__(self) -> None:
        if isinstance(self.choices, str) or not isinstance(self.choices, Sequence):
            raise SpaceError(self.name, f"values must be a list, got {self.choices!r}", "write [a, b]")
        object.__setattr__(self, "choices", tuple(self.choices))
        if not self.choices:
            raise SpaceError(self.name, "values are empty", "list at least one")
        self._check_choices()
        if self.probabilities is not None:
            self._check_probabilities(self.probabilities)
            object.__setattr__(self, "probabilities", tuple(float(share) for share in self.probabilities))
        if not isinstance(self.ordinal, bool):
            raise SpaceError(self.name, f"ordinal must be true or false, got {self.ordinal!r}", "write ordinal: true")
        self._check_common()

    def contains(self, value: object) -> bool:
        """Whether it is one of the choices."""
        return any(same(value, choice) for choice in self.choices)

    def from_unit(self, u: float) -> Any:
        """See ``Parameter.from_unit``: by cumulative probability, in the order of the choices."""
        shares = self._cumulative
        # Quantile 1, and sums just below 1, belong to the last choice that can be drawn.
        last = max(i for i, share in enumerate(shares) if i == 0 or share > shares[i - 1])
        return copy.deepcopy(self.choices[min(bisect_right(shares, check_unit(u)), last)])

    def to_unit(self, value: Any) -> float:
        """See ``Parameter.to_unit``: the middle of the choice's share."""
        self._require(value)
        index = next(i for i, choice in enumerate(self.choices) if same(value, choice))
        shares = (0.0, *self._cumulative)
        return min((shares[index] + shares[index + 1]) / 2, 1.0)

    def grid(self, points: int | None = None) -> list[Any]:  # noqa: ARG002  # every choice, whatever is asked
        """Every choice, in order."""
        return [copy.deepcopy(choice) for choice in self.choices]

    def grid_size(self, points: int | None = None) -> int:  # noqa: ARG002
        """How many choices there are."""
        return len(self.choices)

    @property
    def middle(self) -> Any:
        """See ``Parameter.middle``: the first choice."""
        return copy.deepcopy(self.choices[0] if self.default is None else self.default)

    @property
    def ends(self) -> tuple[Any, ...]:
        """Every choice."""
        return tuple(self.grid())

    @property
    def ordered(self) -> bool:
        """Whether a model should treat the choices as ordered: ``ordinal``, or numbers in order."""
        return self.ordinal or in_order(self.choices)

    def to_mapping(self) -> dict[str, Any]:
        """See ``Parameter.to_mapping``."""
        shares = {} if self.probabilities is None else {"probabilities": list(self.probabilities)}
        ordinal = {"ordinal": True} if self.ordinal else {}
        return {"values": self.grid(), **shares, **ordinal, **self._extras()}

    @property
    def _cumulative(self) -> tuple[float, ...]:
        count = len(self.choices)
        if self.probabilities is None:
            return tuple((i + 1) / count for i in range(count))
        return tuple(itertools.accumulate(self.probabilities))

    def _check_choices(self) -> None:
        for i, choice in enumerate(self.choices):
            if isinstance(choice, float) and not math.isfinite(choice):
                raise SpaceError(self.name, f"values must be finite, got {choice!r}", "remove it")
            if any(same(choice, earlier) for earlier in self.choices[:i]):
                raise SpaceError(self.name, f"lists {choice!r} twice", "remove one; probabilities weigh choices")

    def _check_probabilities(self, shares: Sequence[Any]) -> None:
        if isinstance(shares, str) or not isinstance(shares, Sequence):
            mend = "write [0.5, 0.5]"
            raise SpaceError(self.name, f"probabilities must be a list of numbers, got {shares!r}", mend)
        if len(shares) != len(self.choices):
            message = f"needs a probability for each of its {len(self.choices)} values, got {len(shares)}"
            raise SpaceError(self.name, message, "give one for each, in their order")
        for share in shares:
            if not is_number(share) or share < 0:
                mend = "give a share for each value"
                raise SpaceError(self.name, f"probabilities must be numbers from 0 to 1, got {share!r}", mend)
        if not math.isclose(math.fsum(shares), 1.0, abs_tol=1e-6):
            raise SpaceError(
                self.name, f"probabilities must sum to 1, got {math.fsum(shares):g}", "divide each by the sum"
            )


@dataclass(frozen=True)
class Constant(Parameter):
    """A value that does not vary, written beside those that do."""

    name: str
    value: Any
    default: None = None
    points: None = None
    prior: None = None
    when: When = ()

    def __post_init__(self) -> None:
        self._check_common()

    def contains(self, value: object) -> bool:
        """Whether it is the value."""
        return same(value, self.value)

    def from_unit(self, u: float) -> Any:
        """The value."""
        check_unit(u)
        return copy.deepcopy(self.value)

    def to_unit(self, value: Any) -> float:
        """0.5 for the value itself."""
        self._require(value)
        return 0.5

    def grid(self, points: int | None = None) -> list[Any]:  # noqa: ARG002
        """The value alone."""
        return [copy.deepcopy(self.value)]

    def grid_size(self, points: int | None = None) -> int:  # noqa: ARG002
        """One."""
        return 1

    @property
    def middle(self) -> Any:
        """The value."""
        return copy.deepcopy(self.value)

    @property
    def ends(self) -> tuple[Any, ...]:
        """The value alone."""
        return (copy.deepcopy(self.value),)

    def to_mapping(self) -> dict[str, Any]:
        """See ``Parameter.to_mapping``."""
        return {"value": copy.deepcopy(self.value), **self._extras()}


def in_order(values: Sequence[Any]) -> bool:
    """Whether values are numbers, each larger than the one before, or each smaller: batch sizes, say."""
    if not all(is_number(value) for value in values):
        return False
    return all(a < b for a, b in itertools.pairwise(values)) or all(a > b for a, b in itertools.pairwise(values))
