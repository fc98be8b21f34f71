"""Data sets from the Hugging Face hub, or from its cache on this machine."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from trainer.data.tables import Table
from trainer.errors import DataError

if TYPE_CHECKING:
    from trainer.config import DataConfig

_DEFAULTS = {"train": "train", "validation": "validation", "test": "test"}


def fingerprints(data: DataConfig) -> dict[str, str]:
    """The hub library's own fingerprint of each split that is used."""
    found = _load(str(data.name), data.config)
    return {ours: str(found[theirs]._fingerprint) for ours, theirs in _splits(data, found).items()}


def tables(data: DataConfig, only: Collection[str] | None) -> dict[str, Table]:
    """The splits of ``data.name``: those named, or ``train``, and ``validation`` and ``test`` where there are.

    Raises:
        DataError: not cached and not reachable, no such configuration, split or column.
    """
    found = _load(str(data.name), data.config)
    out = {}
    label = data.label or "label"
    for ours, theirs in _splits(data, found).items():
        split = found[theirs]
        feature = split.features.get(label)
        names = getattr(feature, "names", None)
        needed = set(split.column_names if only is None else only)
        # Only what is used is decoded; the others are there for the error that lists them.
        columns = {name: split[name][:] if name in needed else [] for name in split.column_names}
        table = Table(
            f"data.{ours}",
            f"{data.name} {theirs}",
            columns,
            len(split),
            class_names=tuple(names) if names else None,
        )
        hidden = ours == "test" and data.test is None and all(v in (-1, None) for v in columns.get(label, [0]))
        if not hidden:  # Benchmarks keep the labels of their test split to themselves.
            out[ours] = table
    return out


def _splits(data: DataConfig, found: Any) -> dict[str, str]:
    out = {}
    for ours, default in _DEFAULTS.items():
        named = getattr(data, ours)
        theirs = named or default
        if theirs in found:
            out[ours] = theirs
        elif named or ours == "train":
            close = difflib.get_close_matches(theirs, list(found), n=1)
            known = f"its splits are {', '.join(found)}"
            mend = f"did you mean {close[0]}? {known}" if close else known
            raise DataError(f"data.{ours}", f"{data.name} has no split {theirs!r}", mend)
    return out


@lru_cache(maxsize=4)
def _load(name: str, config: str | None) -> Any:
    import datasets

    shown = datasets.utils.logging.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        return datasets.load_dataset(name, config)
    except Exception as error:
        first = str(error).strip().splitlines() or [type(error).__name__]
        what = f"cannot load {name!r}{f' ({config})' if config else ''}: {first[0]}"
        mend = "check the name, or load it once where the hub can be reached; files can be named by data.train"
        raise DataError("data.name", what, mend) from error
    finally:
        if shown:
            datasets.enable_progress_bars()
