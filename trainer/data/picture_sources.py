"""Pictures with their labels: folders of classes, or tables with a column of pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.data import readers, sources, storage
from trainer.data.sources import FILES
from trainer.data.tables import Table, present
from trainer.errors import DataError, few

if TYPE_CHECKING:
    from trainer.sections import DataConfig

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
_OTHER_NAMES = {"validation": ("validation", "valid", "val"), "test": ("test",)}


def columns(data: DataConfig) -> dict[str, str]:
    """The columns that are used, by role. Folders of classes have them too, under these names."""
    return {"image": data.image or "image", "label": data.label or "label"}


def check(data: DataConfig) -> None:
    """Refuse files and folders that are not there or not of this kind. Opens no picture.

    Raises:
        ConfigError: as ``sources.check``.
        DataError: a folder without classes.
    """
    folders, rest = _parted(data)
    for split in FILES if not data.name else ("retain",):
        if (path := getattr(data, split)) is not None and not Path(path).exists():
            raise DataError(
                f"data.{split}", f"{path} is not there", "a folder with one for each class, or a file of rows"
            )
    sources.check(rest)
    for split, folder in folders.items():
        _classes(folder, f"data.{split}")


def facts(data: DataConfig) -> dict[str, Any]:
    """As ``sources.facts``, without ``scaling``, which is not baked in."""
    folders, rest = _parted(data)
    found = sources.facts(rest)
    settings = {name: value for name, value in found["data"].items() if name != "scaling"}
    pictures = {split: _folder_digest(folder, f"data.{split}") for split, folder in folders.items()}
    for split, paths in sources.files(rest).items():
        key = f"data.{split}"
        digests = [_named_digest(path, columns(data)["image"], storage.file_digest(path, key)) for path in paths]
        pictures[split] = storage.bytes_digest("".join(digests).encode())
    return {"data": settings, "content": found["content"], "pictures": pictures}


def tables(data: DataConfig) -> dict[str, Table]:
    """Pictures, labels and groups of every split given; pictures are still paths, bytes or ``{bytes, path}``.

    Raises:
        DataError: see ``readers.read_table``; a folder without classes or pictures.
    """
    folders, rest = _parted(data)
    names = columns(data)
    found = {split: folder_table(folder, f"data.{split}", names) for split, folder in folders.items()}
    found |= sources.tables(rest, only=[*names.values(), *([data.group] if data.group else [])])
    found = {split: found[split] for split in FILES if split in found}
    if data.missing == "drop":
        found = {split: present(table, names.values(), blank=list(names.values())) for split, table in found.items()}
    return found


def keys(table: Table, column: str) -> list[Hashable]:
    """By which equal pictures are known: their encoded bytes; the path of one that is not there."""
    found: list[Hashable] = []
    for value in table.column(column, "data.image"):
        whole = isinstance(value, Mapping) and value.get("bytes") is not None
        one = value["bytes"] if whole else value.get("path") if isinstance(value, Mapping) else value
        path = base_of(table) / one if isinstance(one, str) and one else None
        if path is not None and path.is_file():
            one = path.read_bytes()
        found.append(storage.bytes_digest(one) if isinstance(one, bytes) else str(one))
    return found


def labelled(rows: str | Path | Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Table:
    """Rows to evaluate on: a folder of classes, a file, or mappings by column.

    Raises:
        DataError: as ``tables``.
    """
    if isinstance(rows, str | Path) and Path(rows).is_dir():
        return folder_table(Path(rows), "file", names)
    return readers.labelled_table(rows)


def base_of(table: Table) -> Path:
    """Where relative paths of a table's pictures start: beside the file, or in the folder."""
    source = Path(table.source)
    return source if source.is_dir() else source.parent


def folder_table(folder: Path, key: str, names: Mapping[str, str]) -> Table:
    """The pictures below each class's folder, in the order of their paths.

    Raises:
        DataError: no classes, or a class without pictures.
    """
    pictures: list[str] = []
    labels: list[str] = []
    for name in _classes(folder, key):
        inside = _pictures(folder / name)
        if not inside:
            raise DataError(key, f"{folder / name} holds no pictures", f"one of {', '.join(SUFFIXES)}")
        pictures += [str(path.relative_to(folder)) for path in inside]  # from where ``base_of`` says
        labels += [name] * len(inside)
    return Table(key, str(folder), {names["image"]: pictures, names["label"]: labels}, len(labels))


def _parted(data: DataConfig) -> tuple[dict[str, Path], DataConfig]:
    """Folders of classes by split, and the settings without them. A folder of files of rows is none."""
    if data.sklearn or data.function:
        return {}, data
    names = ("retain",) if data.name else FILES
    given = {split: Path(path) for split in names if (path := getattr(data, split)) is not None}
    folders = {split: path for split, path in given.items() if _is_of_pictures(path)}
    whole = folders.get("train")
    if whole is not None and (whole / "train").is_dir() and len(given) == 1:
        folders = {"train": whole / "train"}
        for split, others in _OTHER_NAMES.items():
            if there := [whole / name for name in others if (whole / name).is_dir()]:
                folders[split] = there[0]
    return folders, data.model_copy(update=dict.fromkeys(folders))


def _is_of_pictures(path: Path) -> bool:
    if not path.is_dir():
        return False
    inside = list(path.iterdir())
    return any(one.is_dir() for one in inside) or not any(readers.is_known(one.name) for one in inside)


def _classes(folder: Path, key: str) -> list[str]:
    found = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not found:
        loose = [path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
        what = f"{len(loose)} pictures and no folders" if loose else f"only {few(p.name for p in folder.iterdir())}"
        raise DataError(key, f"{folder} holds {what}", "a folder of pictures for each class is needed")
    return found


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def _folder_digest(folder: Path, key: str) -> str:
    """sha256 over the names and contents of a folder's pictures."""
    paths = [path for name in _classes(folder, key) for path in _pictures(folder / name)]
    return _digest(tuple(_stamped(path, folder) for path in paths), folder)


@lru_cache(maxsize=16)
def _named_digest(path: str, column: str, _content: str) -> str:
    """As ``_folder_digest``, of the files that a table's column names. Files that are not there have no content."""
    table = readers.read_table(path, "data.train")
    base = Path(path).parent
    named = []
    for value in table.columns.get(column, ()):
        where = value.get("path") if isinstance(value, Mapping) and value.get("bytes") is None else value
        if isinstance(where, str) and (base / where).is_file():
            named.append(_stamped(base / where, base))
    return _digest(tuple(named), base) if named else ""


def _stamped(path: Path, base: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path.relative_to(base) if path.is_relative_to(base) else path), status.st_size, status.st_mtime_ns


@lru_cache(maxsize=16)
def _digest(files: tuple[tuple[str, int, int], ...], base: Path) -> str:
    """Computed once per process while sizes and times stay."""
    whole = hashlib.sha256()
    for name, size, _ in files:
        whole.update(f"{name}\0{size}\0".encode())
        whole.update((base / name).read_bytes())
    return whole.hexdigest()
