"""Data sets from the Hugging Face hub, from its cache on this machine, or from a folder that ``datasets`` can load."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.data.tables import Table
from trainer.errors import DataError, suggest
from trainer.hub_access import quiet, why_not

if TYPE_CHECKING:
    from trainer.sections import DataConfig

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
        split = _encoded(found[theirs])
        feature = split.features.get(label)
        # Of a list of tags the names are those of what is listed.
        names = getattr(getattr(feature, "feature", feature), "names", None)
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


def _encoded(split: Any) -> Any:
    """Pictures as they are stored: decoded ones of a whole split would fill the memory."""
    import datasets

    for name, feature in split.features.items():
        if isinstance(feature, datasets.Image):
            split = split.cast_column(name, datasets.Image(decode=False))
    return split


def _splits(data: DataConfig, found: Any) -> dict[str, str]:
    out = {}
    for ours, default in _DEFAULTS.items():
        named = getattr(data, ours)
        theirs = named or default
        if theirs in found:
            out[ours] = theirs
        elif named or ours == "train":
            mend = suggest(theirs, found, "its splits are", always=True)
            raise DataError(f"data.{ours}", f"{data.name} has no split {theirs!r}", mend)
    return out


@lru_cache(maxsize=4)
def _load(name: str, config: str | None) -> Any:
    import datasets

    why = "" if Path(name).exists() else why_not(name, "dataset")
    try:
        with quiet(), _quiet(offline=bool(why)):
            if any((Path(name) / marker).is_file() for marker in ("dataset_dict.json", "state.json")):
                saved = datasets.load_from_disk(name)  # what save_to_disk wrote
                return saved if isinstance(saved, datasets.DatasetDict) else {"train": saved}
            return datasets.load_dataset(name, config)
    except Exception as error:
        what = f"cannot load {name!r}{f' ({config})' if config else ''}"
        if why:
            mend = "check the name, fill the cache first where the hub can be reached, or name files by data.train"
            raise DataError("data.name", f"{what}: it is not in the cache here, and {why}", mend) from error
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise DataError("data.name", f"{what}: {first[0]}", "check the name, or name files by data.train") from error


@contextmanager
def _quiet(*, offline: bool) -> Iterator[None]:
    """No warnings and progress bars of the data sets' library inside; ``offline``: from its cache only, at once."""
    import datasets
    from datasets.utils import logging

    bars, level, before = logging.is_progress_bar_enabled(), logging.get_verbosity(), datasets.config.HF_HUB_OFFLINE
    datasets.disable_progress_bars()
    logging.set_verbosity_error()
    datasets.config.HF_HUB_OFFLINE = before or offline
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE = before
        logging.set_verbosity(level)
        if bars:
            datasets.enable_progress_bars()
