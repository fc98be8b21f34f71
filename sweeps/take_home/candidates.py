"""Which trials a confirmation compares: the best that can be trained again, with seeds that the sweep never had."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.errors import NoUsableTrial
from sweeps.records.best import Best, choose_best
from sweeps.records.events import Event
from sweeps.records.record import SweepRecord
from sweeps.records.sweep_file import read_config
from sweeps.search.identity import identity
from sweeps.take_home.best import saves

SEED = "seed"


@dataclass(frozen=True)
class Chosen:
    """The best reports of the best trials, the best first; and trials that were as good and are not among them, with
    the reason."""

    trials: tuple[Best, ...]
    passed_over: Mapping[str, str]


class Generations:
    """The sweep's configurations: that of each trial, which may be older than an extension.

    Args:
        folder: the sweep's.
        events: its ledger.
    """

    def __init__(self, folder: Path, events: Sequence[Event]) -> None:
        self._folder, self._events = folder, events
        self._known: dict[int, SweepConfig] = {}

    def of(self, best: Best) -> SweepConfig:
        """The configuration that ``best`` was trained by; the same object for all trials of a generation.

        Raises:
            InputError: its file was changed.
        """
        if best.generation not in self._known:
            self._known[best.generation] = read_config(self._folder, self._events, best.generation)
        return self._known[best.generation]


def choose(config_of: Callable[[Best], SweepConfig], record: SweepRecord, folder: Path, top: int) -> Chosen:
    """The best ``top`` trials that differ by more than their seeds, each with a whole checkpoint where trials save any.

    Args:
        config_of: the configuration that a trial was trained by.
        record: the sweep.
        folder: where it lies.
        top: how many.

    Raises:
        NoUsableTrial: there is none.
    """
    chosen: dict[str, Best] = {}
    passed_over: dict[str, str] = {}
    for best in _in_order(record, folder):
        config = config_of(best)
        key = _key(config, best)
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
    if not config.space.contains(best.params):
        return "it is not in the sweep's space"
    return ""


def _key(config: SweepConfig, best: Best) -> str:
    """What it trains, whatever the seed."""
    settings = dict(config.trial_settings(best.params))
    settings.pop(SEED, None)
    return identity(settings)
