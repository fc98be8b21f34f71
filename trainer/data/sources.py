"""The source that a data configuration names: what it is by content, and its rows."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from trainer import hooks
from trainer.data import readers, storage
from trainer.data.tables import Table
from trainer.errors import ConfigError

if TYPE_CHECKING:
    from trainer.config import DataConfig

SPLITS = ("train", "validation", "test")


def check(data: DataConfig) -> None:
    """Refuse files that are not there, and files beside another source. Reads nothing.

    Raises:
        ConfigError: settings that contradict each other, or a module that is not there.
        DataError: a file that is not there, is empty or is of no known format.
    """
    if data.label_names is not None and len(set(data.label_names)) < max(2, len(data.label_names)):
        raise ConfigError("data.label_names", f"needs two distinct names or more, got {list(data.label_names)}")
    if data.function:
        hooks.parameters(data.function, key="data.function")
    if data.name:
        return
    for split in SPLITS:
        path = getattr(data, split)
        if path is not None and (data.sklearn or data.function):
            source = "sklearn" if data.sklearn else "function"
            raise ConfigError(f"data.{split}", f"{path!r} stands beside data.{source}", "one source only")
        if path is not None:
            readers.check_file(path, f"data.{split}")


def facts(data: DataConfig) -> dict[str, Any]:
    """What decides the prepared rows: the content of the source, and every setting of the data.

    For ``data.function`` the content is the file that holds it: what that reads in turn is not seen.
    """
    settings = data.model_dump(mode="json", exclude=None if data.name else set(SPLITS))
    if data.name:
        from trainer.data import hub

        content: object = hub.fingerprints(data)
    elif data.sklearn:
        content = version("scikit-learn")
    elif data.function:
        content = storage.bytes_digest(hooks.source(data.function, key="data.function"))
    else:
        given = {split: path for split in SPLITS if (path := getattr(data, split)) is not None}
        content = {
            split: [readers.suffix(path, f"data.{split}"), storage.file_digest(path, f"data.{split}")]
            for split, path in given.items()
        }
    return {"data": settings, "content": content}


def tables(
    data: DataConfig, *, text: Collection[str] | None = None, only: Collection[str] | None = None
) -> dict[str, Table]:
    """The rows of every split given, from files or a hub.

    Args:
        data: the source.
        text: columns of a CSV to take as text, as for ``read_table``.
        only: columns of a hub data set that are needed; ``None``: all.

    Raises:
        DataError: see ``readers.read_table`` and ``hub.load``.
    """
    if data.name:
        from trainer.data import hub

        return hub.tables(data, only)
    given = {split: path for split in SPLITS if (path := getattr(data, split)) is not None}
    return {split: readers.read_table(path, f"data.{split}", text=text) for split, path in given.items()}
