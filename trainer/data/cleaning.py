"""Rows of every split, cleaned in the order that the sweep file gives."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from trainer.data import duplicates, texts
from trainer.data.cleaning_steps import Step, parse
from trainer.data.tables import Table, present
from trainer.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from trainer.sections import DataConfig

Keys = Mapping[str, Sequence[Hashable]]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Done:
    """What one step did: texts it changed and rows it left out, by split."""

    step: str
    changed: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Overlap:
    """A step that is due when the splits are made: train rows whose key is among those of ``split`` go.

    Attributes:
        keys: of every row given, as the steps before it left them.
    """

    step: str
    split: str
    keys: Keys


@dataclass(frozen=True)
class Cleaned:
    """The rows of every split given.

    Attributes:
        tables: without the rows that were left out.
        texts: of each split, by role, as cleaned; empty where the task has none.
        keys: by which equal rows are known, of every row.
        rows: the numbers that the rows left had when cleaning began, ``(rows,)`` of each split.
        done: what was done so far.
        overlaps: what is still to be done when the splits are made.
    """

    tables: Mapping[str, Table]
    texts: Mapping[str, Mapping[str, list[str]]]
    keys: Keys
    rows: Mapping[str, np.ndarray]
    done: tuple[Done, ...] = ()
    overlaps: tuple[Overlap, ...] = ()


def clean(data: DataConfig, tables: Mapping[str, Table], columns: Mapping[str, str], label: str | None) -> Cleaned:
    """Apply ``data.missing`` and then the steps of ``data.clean`` to texts.

    Args:
        data: the settings.
        tables: the rows of every split given.
        columns: the columns of text, by role.
        label: the column of labels, for ``data.missing: drop``.

    Raises:
        DataError: a column that is not there; a text that is missing or is none, with its row; no rows are left.
    """
    tables, done = without_missing(data, tables, [*columns.values(), *([label] if label else [])], label)
    written = {
        split: {role: texts.read(table, column, f"data.{role}") for role, column in columns.items()}
        for split, table in tables.items()
    }
    rows = _Rows({split: table.rows for split, table in tables.items()}, written)
    for step in parse(data.clean):
        rows.apply(step)
    return rows.cleaned(tables, done, columns)


def for_measuring(data: DataConfig) -> DataConfig:
    """The settings for rows that are only measured: what changes texts stays, what leaves out train rows goes."""
    steps = tuple(named for named in data.clean if parse([named])[0].change is not None)
    return data.model_copy(update={"clean": steps})


def clean_keys(data: DataConfig, tables: Mapping[str, Table], keys: Keys) -> Cleaned:
    """As ``clean``, of rows that have no texts: the steps that leave out rows, by these keys."""
    rows = _Rows({split: table.rows for split, table in tables.items()}, {split: {} for split in tables}, keys)
    for step in parse(data.clean):
        rows.apply(step)
    return rows.cleaned(tables, [], {})


def without_missing(
    data: DataConfig, tables: Mapping[str, Table], columns: Sequence[str], label: str | None
) -> tuple[Mapping[str, Table], list[Done]]:
    """The tables without rows that lack a value in one of ``columns``, where ``data.missing`` says so, and that it did.

    Raises:
        DataError: no rows are left.
    """
    if data.missing == "error":
        return tables, []
    kept = {split: present(table, columns, blank=[label] if label else []) for split, table in tables.items()}
    for split, table in kept.items():
        if not table.rows:
            what = f"{table.source}: every row lacks a value in one of {', '.join(columns)}"
            raise DataError(f"data.{split}", what)
    return kept, [Done("missing", dropped={split: tables[split].rows - kept[split].rows for split in tables})]


class _Rows:
    """All rows given while they are cleaned; those left out stay in place, marked."""

    def __init__(
        self, counts: Mapping[str, int], written: Mapping[str, Mapping[str, list[str]]], keys: Keys | None = None
    ) -> None:
        import numpy as np

        self._texts = {split: dict(roles) for split, roles in written.items()}
        self._keys, self._left = keys, np.ones(counts["train"], dtype=bool)
        self._done: list[Done] = []
        self._overlaps: list[Overlap] = []

    def apply(self, step: Step) -> None:
        import numpy as np

        if step.change is not None:
            self._change(step)
        elif step.name == "drop_empty":
            empty = [not all(text.strip() for text in row) for row in zip(*self._texts["train"].values(), strict=True)]
            self._drop(step, np.array(empty, dtype=bool))
        elif step.name == "drop_duplicates":
            keys = self.keys()["train"]
            at = np.flatnonzero(self._left).tolist()
            again = np.zeros(len(self._left), dtype=bool)
            again[at] = duplicates.repeated([keys[row] for row in at])
            self._drop(step, again)
        else:
            split = step.name.removeprefix("drop_").removesuffix("_overlap")
            self._overlaps.append(Overlap(step.name, split, self.keys()))

    def keys(self) -> Keys:
        if self._keys is not None:
            return self._keys
        return {split: row_keys(roles) for split, roles in self._texts.items()}

    def cleaned(self, tables: Mapping[str, Table], done: list[Done], columns: Mapping[str, str]) -> Cleaned:
        import numpy as np

        left = {split: list(range(table.rows)) for split, table in tables.items()}
        left["train"] = np.flatnonzero(self._left).tolist()
        if not left["train"]:
            raise DataError("data.clean", "no train rows are left", "see what each step leaves out")

        def taken(split: str, values: Sequence[_T]) -> list[_T]:
            return [values[row] for row in left[split]]

        kept = {
            split: {role: taken(split, values) for role, values in roles.items()}
            for split, roles in self._texts.items()
        }
        out = {}
        for split, table in tables.items():
            part = table if len(left[split]) == table.rows else table.take(left[split])
            out[split] = part.with_columns({columns[role]: values for role, values in kept[split].items()})
        keys = {split: taken(split, values) for split, values in self.keys().items()}
        overlaps = tuple(
            Overlap(one.step, one.split, {split: taken(split, values) for split, values in one.keys.items()})
            for one in self._overlaps
        )
        rows = {split: np.array(numbers) for split, numbers in left.items()}
        return Cleaned(out, kept, keys, rows, (*done, *self._done), overlaps)

    def _change(self, step: Step) -> None:
        assert step.change is not None
        changed = {}
        for split, roles in self._texts.items():
            touched: set[int] = set()
            for role, before in roles.items():
                after = [step.change(text) for text in before]
                touched |= {row for row, (old, new) in enumerate(zip(before, after, strict=True)) if old != new}
                roles[role] = after
            changed[split] = sum(split != "train" or bool(self._left[row]) for row in touched)
        self._done.append(Done(step.name, changed=changed))

    def _drop(self, step: Step, which: np.ndarray) -> None:
        gone = self._left & which
        self._left &= ~which
        self._done.append(Done(step.name, dropped={"train": int(gone.sum())}))


def row_keys(roles: Mapping[str, Sequence[str]]) -> list[Hashable]:
    """By which rows of text are known: the text, or all of a row's texts."""
    columns = list(roles.values())
    return list(columns[0]) if len(columns) == 1 else list(zip(*columns, strict=True))
