"""What prepared data look like: rows, classes, lengths, and what is there twice. Made once, with the preparation."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.data import duplicates
from trainer.data.cleaning import Done

if TYPE_CHECKING:
    import numpy as np

    from trainer.data.cleaning import Cleaned
    from trainer.data.splitting import Selection

FILE = "report.json"


@dataclass(frozen=True)
class SplitFacts:
    """One split.

    Attributes:
        source: the split given that its rows are of: ``train`` where it was split off.
        rows: how many.
        classes: rows of each class, by name; empty where rows have no classes.
        empty: rows that have a text of white space only.
        duplicates: rows that repeat an earlier one of the split.
        contradicting: rows that another row of the split repeats with another label.
        shared: rows that occur in the train split too; 0 for that itself.
        covered: rows of the train split that occur in this one; 0 for that itself.
        tokens: the median, the 95th percentile and the longest, special tokens included; empty for other rows.
    """

    source: str
    rows: int
    classes: Mapping[str, int] = field(default_factory=dict)
    empty: int = 0
    duplicates: int = 0
    contradicting: int = 0
    shared: int = 0
    covered: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DataReport:
    """All splits, and what cleaning did before they were made."""

    splits: Mapping[str, SplitFacts]
    cleaning: tuple[Done, ...] = ()

    def to_mapping(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, found: Mapping[str, Any]) -> DataReport:
        """What ``to_mapping`` gave."""
        splits = {name: SplitFacts(**facts) for name, facts in found["splits"].items()}
        return cls(splits, tuple(Done(**done) for done in found["cleaning"]))


def describe(
    cleaned: Cleaned,
    chosen: Mapping[str, Selection],
    done: Sequence[Done],
    *,
    labels: Mapping[str, np.ndarray] | None = None,
    names: Sequence[str] = (),
    lengths: Mapping[str, np.ndarray] | None = None,
) -> DataReport:
    """The report of the splits that were chosen.

    Args:
        cleaned: the rows given, as cleaned.
        chosen: the rows of each split.
        done: what cleaning did.
        labels: class ids of each split ``(rows,)``, or for several classes a row 0 and 1 ``(rows, classes)``.
        names: of the classes.
        lengths: tokens of each row of each split ``(rows,)``.
    """
    keys = {split: [cleaned.keys[one.source][row] for row in one.rows] for split, one in chosen.items()}
    known = set(keys["train"])
    splits = {}
    for split, selection in chosen.items():
        of_rows = None if labels is None else labels[split]
        splits[split] = SplitFacts(
            source=selection.source,
            rows=len(selection.rows),
            classes={} if of_rows is None else _classes(of_rows, names),
            empty=_empty(cleaned.texts[selection.source], selection.rows),
            duplicates=int(duplicates.repeated(keys[split]).sum()),
            contradicting=0 if of_rows is None else duplicates.contradicting(keys[split], _hashable(of_rows)),
            shared=0 if split == "train" else int(duplicates.shared(keys[split], known).sum()),
            covered=0 if split == "train" else int(duplicates.shared(keys["train"], keys[split]).sum()),
            tokens={} if lengths is None else _tokens(lengths[split]),
        )
    return DataReport(splits, tuple(done))


def read(folder: Path) -> DataReport | None:
    """The report beside the prepared arrays; ``None`` where their task makes none."""
    import json

    try:
        return DataReport.from_mapping(json.loads((folder / FILE).read_text("utf-8")))
    except FileNotFoundError:
        return None


def _classes(labels: np.ndarray, names: Sequence[str]) -> dict[str, int]:
    import numpy as np

    counts = np.bincount(labels, minlength=len(names)) if labels.ndim == 1 else labels.sum(axis=0)
    return {name: int(count) for name, count in zip(names, counts, strict=True)}


def _hashable(labels: np.ndarray) -> list[Hashable]:
    return labels.tolist() if labels.ndim == 1 else [tuple(row) for row in labels.tolist()]


def _empty(roles: Mapping[str, Sequence[str]], rows: np.ndarray) -> int:
    return sum(any(not texts[row].strip() for texts in roles.values()) for row in rows)


def _tokens(lengths: np.ndarray) -> dict[str, int]:
    import numpy as np

    median, most = np.percentile(lengths, [50, 95], method="nearest")
    return {"median": int(median), "p95": int(most), "longest": int(lengths.max())}
