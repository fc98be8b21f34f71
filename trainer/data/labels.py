"""From labels as people write them to ids, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from trainer.data.tables import Table, shown
from trainer.errors import DataError, few, suggest

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["integers", "strings", "declared"]


@dataclass(frozen=True)
class Labels:
    """The classes of a data set.

    Attributes:
        names: in the order of their ids.
        kind: what rows hold: ``integers`` (any, kept as numbers), ``strings``, or ``declared`` names, of
            which rows may hold the name or the id.
    """

    names: tuple[str, ...]
    kind: Kind

    def encode(self, values: Sequence[Any], table: Table, column: str) -> np.ndarray:
        """Ids ``(rows,)``, int64.

        Raises:
            DataError: a value that is missing, of the wrong type or not among the classes, with its row.
        """
        import numpy as np

        ids: dict[object, int] = {name: index for index, name in enumerate(self.names)}
        if self.kind == "integers":
            ids = {int(name): index for index, name in enumerate(self.names)}
        elif self.kind == "declared":
            ids |= {index: index for index in range(len(self.names))}
        out = np.empty(len(values), dtype=np.int64)
        for row, value in enumerate(plain(values, table, column)):
            found = ids.get(value)
            if found is None and self.kind != "strings" and is_number(value):
                found = ids.get(int(value))  # a CSV holds numbers as text
            if found is None:
                raise self._unknown(value, row, table, column)
            out[row] = found
        return out

    def decode(self, ids: Sequence[int]) -> list[str | int]:
        """Labels as the rows held them: numbers where they were numbers without names."""
        return [int(self.names[i]) if self.kind == "integers" else self.names[i] for i in ids]

    def _unknown(self, value: object, row: int, table: Table, column: str) -> DataError:
        where = "one of the label names" if self.kind == "declared" else "a label of the train rows"
        # Numbers that look alike mean nothing by it.
        numeric = self.kind == "integers" or isinstance(value, int)
        mend = f"known are {few(self.names)}" if numeric else suggest(value, self.names)
        return table.bad(row, column, f"{shown(value)} is not {where}", mend)


def find(train: Table, column: str, declared: tuple[str, ...] | None) -> Labels:
    """The classes: as declared, as the source declares them, or the sorted labels of the train rows.

    Raises:
        DataError: a label that is missing or neither a whole number nor text, with its row; one class only.
    """
    values = plain(train.column(column, "data.label"), train, column)
    names = declared or train.class_names
    if names is not None:
        return Labels(tuple(names), "declared")
    if all(is_number(value) for value in values):
        values = [int(value) for value in values]
    distinct = set(values)
    whole = all(isinstance(value, int) for value in distinct)
    if not whole and any(isinstance(value, int) for value in distinct):
        row = next(row for row, value in enumerate(values) if type(value) is not type(values[0]))
        raise train.bad(row, column, f"{shown(values[row])}, where other rows hold {shown(values[0])}: text or numbers")
    if len(distinct) < 2:
        raise DataError(
            train.key,
            f"{train.source}: column {column!r} holds one class only: {shown(values[0])}",
            "a classifier needs rows of at least two classes",
        )
    ordered = sorted(distinct)
    return Labels(tuple(str(value) for value in ordered), "integers" if whole else "strings")


def plain(values: Sequence[Any], table: Table, column: str) -> list[int | str]:
    """Labels as whole numbers or text.

    Raises:
        DataError: a label that is missing, or something else, with its row.
    """
    out: list[int | str] = []
    for row, value in enumerate(values.tolist() if hasattr(values, "tolist") else values):
        if isinstance(value, bool | int) or (isinstance(value, float) and value.is_integer()):
            out.append(int(value))
        elif isinstance(value, str) and value:
            out.append(value)
        elif value is None or value == "" or value != value:
            raise table.bad(row, column, "the label is missing", "label it, or leave such rows out: missing: drop")
        else:
            raise table.bad(row, column, f"{shown(value)} is neither text nor a whole number")
    return out


def is_number(value: int | str) -> bool:
    """Whether a whole number stands there as Python would write it: ``007`` is a name."""
    if isinstance(value, int):
        return True
    digits = value.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) < 19 and str(int(value)) == value
