"""Rows whose characters count, since labels point at them: rows can be left out, texts stay as they were written."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from trainer.data import sources
from trainer.data.cleaning_steps import parse
from trainer.data.tables import Table, present
from trainer.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from trainer.config import DataConfig


def check(data: DataConfig) -> None:
    """Refuse cleaning steps that change texts, or look into them.

    Raises:
        ConfigError: names the first.
    """
    for step in parse(data.clean):
        if step.change is not None or step.name == "drop_empty":
            what = "would move the characters that labels count" if step.change else "is for texts that have a class"
            raise ConfigError("data.clean", f"{step.name} {what}", "clean the rows before they are labelled")


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
