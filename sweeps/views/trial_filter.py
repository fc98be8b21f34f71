"""Trials that fulfil an expression. It is parsed and computed, never executed."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.expressions import ExpressionError, compute
from search_spaces.grammar import names_in, parse
from sweeps.errors import InputError
from sweeps.views.trial_names import refuse_unknown

_WHERE = "--where"


class TrialFilter:
    """An expression such as ``batch_size >= 32 and state == 'finished'``.

    What is said of a name that a trial lacks is neither true nor false of it, and a trial is taken where the whole is
    true: ``lora_rank > 8 or state == 'failed'`` takes failed trials without a ``lora_rank`` too.

    Args:
        text: the expression; its grammar is `search_spaces.grammar`'s.
        known: every name that there is.
        texts: values that a name was perhaps meant to be, for want of quotes.

    Raises:
        InputError: no such expression, or a name that nobody has.
    """

    def __init__(self, text: str, known: Mapping[str, Any], texts: frozenset[str] = frozenset()) -> None:
        self._text = text
        try:
            self._tree = parse(text)
        except ExpressionError as error:
            mend = error.mend.replace(
                "batch_size * accumulation <= 256", "\"batch_size >= 32 and state == 'finished'\""
            )
            raise InputError(f"{text!r}: {error.message}", where=_WHERE, mend=mend) from None
        for name in names_in(self._tree):
            if name not in known and name in texts:
                raise InputError(f"unknown name {name!r}", where=_WHERE, mend=f"quote it if it is a text: '{name}'")
            refuse_unknown(name, known, _WHERE)

    def __call__(self, trials: Sequence[Mapping[str, Any]]) -> list[bool]:
        """For each trial, by what it has, whether it is taken.

        Raises:
            InputError: it compares what does not go together in every trial that has it.
        """
        found: list[bool] = []
        misfit: ExpressionError | None = None
        answered = False
        for values in trials:
            try:
                answer = _holds(self._tree, values)
            except ExpressionError as error:
                answer, misfit = None, error
            answered = answered or answer is not None
            found.append(answer is True)
        if misfit is not None and not answered:
            raise InputError(f"{self._text!r}: {misfit.message}", where=_WHERE, mend=misfit.mend)
        return found


def _holds(node: ast.expr, values: Mapping[str, Any]) -> bool | None:
    """Whether it is so; ``None``: not to be said."""
    match node:
        case ast.BoolOp(op=op, values=parts):
            settled = not isinstance(op, ast.And)  # the answer of a part that settles the whole
            answers = [_holds(part, values) for part in parts]
            return settled if settled in answers else None if None in answers else not settled
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            answer = _holds(operand, values)
            return None if answer is None else not answer
    if any(name not in values for name in names_in(node)):
        return None
    try:
        return bool(compute(node, values))
    except ArithmeticError:
        return None
