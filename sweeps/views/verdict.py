"""A confirmation and a look at the test split in words."""

from __future__ import annotations

from collections.abc import Iterator

from sweeps.records.confirmation import Candidate, Comparison, Confirmation, Look
from sweeps.views.text import metric_text

_CLOSE = 1e-3  # a checkpoint that scores as it did, but for the machine's rounding


def verdict(confirmation: Confirmation) -> str:
    """Who won, and whether that may be chance."""
    winner = confirmation.winner
    if winner is None:
        return "no repeat gave a value, so there is no winner"
    if confirmation.seedless:
        return (
            f"{winner.trial} has the best mean, but every seed gave the same values: the seed changes nothing in these "
            "trainings, so nothing is known of chance (a function of one's own gets it as config['seed'])"
        )
    first = next(iter(confirmation.comparisons), None)
    if first is None:
        return f"{winner.trial} has {mean_text(winner)}; there is nothing to compare it with"
    if first.corrected is None:
        return f"{winner.trial} has the best mean, and whether it is better than {first.trial} cannot be said: " + (
            f"they have {first.pairs} seed{'s' if first.pairs != 1 else ''} in common, and a test needs two"
            if first.pairs < 2
            else "their difference is the same with every seed, so its spread is not known; give more seeds"
        )
    if not first.ahead:
        common = f"over the {first.pairs} seeds that both have values for {first.trial} is better"
        return f"{winner.trial} has the best mean, but {common}: it is not told apart"
    count = sum(one.corrected is not None for one in confirmation.comparisons)
    correction = f", Holm-corrected over {count} comparisons" if count > 1 else ""
    facts = f"{interval_text(first)}; p={p_text(first.corrected)}, paired t over {first.pairs} seeds{correction}"
    if confirmation.told_apart:
        return f"{winner.trial} is better than the runner-up {first.trial}, by {_by(first)} ({facts})"
    more = f"; about {first.needed} seeds would tell such a difference in 4 of 5 cases" if first.needed else ""
    return f"{winner.trial} is not told apart from {first.trial}: {_by(first)} may be chance ({facts}){more}"


def brief(confirmation: Confirmation) -> str:
    """The winner's mean, and whether it is told apart from the runner-up, in a few words."""
    winner = confirmation.winner
    if winner is None:
        return "no: no repeat gave a value"
    mean = mean_text(winner)
    first = next(iter(confirmation.comparisons), None)
    if first is None:
        return f"by {mean}, compared with none"
    if confirmation.seedless or first.corrected is None:
        return f"by {mean}; whether it is better than {first.trial} cannot be said"
    p = f"(p={p_text(first.corrected)})"
    if confirmation.told_apart:
        return f"yes, by {mean}; better than {first.trial} {p}"
    return f"by {mean} only; not told apart from {first.trial} {p}"


def remarks(confirmation: Confirmation) -> Iterator[str]:
    """What to know besides, a line each."""
    found = confirmation.candidates
    if len(found) < confirmation.top:
        only = "there are no others with a value whose best checkpoint is still there (keep_checkpoints)"
        yield f"{len(found)} of the {confirmation.top} trials asked for: {only}"
    for trial, why in confirmation.passed_over.items():
        yield f"{trial} is passed over: {why}"
    for one in found:
        if failed := [repeat for repeat in one.repeats if repeat.value is None]:
            what = f"{len(failed)} of {len(one.repeats)} repeats of {one.trial} gave no value"
            yield f"{what} and are left out of its mean: {failed[0].reason}"
        if one.stopped_early:
            yield f"{one.trial} was stopped early in the sweep; its repeats were trained to their ends"
    if confirmation.number > 1:
        yield (
            f"this is confirmation {confirmation.number} of the sweep: seeds or trials that are added after a look at "
            "the outcome make every p too small"
        )


def doubts(look: Look) -> Iterator[str]:
    """What speaks against a look's numbers, a line each."""
    if look.undefined:
        yield f"not finite on these rows: {', '.join(look.undefined)}"
    if look.validation is None or look.reported is None:
        return
    if abs(look.validation - look.reported) > _CLOSE * max(1.0, abs(look.reported)):
        yield (
            f"on the validation rows this checkpoint scores {look.validation:.6g} here, and had {look.reported:.6g} in "
            "the sweep: the code, the versions or the machine are not the same"
        )


def nth_look(look: Look) -> str:
    """``look 1``: for people."""
    return f"look {look.number} at it"


def mean_text(one: Candidate) -> str:
    """``a mean of 0.9764 ± 0.0012 over 5 seeds``; the error is the mean's standard error."""
    count = len(one.values)
    error = f" ± {error_text(one)}" if one.error is not None else ""
    return f"a mean of {metric_text(one.mean)}{error} over {count} seed{'s' if count != 1 else ''}"


def interval_text(one: Comparison) -> str:
    """``97.5% interval -0.001 to 0.004``, of a comparison that has one."""
    if one.low is None or one.high is None or one.confidence is None:
        return "no interval"
    return f"{100 * one.confidence:.3g}% interval {ends_text(one.low, one.high)}"


def ends_text(low: float, high: float) -> str:
    """The ends of an interval."""
    return f"{low:.3g} to {high:.3g}"


def error_text(one: Candidate) -> str:
    """The standard error of a mean, in two digits."""
    return "-" if one.error is None else f"{one.error:.2g}"


def _by(one: Comparison) -> str:
    return metric_text(abs(one.difference or 0.0))


def p_text(value: float | None) -> str:
    """A p, in two digits."""
    if value is None:
        return "-"
    return "<0.0001" if value < 1e-4 else f"{value:.2g}"
