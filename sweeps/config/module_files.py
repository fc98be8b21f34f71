"""People's functions, ``module:function``, found in source files without running any of their code."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from search_spaces.errors import suggest
from sweeps.config.places import show
from trainer.errors import ConfigError

_SPEC = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)\Z")


def check_function(named: object, base: Path, key: str) -> None:
    """Refuse what is no ``module:function``, and what cannot be found from ``base`` or the import path.

    Raises:
        ConfigError: about the setting ``key``.
    """
    matched = check_form(named, key)
    module, function = matched.groups()
    spec = find_module(module, base)
    if spec is None:
        message = f"there is no module {module} in {base} or on the import path"
        near = [path.stem for path in base.glob("*.py")]
        raise ConfigError(key, message, suggest(module, near) if near else "the search starts in the file's folder")
    names = _top_level_names(spec)
    if names is not None and function not in names:
        mend = suggest(function, sorted(names)) if names else "define it there"
        raise ConfigError(key, f"there is no {function} in {spec.origin}", mend)


def check_form(named: object, key: str) -> re.Match[str]:
    """Refuse what does not read ``module:function``.

    Raises:
        ConfigError: about the setting ``key``.
    """
    matched = _SPEC.match(named) if isinstance(named, str) else None
    if matched is None:
        message = f"expected module:function, got {show(named)}"
        raise ConfigError(key, message, "for def train(config) in my_train.py: my_train:train")
    return matched


def find_module(module: str, base: Path) -> ModuleSpec | None:
    """The module's spec, ``base`` before the import path. Imports nothing, not even parent packages."""
    importlib.invalidate_caches()
    search: list[str] | None = [str(base), *sys.path]
    spec: ModuleSpec | None = None
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = PathFinder.find_spec(name, search)
        if spec is None and "." not in name:
            # Editable installs have finders of their own; asking for a top-level name imports nothing.
            try:
                spec = importlib.util.find_spec(name)
            except (ImportError, ValueError):
                return None
        if spec is None:
            return None
        search = list(spec.submodule_search_locations) if spec.submodule_search_locations is not None else []
    return spec


def _top_level_names(spec: ModuleSpec) -> set[str] | None:
    """What a module's source defines, or ``None`` where reading it cannot tell."""
    if spec.origin is None or not spec.origin.endswith(".py"):
        return None
    try:
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None  # the worker's import says it better
    names: set[str] = set()
    for node in _statements(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif not isinstance(node, ast.Expr | ast.If | ast.Try | ast.With | ast.Pass):
            return None  # names may be made in ways that reading does not tell
    return None if names & {"*", "__getattr__"} else names


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, with those inside ``if``, ``try`` and ``with``."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody") if isinstance(node, ast.If | ast.Try | ast.With) else ():
            yield from _statements(getattr(node, part, []))
        for handler in node.handlers if isinstance(node, ast.Try) else ():
            yield from _statements(handler.body)
