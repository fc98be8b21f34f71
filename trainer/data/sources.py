"""The source that a data configuration names: what it is by content, and its rows."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer import hooks
from trainer.data import folders, readers, storage
from trainer.data.tables import Table, joined
from trainer.errors import ConfigError, DataError, few

if TYPE_CHECKING:
    from trainer.sections import DataConfig

SPLITS = ("train", "validation", "test")
FILES = (*SPLITS, "retain")


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
    if data.retain is not None:
        if data.sklearn or data.function:
            mend = "leave it out; a function can return retain beside train"
            raise ConfigError("data.retain", "is a file that goes with files or a hub data set", mend)
        readers.check_file(data.retain, "data.retain")
    if data.name:
        _check_sample_by(data)
        return
    for split in SPLITS:
        path = getattr(data, split)
        if path is not None and (data.sklearn or data.function):
            source = "sklearn" if data.sklearn else "function"
            raise ConfigError(f"data.{split}", f"{path!r} stands beside data.{source}", "one source only")
    for split, paths in files(data).items():
        for path in paths:
            readers.check_file(path, f"data.{split}")
    _check_sample_by(data)


def _check_sample_by(data: DataConfig) -> None:
    named = [path for paths in files(data).values() for path in paths]
    if data.sample_by and not any(readers.suffix(path, "data") == ".txt" for path in named):
        raise ConfigError("data.sample_by", "says how a .txt becomes rows, and there is none", "leave it out")


def files(data: DataConfig) -> dict[str, list[str]]:
    """The files of every split that is given by files; a folder stands for those in it.

    Where the folder of ``train`` holds files named after the other splits too, they are these splits, unless they are
    given themselves.

    Raises:
        DataError: a folder without files of rows, or of another split only.
    """
    found: dict[str, list[str]] = {}
    for split in (*(() if data.name or data.sklearn or data.function else SPLITS), "retain"):
        path = getattr(data, split)
        if path is None:
            continue
        if not Path(path).is_dir():
            found[split] = [path]
            continue
        parts = folders.parts(Path(path), f"data.{split}")
        own = parts.get("", parts.get(split))
        if own is None:
            raise DataError(f"data.{split}", f"{path} holds no file of {split} rows", f"it holds those of {few(parts)}")
        found[split] = own
        if split == "train":
            found |= {other: named for other, named in parts.items() if other and getattr(data, other) is None}
    return {split: found[split] for split in FILES if split in found}


def facts(data: DataConfig) -> dict[str, Any]:
    """What decides the prepared rows: the content of the source, and every setting of the data.

    For ``data.function`` the content is the file that holds it: what that reads in turn is not seen.
    """
    settings = data.model_dump(mode="json", exclude={"retain"} if data.name else set(FILES))
    content: dict[str, Any] = {
        split: [[readers.suffix(path, f"data.{split}"), storage.file_digest(path, f"data.{split}")] for path in paths]
        for split, paths in files(data).items()
    }
    if data.name:
        from trainer.data import hub

        content["hub"] = hub.fingerprints(data)
    elif data.sklearn:
        content["sklearn"] = version("scikit-learn")
    elif data.function:
        content["function"] = storage.bytes_digest(hooks.source(data.function, key="data.function"))
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
    found: dict[str, Table] = {}
    if data.name:
        from trainer.data import hub

        found = hub.tables(data, only)
    for split, paths in files(data).items():
        parts = [readers.read_table(path, f"data.{split}", text=text, sample_by=data.sample_by) for path in paths]
        found[split] = parts[0] if len(parts) == 1 else joined(str(getattr(data, split) or data.train), parts)
    return found
