"""A data report in a few lines, for ``sweeps validate``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from trainer.data.report_checks import share

if TYPE_CHECKING:
    from trainer.data.cleaning import Done
    from trainer.data.report import DataReport, SplitFacts

_MOST_CLASSES = 4


def data_lines(report: DataReport) -> Iterator[tuple[str, str]]:
    """Name and text of each line; what there is nothing to say of is left out."""
    train = report.splits["train"]
    if train.classes:
        yield "balance", _balance(train)
    for done in report.cleaning:
        if text := _done(done):
            yield "cleaning", text
    for name, what in (("duplicates", "duplicates"), ("contradicting", "contradicting"), ("empty", "empty")):
        if found := _by_split(report.splits, what):
            yield name, found
    if shared := _by_split(report.splits, "shared"):
        yield "also in train", shared


def _balance(train: SplitFacts) -> str:
    ordered = sorted(train.classes.items(), key=lambda item: -item[1])
    total = sum(train.classes.values()) or 1
    if len(ordered) <= _MOST_CLASSES:
        return ", ".join(f"{name} {rows / total:.1%}" for name, rows in ordered)
    (most, largest), (least, smallest) = ordered[0], ordered[-1]
    if largest == smallest:
        return f"{largest:,} train rows of each class"
    return f"{largest:,} train rows of {most}, {smallest:,} of {least}"


def _by_split(splits: Mapping[str, SplitFacts], what: str) -> str:
    found = {split: (int(getattr(facts, what)), facts.rows) for split, facts in splits.items()}
    return ", ".join(f"{share(count, rows)} {split}" for split, (count, rows) in found.items() if count)


def _done(done: Done) -> str:
    changed = ", ".join(f"{count:,} {split}" for split, count in done.changed.items() if count)
    dropped = ", ".join(f"{count:,} {split}" for split, count in done.dropped.items() if count)
    said = [f"changed {changed}" if changed else "", f"left out {dropped}" if dropped else ""]
    return f"{done.step}: {' and '.join(filter(None, said)) or 'nothing to do'}"
