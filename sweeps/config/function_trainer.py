"""A user's own training function: found without running any of their code."""

from __future__ import annotations

import ast
import copy
import importlib
import importlib.util
import re
import sys
from collections.abc import Mapping
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from search_spaces.errors import suggest
from search_spaces.space import SearchSpace
from sweeps.config.places import Places, show
from sweeps.config.records import FunctionTrainer
from sweeps.config.settings import lay_over

_SPEC = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)\Z")


def read_function_trainer(
    data: Mapping[str, Any], space: SearchSpace, base: Path, places: Places, *, outside: bool = True
) -> FunctionTrainer:
    """The ``trainer`` section with a ``function`` in it; its other keys are passed through.

    ``outside``: whether the module must be there.

    Raises:
        InputError: no ``module:function``, or none that can be found from ``base`` or the import path.
    """
    function = data["function"]
    matched = _SPEC.match(function) if isinstance(function, str) else None
    if matched is None:
        message = f"expected module:function, got {show(function)}"
        raise places.error("trainer.function", message, "for def train(config) in my_train.py: my_train:train")
    if outside:
        _check_found(matched[1], matched[2], base, places)
    settings = copy.deepcopy({key: value for key, value in data.items() if key != "function"})
    try:
        lay_over(settings, space.middle())
    except KeyError as error:
        mend = "rename one of them"
        raise places.error(f"trainer.{error.args[0]}", "is not a mapping, but parameters lie inside it", mend) from None
    return FunctionTrainer(function, settings)


def _check_found(module: str, function: str, base: Path, places: Places) -> None:
    spec = find_module(module, base)
    if spec is None:
        message = f"there is no module {module} in {base} or on the import path"
        near = [path.stem for path in base.glob("*.py")]
        mend = suggest(module, near) if near else "paths start from the sweep file's folder"
        raise places.error("trainer.function", message, mend)
    names = _top_level_names(spec)
    if names is not None and function not in names:
        message = f"there is no {function} in {spec.origin}"
        raise places.error("trainer.function", message, suggest(function, sorted(names)) if names else "define it")


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
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif not isinstance(node, ast.Expr):
            return None  # if, try, with: names may be made inside
    return None if names & {"*", "__getattr__"} else names
