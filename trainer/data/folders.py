"""A folder of files as the rows of one split, or of several."""

from __future__ import annotations

import re
from pathlib import Path

from trainer.data import readers
from trainer.errors import DataError, few

# How data sets name the files of their splits: train.jsonl, train-00000-of-00002.parquet, dev.csv.
_NAMED = {"train": "train|training", "validation": "validation|valid|val|dev", "test": "test|eval"}
_SAVED = ("state.json", "dataset_dict.json")


def parts(folder: Path, key: str) -> dict[str, list[str]]:
    """The files in a folder, by split, each split's in the order of their names.

    Files named after splits (``train.jsonl``, ``train-00001.parquet``, ``dev.csv``, ``test.csv``) are of those, and the
    others are left alone; where none is, all files are one split, under ``""``.

    Raises:
        DataError: no file of rows, or what ``datasets`` saved with ``save_to_disk``.
    """
    if any((folder / name).is_file() for name in _SAVED):
        raise DataError(key, f"{folder} was written by datasets' save_to_disk", f"write data: {{name: {folder}}}")
    inside = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "_")))
    files = [name for name in inside if readers.is_known(name)]
    if not files:
        raise DataError(key, f"{folder} holds no file of rows", f"it holds {few(inside)}")
    named = {
        split: [name for name in files if re.match(rf"({words})([^a-z]|$)", name.lower())]
        for split, words in _NAMED.items()
    }
    found = {split: names for split, names in named.items() if names} or {"": files}
    return {split: [str(folder / name) for name in names] for split, names in found.items()}
