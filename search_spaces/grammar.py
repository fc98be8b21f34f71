"""What an expression over parameters may say: a small part of Python's grammar, parsed by ``ast``."""

from __future__ import annotations

import ast
import warnings

from search_spaces.expressions import ARITHMETIC, COMPARISONS, FUNCTIONS, ExpressionError, dotted

LONGEST = 500  # characters
DEEPEST = 100  # levels of the tree: a sum of a hundred terms
_MANY = ("min", "max")  # take two or more; the others one
_KNOWN = f"there are comparisons, and, or, not, + - * / // % **, in [..], {', '.join(FUNCTIONS)}"


def parse(text: str) -> ast.expr:
    """The tree of an expression that says yes or no: a comparison, or several joined by and, or, not.

    Raises:
        ExpressionError: not Python, too long, or something that has no place in an expression.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"is {len(text)} characters long, at most {LONGEST} are read", "split it into several")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of odd escapes: the text is no program
            tree = ast.parse(text.strip(), mode="eval").body
        if _deeper_than(DEEPEST, tree):
            raise ExpressionError(f"is nested more than {DEEPEST} levels deep", "split it into several")
        _check_statement(tree)
    except SyntaxError as error:
        raise ExpressionError(f"is no expression: {error.msg}", "as in batch_size * accumulation <= 256") from None
    except (ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError("is no expression that can be read", "make it simpler") from None
    return tree


def names_in(tree: ast.expr) -> tuple[str, ...]:
    """The parameters that an expression mentions, each once."""
    if (name := dotted(tree)) is not None:
        return (name,)
    inner = [child for child in ast.iter_child_nodes(tree) if isinstance(child, ast.expr)]
    if isinstance(tree, ast.Call):
        inner = tree.args
    return tuple(dict.fromkeys(name for child in inner for name in names_in(child)))


def _deeper_than(depth: int, tree: ast.AST) -> bool:
    level = [tree]
    for _ in range(depth):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return bool(level)


def _check_statement(node: ast.expr) -> None:
    """What says yes or no."""
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            _check_statement(part)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check_statement(node.operand)
    elif isinstance(node, ast.Compare):
        _check_term(node.left)
        for op, side in zip(node.ops, node.comparators, strict=True):
            _check_side(op, side)
    elif isinstance(node, ast.Constant | ast.BinOp | ast.UnaryOp | ast.Call) and not _is_boolean(node):
        raise ExpressionError(f"{ast.unparse(node)} says neither yes nor no", "compare it, as in a * b <= 256")
    else:
        _check_term(node)


def _check_side(op: ast.cmpop, side: ast.expr) -> None:
    if type(op) not in COMPARISONS:
        raise ExpressionError("`is` has no place here", "write == or !=")
    if not isinstance(op, ast.In | ast.NotIn):
        _check_term(side)
    elif not isinstance(side, ast.List | ast.Tuple | ast.Set) or not all(_is_literal(item) for item in side.elts):
        raise ExpressionError(f"in wants a list of values, got {ast.unparse(side)}", "as in optimizer in ['sgd']")


def _check_term(node: ast.expr) -> None:
    """What has a value: a parameter, a literal, arithmetic, one of the functions, a statement in brackets."""
    if dotted(node) is not None or _is_literal(node):
        return
    match node:
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            _check_term(node.left)
            _check_term(node.right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            _check_term(node.operand)
        case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            _check_statement(node)
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in FUNCTIONS:
            many = name in _MANY
            if (len(node.args) < 2) if many else (len(node.args) != 1):
                raise ExpressionError(f"{name} takes {'two or more numbers' if many else 'one number'}", _KNOWN)
            for argument in node.args:
                _check_term(argument)
        case _:
            raise ExpressionError(f"{ast.unparse(node)} has no place here", _KNOWN)


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool | int | float | str))


def _is_boolean(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)
