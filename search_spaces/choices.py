"""Values from a list, and values that do not vary."""

from __future__ import annotations

import copy
import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.base import Parameter, check_unit, is_number
from search_spaces.errors import SpaceError


@dataclass(frozen=True)
class Categorical(Parameter):
    """One of ``choices``, equally likely, or with ``probabilities`` that sum to 1.

    Choices are what YAML can hold: texts, numbers, booleans, null, lists, mappings.

    Raises:
        SpaceError: no choices, one twice, or probabilities that do not fit them.
    """

    name: str
    choices: Sequence[Any]
    probabilities: Sequence[float] | None = None
    default: Any = None
    points: None = None

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
        self._check_common()

    def contains(self, value: object) -> bool:
        """Whether it is one of the choices."""
        return any(_same(value, choice) for choice in self.choices)

    def from_unit(self, u: float) -> Any:
        """See ``Parameter.from_unit``: by cumulative probability, in the order of the choices."""
        shares = self._cumulative
        # Quantile 1, and sums just below 1, belong to the last choice that can be drawn.
        last = max(i for i, share in enumerate(shares) if i == 0 or share > shares[i - 1])
        return copy.deepcopy(self.choices[min(bisect_right(shares, check_unit(u)), last)])

    def to_unit(self, value: Any) -> float:
        """See ``Parameter.to_unit``: the middle of the choice's share."""
        self._require(value)
        index = next(i for i, choice in enumerate(self.choices) if _same(value, choice))
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

    def to_mapping(self) -> dict[str, Any]:
        """See ``Parameter.to_mapping``."""
        if self.probabilities is None:
            return {"values": self.grid(), **self._extras()}
        return {"values": self.grid(), "probabilities": list(self.probabilities), **self._extras()}

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
            if any(_same(choice, earlier) for earlier in self.choices[:i]):
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

    def __post_init__(self) -> None:
        self._check_common()

    def contains(self, value: object) -> bool:
        """Whether it is the value."""
        return _same(value, self.value)

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
        return {"value": copy.deepcopy(self.value)}


def _same(one: object, other: object) -> bool:
    # In Python True == 1; in a configuration they are two things.
    return isinstance(one, bool) == isinstance(other, bool) and one == other
