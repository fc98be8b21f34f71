"""What expressions over parameters come to: a small part of Python's, computed here. Nothing is executed.

``grammar`` says which part.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, cast

from search_spaces.values import same

MOST_BITS = 1024  # of the whole numbers that a power may make; beyond them it is a float, up to infinity

Number = int | float


class ExpressionError(ValueError):
    """An expression that is not understood, or that mixes what cannot be mixed. ``mend`` says what to do."""

    def __init__(self, message: str, mend: str = "") -> None:
        self.message, self.mend = message, mend
        super().__init__(message)


def _equal_or_not(wanted: bool) -> Callable[[Any, Any], bool]:
    return lambda one, other: same(one, other) is wanted


def _within(wanted: bool) -> Callable[[Any, Any], bool]:
    return lambda one, others: any(same(one, other) for other in others) is wanted


def _power(base: Number, exponent: Number) -> Number:
    whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    if whole and (base in {0, 1, -1} or int(base).bit_length() * exponent <= MOST_BITS):
        return cast("int", int(base) ** int(exponent))
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf


COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: _equal_or_not(True),
    ast.NotEq: _equal_or_not(False),
    ast.In: _within(True),
    ast.NotIn: _within(False),
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
FUNCTIONS: Mapping[str, Callable[..., Number]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "log": math.log,
    "log10": math.log10,
    "sqrt": math.sqrt,
}


def compute(node: ast.expr, values: Mapping[str, Any]) -> Any:
    """The value of a parsed expression.

    Raises:
        ExpressionError: a text where a number belongs, and the like.
        ArithmeticError: a division by zero, a logarithm of nothing: there is no value.
    """
    match node:
        case ast.Constant():
            return node.value
        case ast.Name() | ast.Attribute():
            return values[dotted(node) or ""]
        case ast.List() | ast.Tuple() | ast.Set():
            return [compute(item, values) for item in node.elts]
        case ast.BoolOp(op=ast.And()):
            return all(compute(part, values) for part in node.values)
        case ast.BoolOp():
            return any(compute(part, values) for part in node.values)
        case ast.UnaryOp(op=ast.Not()):
            return not compute(node.operand, values)
        case ast.UnaryOp():
            value = _number(compute(node.operand, values))
            return -value if isinstance(node.op, ast.USub) else value
        case ast.Compare():
            return _compare(node, values)
        case ast.BinOp():
            left, right = (_number(compute(side, values)) for side in (node.left, node.right))
            return _finite(ARITHMETIC[type(node.op)], left, right)
        case ast.Call(func=ast.Name(id=name)):
            return _finite(FUNCTIONS[name], *(_number(compute(argument, values)) for argument in node.args))
    raise AssertionError(ast.dump(node))  # `grammar.parse` let it through


def _compare(node: ast.Compare, values: Mapping[str, Any]) -> bool:
    left = compute(node.left, values)
    for op, side in zip(node.ops, node.comparators, strict=True):
        right = compute(side, values)
        try:
            if not COMPARISONS[type(op)](left, right):
                return False
        except TypeError:
            raise ExpressionError(f"cannot compare {left!r} with {right!r}", "compare like with like") from None
        left = right
    return True


def _number(value: Any) -> Number:
    if isinstance(value, int | float):
        return value
    raise ExpressionError(f"cannot calculate with {value!r}", "calculate with numbers only")


def _finite(function: Callable[..., Number], *arguments: Number) -> Number:
    try:
        return function(*arguments)
    except ValueError as error:  # math's word for the logarithm of nothing
        raise ArithmeticError(str(error)) from None


def dotted(node: ast.AST) -> str | None:
    """``model_args.hidden``, for what Python reads as attributes of a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (head := dotted(node.value)) is not None:
        return f"{head}.{node.attr}"
    return None
