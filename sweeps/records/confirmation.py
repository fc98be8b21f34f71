"""What is known of a sweep's winner besides the sweep: repeats with fresh seeds, and looks at the test split."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trainer.per_class import ClassScore

AFTERWARDS = frozenset({"confirmed", "tested"})
"""Events that no driver of the sweep writes: they take none of its time."""


@dataclass(frozen=True)
class Repeat:
    """A configuration trained again with another seed; without a ``value`` a ``reason``, in words."""

    seed: int
    value: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Candidate:
    """One of the best trials, and its repeats.

    Attributes:
        trial: whose configuration was repeated.
        report: its best one.
        value: of the sweep's metric there, by which it was among the best.
        repeats: one for each seed, in their order.
        mean: of the repeats' values; ``None`` without any.
        error: its standard error; ``None`` with fewer than two values.
        stopped_early: whether a scheduler stopped the trial; its repeats were trained to their ends.
    """

    trial: str
    report: int
    value: float
    repeats: tuple[Repeat, ...]
    mean: float | None = None
    error: float | None = None
    stopped_early: bool = False

    @property
    def values(self) -> dict[int, float]:
        """By seed."""
        return {one.seed: one.value for one in self.repeats if one.value is not None}


@dataclass(frozen=True)
class Comparison:
    """The winner and another candidate, by a paired t test over the seeds that both have values for.

    Attributes:
        trial: the other one.
        pairs: how many seeds.
        difference: the winner's mean less the other's, over these seeds.
        low: the lower end of the interval that the true difference lies in.
        high: its upper end.
        confidence: of the interval: it leaves out 0 exactly where ``corrected`` is at most 5%.
        p: of the test by itself, two-sided.
        corrected: the same corrected for there being several comparisons (Holm). ``None``, as are ``p`` and the
            interval, where no test can be made: fewer than two pairs, or the same difference with every seed.
        ahead: whether the winner's mean is the better one over these seeds too: it need not be where repeats failed.
        needed: how many seeds would probably tell them apart; ``None`` where they are, or nobody can say.
    """

    trial: str
    pairs: int
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    p: float | None = None
    corrected: float | None = None
    ahead: bool = True
    needed: int | None = None


@dataclass(frozen=True)
class Confirmation:
    """The best trials' configurations, trained again with the same fresh seeds.

    Attributes:
        number: of the confirmations of this sweep, from 1.
        top: how many candidates were asked for.
        seeds: of the repeats.
        candidates: the best mean first.
        comparisons: of the winner with each of the others, in their order.
        level: a corrected p of at most this tells two apart.
        passed_over: trials that were as good and could not be candidates, and why.
        time: seconds since 1970.
        later: trials that have reported since.
    """

    number: int
    top: int
    seeds: tuple[int, ...]
    candidates: tuple[Candidate, ...]
    comparisons: tuple[Comparison, ...]
    level: float
    passed_over: Mapping[str, str] = field(default_factory=dict)
    time: float = 0.0
    later: frozenset[str] = frozenset()

    @property
    def winner(self) -> Candidate | None:
        """The candidate with the best mean; ``None`` where no repeat gave a value."""
        first = self.candidates[0] if self.candidates else None
        return first if first is not None and first.mean is not None else None

    @property
    def told_apart(self) -> bool | None:
        """Whether the winner is told apart from the runner-up; ``None`` where no test could be made."""
        first = next(iter(self.comparisons), None)
        if first is None or first.corrected is None:
            return None
        return first.ahead and first.corrected <= self.level

    @property
    def seedless(self) -> bool:
        """Whether the seed changed nothing in any of several repeats: then they say nothing about chance."""
        values = [list(one.values.values()) for one in self.candidates]
        return any(len(one) > 1 for one in values) and all(len(set(one)) < 2 for one in values)

    def fields(self) -> dict[str, Any]:
        """Of the event ``confirmed``; `confirmation_of` reads them back."""
        plain = dataclasses.asdict(self)
        return {name: value for name, value in plain.items() if name not in ("time", "later")}

    def same_as(self, other: Confirmation | None) -> bool:
        """Whether another one says the same, whatever its number."""
        return other is not None and {**self.fields(), "number": 0} == {**other.fields(), "number": 0}


@dataclass(frozen=True)
class Look:
    """One evaluation of a trial on the test split.

    Attributes:
        number: of the looks at the test split of this sweep, from 1.
        trial: the winner then.
        report: of its own, not of a repeat, whose ``checkpoint`` was evaluated (relative to the sweep's folder).
        metrics: on the test rows, all that the task has.
        classes: how well each class is told; empty where the task has none.
        rows: of the test split.
        validation: the sweep's metric of the same checkpoint on the validation rows, computed again beside it.
        reported: what the sweep had there.
        undefined: metrics that are not finite on these rows.
        time: seconds since 1970.
    """

    number: int
    trial: str
    report: int
    checkpoint: str
    metrics: Mapping[str, float]
    rows: int
    classes: Mapping[str, ClassScore] = field(default_factory=dict)
    validation: float | None = None
    reported: float | None = None
    undefined: tuple[str, ...] = ()
    time: float = 0.0

    def fields(self) -> dict[str, Any]:
        """Of the event ``tested``; `look_of` reads them back."""
        plain = dataclasses.asdict(self)
        return {("look" if name == "number" else name): value for name, value in plain.items() if name != "time"}


def confirmation_of(event: Mapping[str, Any]) -> Confirmation:
    """What an event ``confirmed`` says. Raises ``KeyError`` or ``TypeError`` where it lacks something."""
    return Confirmation(
        number=event["number"],
        top=event["top"],
        seeds=tuple(event["seeds"]),
        candidates=tuple(
            Candidate(**{**one, "repeats": tuple(Repeat(**repeat) for repeat in one["repeats"])})
            for one in event["candidates"]
        ),
        comparisons=tuple(Comparison(**one) for one in event["comparisons"]),
        level=event["level"],
        passed_over=event["passed_over"],
        time=event["time"],
    )


def look_of(event: Mapping[str, Any]) -> Look:
    """What an event ``tested`` says. Raises ``KeyError`` or ``TypeError`` where it lacks something."""
    return Look(
        number=event["look"],
        trial=event["trial"],
        report=event["report"],
        checkpoint=event["checkpoint"],
        metrics=event["metrics"],
        rows=event["rows"],
        classes={name: ClassScore(**score) for name, score in event["classes"].items()},
        validation=event["validation"],
        reported=event["reported"],
        undefined=tuple(event["undefined"]),
        time=event["time"],
    )
