"""What a model card says of a confirmation and of the test split."""

from __future__ import annotations

from collections.abc import Iterator

from sweeps.records.best import Best
from sweeps.records.confirmation import Candidate, Confirmation, Look
from sweeps.records.record import SweepRecord
from sweeps.take_home.card_sections import table
from sweeps.views.confirmation import look_of
from sweeps.views.verdict import doubts, interval_text, remarks, verdict


def caution(record: SweepRecord, best: Best) -> str:
    """How to take the validation value."""
    if look_of(record, best) is not None:
        return "The value chose the trial, so it flatters it; the test rows below chose nothing."
    return "The value chose the trial, so it flatters it: evaluate on rows that the sweep has not seen."


def after_the_sweep(record: SweepRecord, best: Best, *, continues: bool = False) -> Iterator[str]:
    """The repeats with fresh seeds, if this trial was among them, and what it scored on the test split, if anything.

    ``continues``: the sweep began with an exported model, whose rows it does not know.
    """
    confirmation = record.confirmation
    if confirmation is not None and best.trial in {one.trial for one in confirmation.candidates}:
        yield from _repeats(record, confirmation)
    look = look_of(record, best)
    if look is not None:
        yield from _test(record, look, continues)
    elif record.looks:
        others = ", ".join(dict.fromkeys(f"`{one.trial}`" for one in record.looks))
        yield f"The test split was looked at {_times(len(record.looks))}, for {others}: not for this model."


def _repeats(record: SweepRecord, confirmation: Confirmation) -> Iterator[str]:
    seeds = ", ".join(map(str, confirmation.seeds))
    yield "### Repeats"
    yield (
        f"The best trials' configurations were trained again, from the beginning to the end, with the seeds {seeds}; "
        "the sweep had used none of them. The error is the standard error of the mean, the interval that of the "
        "difference between the best mean and the row's."
    )
    against = {one.trial: one for one in confirmation.comparisons}
    rows = []
    for one in confirmation.candidates:
        other = against.get(one.trial)
        tested = other is not None and other.corrected is not None
        difference = "" if other is None or other.difference is None else f"{other.difference:.6g}"
        interval = [interval_text(other), other.corrected] if other is not None and tested else ["", ""]
        cells = [difference, *interval]
        rows.append([one.trial, one.value, *_mean(one), f"{len(one.values)} of {len(one.repeats)}", *cells])
    names = ["trial", "in the sweep", f"mean {record.metric}", "std error", "seeds", "difference", "interval", "p"]
    yield table(names, rows)
    yield "\n".join(f"- {line}." for line in (verdict(confirmation), *remarks(confirmation)))


def _mean(one: Candidate) -> list[float | str]:
    return ["" if value is None else value for value in (one.mean, one.error)]


def _test(record: SweepRecord, look: Look, continues: bool) -> Iterator[str]:
    yield "### Test"
    looks = f"the sweep's test split was looked at {_times(len(record.looks))} in all"
    first = (
        f"this was look {look.number}, and {looks}"
        if len(record.looks) > 1
        else "nobody had looked at them in it before"
    )
    yield f"Of {look.rows:,} test rows, which neither trained nor chose anything in this sweep; {first}."
    if continues:
        yield "The model that it continues may have been trained on some of them, which this sweep cannot know."
    yield table(["metric", "test"], [[name, value] for name, value in look.metrics.items()])
    if look.classes:
        scores = [[name, one.precision, one.recall, one.f1, one.support] for name, one in look.classes.items()]
        yield table(["class", "precision", "recall", "f1", "support"], scores)
    yield from (f"{line[0].upper()}{line[1:]}." for line in doubts(look))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
