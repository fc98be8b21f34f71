"""Prepared data on disk: flat arrays that every trial maps, written once and seen only when complete."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.data import report
from trainer.data.report import DataReport
from trainer.errors import DataError
from trainer.tasks.base import Prepared, Split

if TYPE_CHECKING:
    import numpy as np

FORMAT = 3
_MARKER = "complete"
_META = "meta.json"


@dataclass(frozen=True)
class Stream:
    """An array ``(rows, *shape)`` that is too large for the memory: made and written a row at a time."""

    row: Callable[[int], np.ndarray]
    rows: int
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Bundle:
    """What is to be stored: arrays by split and name, label names in id order, and small facts for JSON.

    ``rows`` of each split are as many as it has ``labels`` where not said otherwise.
    ``report`` is kept beside the arrays.
    """

    splits: Mapping[str, Mapping[str, np.ndarray | Stream]]
    label_names: tuple[str, ...]
    meta: Mapping[str, Any]
    rows: Mapping[str, int] | None = None
    report: DataReport | None = None


def fingerprint(facts: Mapping[str, Any]) -> str:
    """Sixteen hex digits of everything that decides what the prepared rows are."""
    text = json.dumps({**facts, "format": FORMAT}, sort_keys=True, ensure_ascii=True)
    return bytes_digest(text.encode())[:16]


def bytes_digest(content: bytes) -> str:
    """sha256 in hex digits."""
    return hashlib.sha256(content).hexdigest()


def file_digest(path: str, key: str) -> str:
    """sha256 of a file's bytes, computed once per process while size and time stay.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    try:
        status = Path(path).stat()
        return _digest(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise DataError(key, f"cannot read {path}: {error.strerror or error}") from error


@lru_cache(maxsize=64)
def _digest(path: str, _size: int, _time: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_or_make(cache: Path, name: str, make: Callable[[], Bundle]) -> Prepared:
    """``cache/name``, made first where it is not there complete. Of several processes one makes it.

    Raises:
        OSError: the folder cannot be written.
    """
    folder = cache / name
    if not (folder / _MARKER).is_file():
        from filelock import FileLock

        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{name}.lock"):
            if not (folder / _MARKER).is_file():
                _write(folder, make())
    return _open(folder)


def stored(cache: Path) -> frozenset[str]:
    """The names of all prepared data that lie complete in ``cache``."""
    return frozenset(marker.parent.name for marker in cache.glob(f"*/{_MARKER}"))


def _write(folder: Path, bundle: Bundle) -> None:
    import numpy as np

    for leftover in folder.parent.glob(f".{folder.name}.*"):  # of a process that was killed here
        shutil.rmtree(leftover, ignore_errors=True)
    beside = folder.parent / f".{folder.name}.{os.getpid()}"
    beside.mkdir()
    try:
        for split, arrays in bundle.splits.items():
            for name, array in arrays.items():
                path = beside / f"{split}.{name}.npy"
                if isinstance(array, Stream):
                    _write_rows(path, array)
                else:
                    np.save(path, array, allow_pickle=False)
        names = {split: sorted(arrays) for split, arrays in bundle.splits.items()}
        rows = bundle.rows or {split: _length(arrays["labels"]) for split, arrays in bundle.splits.items()}
        facts = {"splits": names, "rows": rows, "label_names": bundle.label_names, "meta": bundle.meta}
        if bundle.report is not None:
            said = json.dumps(bundle.report.to_mapping(), ensure_ascii=False, indent=2)
            (beside / report.FILE).write_text(said, "utf-8")
        (beside / _META).write_text(json.dumps(facts, ensure_ascii=False), "utf-8")
        (beside / _MARKER).write_text(f"{FORMAT}\n")
        shutil.rmtree(folder, ignore_errors=True)
        beside.replace(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _write_rows(path: Path, stream: Stream) -> None:
    import numpy as np

    out = np.lib.format.open_memmap(path, mode="w+", dtype=stream.dtype, shape=(stream.rows, *stream.shape))
    for number in range(stream.rows):
        out[number] = stream.row(number)
    out.flush()


def _length(array: np.ndarray | Stream) -> int:
    return array.rows if isinstance(array, Stream) else len(array)


def _open(folder: Path) -> Prepared:
    import numpy as np

    facts = json.loads((folder / _META).read_text("utf-8"))
    splits = {}
    for split, names in facts["splits"].items():
        # Plain arrays over the mapping: indexing numpy's memmap class costs several times as much.
        arrays = {name: np.asarray(np.load(folder / f"{split}.{name}.npy", mmap_mode="r")) for name in names}
        lengths = arrays.get("lengths")
        splits[split] = Split(facts["rows"][split], arrays, lengths)
    return Prepared(folder, splits, tuple(facts["label_names"]), facts["meta"])
