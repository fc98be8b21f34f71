"""People's own functions, named ``module:function`` in a sweep file."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from trainer.errors import ConfigError

_NAME = r"[A-Za-z_]\w*"
_SPEC = re.compile(rf"{_NAME}(\.{_NAME})*:{_NAME}")


@dataclass(frozen=True)
class Parameters:
    """What a function can be called with: its keyword names, those without a default, and whether it has ``**``."""

    names: tuple[str, ...]
    required: tuple[str, ...]
    open: bool

    def accepts(self, name: str) -> bool:
        """Whether the function takes this keyword."""
        return self.open or name in self.names


def is_hook(spec: str) -> bool:
    """Whether a setting has the form ``module:function``."""
    return _SPEC.fullmatch(spec) is not None


def resolve(spec: str, base: Path | None = None, *, key: str = "model") -> Callable[..., Any]:
    """Import the function that ``spec`` names.

    Args:
        spec: ``module:function``; the module may be dotted.
        base: folder that is searched before everything else; it stays at the end of ``sys.path`` for
            imports that the function makes later.
        key: the setting that named it, for errors.

    Raises:
        ConfigError: no such module or function, or the module fails while it is imported.
    """
    module, function = _import(spec, base, key)
    found = getattr(module, function, None)
    if not callable(found):
        known = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        what = "is not a function" if hasattr(module, function) else "is not there"
        raise ConfigError(key, f"{function} {what} in {_file(module) or module.__name__}", _mend(function, known))
    return found  # type: ignore[no-any-return]


def parameters(spec: str, base: Path | None = None, *, key: str = "model") -> Parameters:
    """What the function takes, read from its source where that tells: nothing heavy is imported then.

    Raises:
        ConfigError: as ``resolve``.
    """
    module, function = _parse(spec, key)
    with _first_on_path(base):
        definition = _definition(module, function)
    if definition is not None:
        return definition
    signature = inspect.signature(resolve(spec, base, key=key))
    usable = [p for p in signature.parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return Parameters(
        tuple(p.name for p in usable),
        tuple(p.name for p in usable if p.default is p.empty),
        any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()),
    )


def root(function: Callable[..., Any]) -> Path | None:
    """The folder from which ``function``'s module can be imported, ``None`` where it has no file."""
    module = inspect.getmodule(function)
    file = _file(module) if module else None
    if module is None or file is None:
        return None
    depth = module.__name__.count(".") + (file.name == "__init__.py")
    return file.parents[depth]


def source(spec: str, base: Path | None = None, *, key: str = "model") -> bytes:
    """The bytes of the file that holds the function: its share in a fingerprint.

    Raises:
        ConfigError: as ``resolve``.
    """
    module, _ = _import(spec, base, key)
    file = _file(module)
    return file.read_bytes() if file else b""


def _parse(spec: str, key: str) -> tuple[str, str]:
    if not is_hook(spec):
        raise ConfigError(key, f"expected module:function, got {spec!r}")
    module, _, function = spec.partition(":")
    return module, function


def _import(spec: str, base: Path | None, key: str) -> tuple[ModuleType, str]:
    name, function = _parse(spec, key)
    with _first_on_path(base):
        _forget_other_folder(name, base)
        try:
            return importlib.import_module(name), function
        except ModuleNotFoundError as error:
            if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
                raise ConfigError(key, f"importing {name} failed: no module named {error.name}") from error
            near = [path.stem for path in (base or Path.cwd()).glob("*.py")]
            places = f"in {base} or " if base else ""
            raise ConfigError(
                key, f"there is no module {name} {places}on the import path", _mend(name, near)
            ) from error
        except Exception as error:
            raise ConfigError(key, f"importing {name} failed: {type(error).__name__}: {error}") from error


@contextmanager
def _first_on_path(base: Path | None) -> Iterator[None]:
    importlib.invalidate_caches()
    if base is None:
        yield
        return
    entry = str(base.resolve())
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)
        if entry not in sys.path:
            sys.path.append(entry)


def _forget_other_folder(name: str, base: Path | None) -> None:
    """Two sweeps may each have a ``net.py``: the one in ``base`` counts, not one imported earlier."""
    loaded = sys.modules.get(name)
    if loaded is None or base is None:
        return
    stem = base.resolve().joinpath(*name.split("."))
    here = next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)
    if here is not None and _file(loaded) != here:
        for known in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
            del sys.modules[known]


def _definition(module: str, function: str) -> Parameters | None:
    """The parameters of a plain top-level ``def``; anything else needs the import."""
    if module in sys.modules:
        return None
    try:
        spec = importlib.util.find_spec(module)
        text = Path(spec.origin).read_text("utf-8") if spec and spec.origin else ""
        body = ast.parse(text).body
    except (ImportError, OSError, SyntaxError, ValueError):
        return None
    found = [node for node in body if isinstance(node, ast.FunctionDef) and node.name == function]
    if len(found) != 1 or found[0].decorator_list or found[0].args.posonlyargs:
        return None
    arguments = found[0].args
    plain = [argument.arg for argument in arguments.args]
    keyword = [argument.arg for argument in arguments.kwonlyargs]
    required = plain[: len(plain) - len(arguments.defaults)]
    required += [name for name, default in zip(keyword, arguments.kw_defaults, strict=True) if default is None]
    return Parameters((*plain, *keyword), tuple(required), arguments.kwarg is not None)


def _file(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if file else None


def _mend(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are {', '.join(sorted(known)[:10])}" if known else ""
