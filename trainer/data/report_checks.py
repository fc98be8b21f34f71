"""What a data report says against a sweep: what makes it pointless, and what is only to be known."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.data.report import DataReport, SplitFacts
from trainer.errors import DataError, few

_LEAK = 0.01
"""Of measured rows that are train rows too: they lift a score by about that much, as much as configurations differ."""
_REPEATED = 0.1
_CONTRADICTING = 0.01
_ONE_SIDED = 0.9
"""Of rows of one class: to say it always is that accurate."""
_CUT = 0.5
_FEW_ROWS = 5
_MEASURED = ("validation", "test", "retain")


def refuse_pointless(report: DataReport) -> None:
    """Refuse data that no sweep can learn from or choose by.

    Raises:
        DataError: all train texts are empty; validation rows that are the train rows, or all of one class.
    """
    train, validation = report.splits["train"], report.splits["validation"]
    if train.empty == train.rows:
        raise DataError("data.train", f"all {train.rows} train texts are empty", "see data.text and data.clean")
    if validation.source != "validation":
        return
    if validation.rows > 1 and validation.shared == validation.rows and validation.covered == train.rows:
        what = f"the {validation.rows} validation rows are the train rows again"
        raise DataError("data.validation", what, "leave data.validation out to have a part of the train rows split off")
    if sum(train.classes.values()) != train.rows:
        return  # a row has any number of classes
    held = _held(validation)
    if validation.rows > 1 and len(held) == 1 and len(_held(train)) > 1:
        what = f"all {validation.rows} validation rows are of class {held[0]!r}, so that to say it always is best"
        raise DataError("data.validation", what, "give validation rows of every class")


def warnings(report: DataReport, *, cut: float = 0.0, at: int | None = None) -> Iterator[str]:
    """What is legal and worth a second look: a line each.

    Args:
        report: of the splits.
        cut: the share of train rows longer than ``at``.
        at: tokens per row at most.
    """
    train = report.splits["train"]
    for split in _MEASURED:
        facts = report.splits.get(split)
        if facts is not None and facts.shared >= max(1, _LEAK * facts.rows):
            mend = _APART.get((split, facts.source == "train"), "")
            yield f"{share(facts.shared, facts.rows)} of the {split} rows are among the train rows too{mend}"
    if train.duplicates >= max(1, _REPEATED * train.rows):
        yield f"{share(train.duplicates, train.rows)} of the train rows repeat another: data.clean: [drop_duplicates]"
    if train.contradicting >= max(1, _CONTRADICTING * train.rows):
        yield f"{share(train.contradicting, train.rows)} of the train rows are there again with another label"
    if train.empty:
        yield f"{share(train.empty, train.rows)} of the train texts are empty: data.clean: [drop_empty]"
    yield from _about_classes(report)
    if cut > _CUT:
        yield f"{cut:.0%} of the train rows are longer than {at} tokens, and are cut: max_length"


def share(part: int, whole: int) -> str:
    """``12 (3.4%)``."""
    return f"{part:,} ({100 * part / whole:.2g}%)" if whole else "0"


_APART = {
    ("validation", False): ": data.clean: [drop_validation_overlap]",
    ("test", False): ": data.clean: [drop_test_overlap]",
    ("validation", True): ": data.clean: [drop_duplicates]",
    ("test", True): ": data.clean: [drop_duplicates]",
}


def _about_classes(report: DataReport) -> Iterator[str]:
    train, validation = report.splits["train"], report.splits["validation"]
    if not train.classes or sum(train.classes.values()) != train.rows:
        return
    most = max(train.classes, key=lambda name: train.classes[name])
    part = train.classes[most] / train.rows
    if part >= _ONE_SIDED:
        yield (
            f"{part:.1%} of the train rows are of class {most!r}, and to say it always is as accurate: choose by "
            "f1_macro, and see class_weights and sampling"
        )
    rare = [name for name, rows in train.classes.items() if rows < _FEW_ROWS]
    if rare:
        yield f"{len(rare)} of {len(train.classes)} classes have fewer than {_FEW_ROWS} train rows: {few(rare)}"
    unseen = [name for name, rows in validation.classes.items() if not rows]
    if unseen:
        yield f"{len(unseen)} of {len(train.classes)} classes have no validation row: {few(unseen)}"


def _held(facts: SplitFacts) -> list[str]:
    return [name for name, rows in facts.classes.items() if rows]
