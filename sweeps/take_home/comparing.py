"""From repeats to a confirmation: means, the winner, and whether it is told apart from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sweeps.records.best import Best
from sweeps.records.confirmation import Candidate, Comparison, Confirmation, Repeat
from sweeps.records.record import Goal, SweepRecord
from sweeps.take_home.candidates import Chosen
from sweeps.take_home.paired import LEVEL, Paired, holm, mean_and_error, paired, seeds_needed


def compared(
    record: SweepRecord, chosen: Chosen, repeated: Sequence[tuple[Repeat, ...]], seeds: tuple[int, ...], top: int
) -> Confirmation:
    """The confirmation of a sweep whose repeats are trained, those of each chosen trial: the next in number."""
    candidates = [_candidate(best, of_it) for best, of_it in zip(chosen.trials, repeated, strict=True)]
    ranked = in_order(candidates, record.goal)
    number = record.confirmation.number + 1 if record.confirmation else 1
    return Confirmation(
        number=number,
        top=top,
        seeds=seeds,
        candidates=ranked,
        comparisons=comparisons(ranked, record.goal),
        level=LEVEL,
        passed_over=chosen.passed_over,
    )


def in_order(candidates: list[Candidate], goal: Goal) -> tuple[Candidate, ...]:
    """By their means, the best first; of equals the one that was better in the sweep; those without a mean last."""
    sign = 1.0 if goal == "minimize" else -1.0

    def rank(one: Candidate) -> tuple[bool, float]:
        return one.mean is None, 0.0 if one.mean is None else sign * one.mean

    return tuple(sorted(candidates, key=rank))  # stable: they come in the order of the sweep


def comparisons(ranked: tuple[Candidate, ...], goal: Goal) -> tuple[Comparison, ...]:
    """The first of them with each of the others, by the seeds that both have values for."""
    if not ranked:
        return ()
    winner, others = ranked[0].values, ranked[1:]
    tests = []
    for other in others:
        common = [seed for seed in winner if seed in other.values]
        tests.append(paired([winner[seed] for seed in common], [other.values[seed] for seed in common]))
    # Only tests that can be made are tried, so only they are counted.
    places = [at for at, test in enumerate(tests) if test.p is not None]
    corrected = dict(zip(places, holm([tests[at].p or 0.0 for at in places]), strict=True))
    return tuple(
        _comparison(other.trial, test, corrected.get(at), goal)
        for at, (other, test) in enumerate(zip(others, tests, strict=True))
    )


def _comparison(trial: str, test: Paired, corrected: tuple[float, float] | None, goal: Goal) -> Comparison:
    sign = 1.0 if goal == "maximize" else -1.0
    plain = Comparison(trial, test.pairs, test.difference, ahead=sign * (test.difference or 0.0) >= 0)
    if corrected is None:
        return plain
    p, level = corrected
    interval = test.interval(1 - level)
    assert interval is not None
    needed = seeds_needed(test, level) if p > LEVEL else None
    return replace(plain, low=interval[0], high=interval[1], confidence=1 - level, p=test.p, corrected=p, needed=needed)


def _candidate(best: Best, of_it: tuple[Repeat, ...]) -> Candidate:
    mean, error = mean_and_error([one.value for one in of_it if one.value is not None])
    return Candidate(best.trial, best.report, best.value, of_it, mean, error, best.stopped_early)
