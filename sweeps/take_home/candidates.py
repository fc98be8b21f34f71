"""Which trials a confirmation compares: the best that can be trained again, with seeds that the sweep never had."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.errors import NoUsableTrial
from sweeps.records.best import Best, choose_best
from sweeps.records.record import SweepRecord
from sweeps.search.identity import identity
from sweeps.take_home.best import saves

SEED = "seed"


@dataclass(frozen=True)
class Chosen:
    """The best reports of the best trials, the best first; and trials that were as good and are not among them, with
    the reason."""

    trials: tuple[Best, ...]
    passed_over: Mapping[str, str]


def choose(config: SweepConfig, record: SweepRecord, folder: Path, top: int) -> Chosen:
    """The best ``top`` trials that differ by more than their seeds, each with a whole checkpoint where trials save any.

    Raises:
        NoUsableTrial: there is none.
    """
    chosen: dict[str, Best] = {}
    passed_over: dict[str, str] = {}
    for best in _in_order(record, folder):
        key = identity(configuration(best.params))
        if why := _why_not(config, best):
            passed_over[best.trial] = why
        elif key in chosen:
            passed_over[best.trial] = f"it is {chosen[key].trial} with another seed"
        else:
            chosen[key] = best
        if len(chosen) == top:
            break
    if not chosen:
        whys = "; ".join(f"{trial}: {why}" for trial, why in itertools.islice(passed_over.items(), 3))
        raise NoUsableTrial(f"{folder}: no trial can be trained again" + (f"; {whys}" if whys else ""))
    return Chosen(tuple(chosen.values()), passed_over)


def configuration(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without the seed."""
    return {name: value for name, value in params.items() if name != SEED}


def fresh_seeds(config: SweepConfig, record: SweepRecord, count: int) -> tuple[int, ...]:
    """The least whole numbers from 1 on that seeded nothing in this sweep."""
    fixed = config.trainer.settings.get(SEED) if isinstance(config.trainer, FunctionTrainer) else config.trainer.seed
    used = {config.seed, fixed, *(trial.params.get(SEED) for trial in record.trials)}
    return tuple(itertools.islice((seed for seed in itertools.count(1) if seed not in used), count))


def _in_order(record: SweepRecord, folder: Path) -> Iterator[Best]:
    """The best report of each trial that can be used, the best trial first."""
    rest, usable_only = record.trials, saves(record)
    while (best := choose_best(record.with_trials(rest), folder, usable_only=usable_only)) is not None:
        yield best
        rest = tuple(trial for trial in rest if trial.id != best.trial)


def _why_not(config: SweepConfig, best: Best) -> str:
    if best.parent is not None:
        return f"it is a copy of {best.parent.text}, trained with other values before, which no training repeats"
    if best.outside:
        return f"it does not fit the sweep since that was extended: {best.outside}"
    if not config.space.contains(best.params):
        return "it is not in the space that the sweep has now"
    return ""
