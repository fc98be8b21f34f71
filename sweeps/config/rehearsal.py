"""Settings tried as a trial would, short of reading data."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from sweeps.config.module_files import check_function
from sweeps.config.places import BOOLEAN_MEND
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.sections import SECTIONS
from trainer.tasks import get_task


class Rehearsal:
    """Tries settings from a sweep file in ``base``.

    ``outside``: whether data files, model folders and modules must be there.
    """

    def __init__(self, base: Path, outside: bool) -> None:
        self._base, self._outside = base, outside
        self._found: set[str] = set()

    def config(self, settings: Mapping[str, Any]) -> TrainConfig:
        """The settings as a trial gets them.

        Raises:
            ConfigError: the first that is illegal.
        """
        _check_booleans(settings)
        config = TrainConfig.build(settings).resolve_paths(self._base)
        if self._outside:
            for key, named in _names_of_others(config):
                if named not in self._found:
                    _check_there(key, named, self._base)
                    self._found.add(named)
            get_task(config.task).check(config)
        return config


def _check_booleans(settings: Mapping[str, Any]) -> None:
    """pydantic reads ``no`` as 0 where a number is expected; whoever wrote it did not mean that."""
    given = ((name, settings.get(name), fields) for name, fields in SECTIONS.items())
    inner = [(f"{name}.", section, fields) for name, section, fields in given if isinstance(section, Mapping)]
    for prefix, section, fields in [("", settings, TrainConfig.model_fields), *inner]:
        for name, value in section.items():
            if isinstance(value, bool) and name in fields and not _takes(fields[name].annotation, bool):
                message = f"expected {_expected(fields[name].annotation)}, got the boolean {value}"
                raise ConfigError(f"{prefix}{name}", message, BOOLEAN_MEND)


def _takes(annotation: Any, kind: type) -> bool:
    return annotation is kind or any(_takes(inner, kind) for inner in get_args(annotation))


def _expected(annotation: Any) -> str:
    if _takes(annotation, int) or _takes(annotation, float):
        return "a number"
    options = [inner for inner in get_args(annotation) if isinstance(inner, str)]
    return f"one of {', '.join(options)}" if options else "a text"


def _names_of_others(config: TrainConfig) -> Iterator[tuple[str, str]]:
    yield "model", config.model
    if config.data.function:
        yield "data.function", config.data.function
    own = {"loss": config.loss, "metrics": config.metrics, "augment.function": config.augment.function}
    yield from ((key, function) for key, function in own.items() if function is not None)


def _check_there(key: str, named: str, base: Path) -> None:
    # A hub name is `name` or `owner/name`; what starts like a path is one.
    if named.startswith((".", "/", "~")):
        if not (base / Path(named).expanduser()).is_dir():
            raise ConfigError(key, f"there is no folder {named}", f"paths start from {base}")
    elif ":" in named or key in ("data.function", "loss", "metrics", "augment.function"):
        check_function(named, base, key)


@contextmanager
def importable(base: Path) -> Iterator[None]:
    """With ``base`` on the import path, as workers have it."""
    entry = str(base)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)
