"""Rows whose characters count, since labels point at them: rows can be left out, texts stay as they were written."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from trainer.data import sources
from trainer.data.tables import Table, present

if TYPE_CHECKING:
    import numpy as np

    from trainer.sections import DataConfig


def tables(data: DataConfig, columns: Collection[str], needed: Collection[str]) -> dict[str, Table]:
    """The rows of every split given; with ``data.missing: drop`` those that have a value in each of ``needed``.

    Args:
        data: the source.
        columns: those that are used, and that of ``data.group``.
        needed: those in which nothing may be missing.
    """
    more = [data.group] if data.group else []
    found = sources.tables(data, only=[*columns, *more])
    return {split: complete(table, data.missing, needed) for split, table in found.items()}


def complete(table: Table, missing: str, needed: Collection[str]) -> Table:
    """The rows, without those that lack a value where ``missing`` is ``drop``."""
    return present(table, needed) if missing == "drop" else table


def numbered(groups: Sequence[Hashable]) -> np.ndarray:
    """Groups as numbers ``(rows,)``."""
    import numpy as np

    known: Mapping[Hashable, int] = {group: index for index, group in enumerate(dict.fromkeys(groups))}
    return np.array([known[group] for group in groups], dtype=np.int64)
