"""Constraints between parameters, such as ``batch_size * accumulation <= 256``."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search_spaces.errors import SpaceError, suggest
from search_spaces.expressions import ExpressionError, compute
from search_spaces.grammar import names_in, parse


class ConstraintError(SpaceError):
    """A constraint that cannot be used. ``index`` (from 0) is its place among the space's constraints."""

    def __init__(self, index: int, message: str, mend: str = "") -> None:
        self.index = index
        super().__init__("constraints", message, mend)


@dataclass(frozen=True)
class Constraint:
    """An expression that every configuration must fulfil.

    Attributes:
        text: as it was written.
        index: its place among the constraints of its space, from 0.
        names: the parameters that it mentions.

    Raises:
        ConstraintError: no expression, or one with something in it that has no place there.
    """

    text: str
    index: int = 0
    names: tuple[str, ...] = field(init=False)
    _tree: ast.expr = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            mend = "write it in quotes, as in 'warmup_steps < max_steps'"
            raise ConstraintError(self.index, f"expected an expression, got {self.text!r}", mend)
        try:
            tree = parse(self.text)
        except ExpressionError as error:
            raise self._error(error.message, error.mend) from None
        object.__setattr__(self, "_tree", tree)
        object.__setattr__(self, "names", names_in(tree))
        if not self.names:
            raise self._error("mentions no parameter, so it is always the same", "remove it")

    def check_names(self, known: Sequence[str]) -> None:
        """Refuse names that are no parameters.

        Raises:
            ConstraintError: names the first.
        """
        if unknown := next((name for name in self.names if name not in known), None):
            raise self._error(f"{unknown} is no parameter of this space", suggest(unknown, known))

    def holds(self, params: Mapping[str, Any]) -> bool:
        """Whether a configuration fulfils it; one that lacks a parameter which it mentions does.

        Where there is no value (a division by zero, the logarithm of nothing), it is not fulfilled.

        Raises:
            ConstraintError: it compares or calculates with what does not go together, a text and a number, say.
        """
        if any(name not in params for name in self.names):
            return True
        try:
            return bool(compute(self._tree, params))
        except ArithmeticError:
            return False
        except ExpressionError as error:
            raise self._error(error.message, error.mend) from None

    def _error(self, message: str, mend: str) -> ConstraintError:
        return ConstraintError(self.index, f"{self.text!r}: {message}", mend)
