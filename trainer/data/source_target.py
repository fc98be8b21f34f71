"""Source texts and the target texts that are to come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainer.data import byte_texts, tokens
from trainer.data.cleaning import Cleaned, clean
from trainer.data.cleaning_steps import text_function
from trainer.data.tables import Table, shown

if TYPE_CHECKING:
    import numpy as np

    from trainer.sections import DataConfig


def columns(data: DataConfig) -> dict[str, str]:
    """The columns that are used, by role: ``text``, ``label`` (the target), and ``references`` where there are."""
    found = {"text": data.text or "text", "label": data.label or "label"}
    return found | ({"references": data.references} if data.references else {})


def cleaned(data: DataConfig, tables: Mapping[str, Table]) -> Cleaned:
    """Sources and targets of every split given, cleaned; see ``trainer.data.cleaning.clean``."""
    named = columns(data)
    return clean(data, tables, {role: named[role] for role in ("text", "label")}, None)


class Pairs:
    """The texts of one split given.

    Attributes:
        sources, targets: a text a row, cleaned.
        references: other right targets of each row, cleaned; empty lists where there is no such column.

    Raises:
        DataError: references that are no lists of texts, with the row.
    """

    def __init__(self, data: DataConfig, cleaned: Cleaned, split: str) -> None:
        written = cleaned.texts[split]
        self.sources, self.targets = written["text"], written["label"]
        self.references: list[list[str]] = [[] for _ in self.sources]
        if data.references:
            change = text_function(data.clean)
            found = _lists(cleaned.tables[split], data.references)
            self.references = [[change(text) for text in listed] for listed in found]

    def arrays(
        self, rows: Sequence[int], tokenizer: Any, frame: Mapping[str, Any], prefix: str
    ) -> dict[str, np.ndarray]:
        """What a split of these rows stores.

        - ``ids`` and ``offsets``, ``target_ids`` and ``target_offsets``: as ``tokens.tokenise`` gives them, the source
          behind ``prefix``; ``lengths`` of the sources with what ``frame`` puts around them.
        - ``asked`` (rows,) bool: the first row of each source, for which a target is generated.
        - ``reference_text``, ``reference_offsets`` (see ``byte_texts``): the distinct targets and references of all
          rows with that source; ``reference_counts`` (rows,): how many of these, in the order of the rows.
        """
        import numpy as np

        found: dict[str, np.ndarray] = {}
        found["ids"], found["offsets"] = tokens.tokenise(tokenizer, [prefix + self.sources[row] for row in rows])
        found["target_ids"], found["target_offsets"] = tokens.tokenise(tokenizer, [self.targets[row] for row in rows])
        found["lengths"] = np.diff(found["offsets"]) + tokens.specials(frame)
        right: dict[str, dict[str, None]] = {}
        asked = []
        for row in rows:
            asked.append(self.sources[row] not in right)
            right.setdefault(self.sources[row], {}).update(dict.fromkeys([self.targets[row], *self.references[row]]))
        found["asked"] = np.array(asked)
        # In the order of the rows that are asked: a mapping keeps the order of its keys.
        counts = np.zeros(len(asked), dtype=np.int64)
        counts[found["asked"]] = [len(each) for each in right.values()]
        found["reference_counts"] = counts
        every = [text for each in right.values() for text in each]
        found["reference_text"], found["reference_offsets"] = byte_texts.pack(every)
        return found


def references(arrays: Mapping[str, np.ndarray]) -> list[list[str]]:
    """The right targets of each row that is asked, in their order."""
    every = iter(byte_texts.unpack(arrays["reference_text"], arrays["reference_offsets"]))
    return [[next(every) for _ in range(count)] for count in arrays["reference_counts"].tolist() if count]


def _lists(table: Table, column: str) -> list[list[str]]:
    found = []
    for row, value in enumerate(table.column(column, "data.references")):
        listed = list(value) if hasattr(value, "__iter__") and not isinstance(value, str | Mapping) else None
        if listed is None or not all(isinstance(text, str) for text in listed):
            raise table.bad(row, column, f"{shown(value)} is not a list of texts")
        found.append(listed)
    return found
