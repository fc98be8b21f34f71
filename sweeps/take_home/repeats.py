"""Configurations trained again with other seeds: a sweep of its own inside the sweep's folder, by the same driver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sweeps.config import SweepConfig, from_mapping
from sweeps.engine.sweep_folder import never_began
from sweeps.errors import Exit, InputError, SweepError
from sweeps.records.builder import RecordBuilder, read_sweep
from sweeps.records.confirmation import Repeat
from sweeps.records.finding import is_sweep
from sweeps.records.ledger import Ledger
from sweeps.records.lock import SweepLock
from sweeps.records.record import State, SweepRecord, TrialRecord
from sweeps.records.retention import delete
from sweeps.records.sweep_file import read_config
from sweeps.search.identity import identity
from sweeps.take_home.candidates import SEED, configuration
from trainer.errors import ConfigError

FOLDER = "confirm"
_NAME = "repeats-"

Params = Mapping[str, Any]
Configuration = tuple[SweepConfig, Params]
"""Parameters, and the sweep as it was configured when they were tried."""


class NotThroughYet(SweepError):
    """The repeats broke off; ``exit_code`` says how. What was done is kept, and the same command goes on with it."""

    def __init__(self, message: str, code: Exit) -> None:
        self.exit_code = code
        super().__init__(message)


class Driver(Protocol):
    """Runs sweeps in this sweep's folder, and says how they ended; `sweeps.engine.inner` is the one with Ray."""

    def run(self, config: SweepConfig, storage: Path, cache: Path) -> Exit:
        """A new one, in a folder of its name in ``storage``, on the prepared data in ``cache``."""

    def resume(self, folder: Path, cache: Path) -> Exit:
        """One that was begun."""


class Repeats:
    """All repeats that a sweep ever had, in ``confirm/repeats-<n>`` below its folder. None is trained twice.

    Args:
        folder: the sweep's.
    """

    def __init__(self, folder: Path) -> None:
        self._storage, self._cache = folder / FOLDER, folder / "cache"

    def ensure(self, configurations: Sequence[Configuration], seeds: Sequence[int], driver: Driver) -> None:
        """Train what was not yet: each configuration with each seed, all of them with one seed before the next.

        Trials of before an extension are repeated by a sweep of their own. A sweep of repeats that was interrupted is
        gone on with, where all of it is still wanted.

        Raises:
            InputError: what they need is not there.
            NotThroughYet: they broke off.
        """
        wanted = [(config, {**configuration(one), SEED: seed}) for seed in seeds for config, one in configurations]
        keys = {self._key(config, point) for config, point in wanted}
        for folder in self._folders():
            config, record = read_config(folder), read_sweep(folder)
            if record.state != "finished" and all(self._key(config, point) in keys for point in config.points):
                _check(folder, driver.resume(folder, self._cache))
        known = self._known()
        missing = [(config, point) for config, point in wanted if self._key(config, point) not in known]
        for config in _distinct(config for config, _ in missing):
            self._begin(config, [point for other, point in missing if other is config], driver)

    def of(self, one: Configuration, seeds: Sequence[int]) -> tuple[Repeat, ...]:
        """What the repeats of one configuration came to."""
        config, params = one
        known = self._known()
        found = ((seed, known.get(self._key(config, {**configuration(params), SEED: seed}))) for seed in seeds)
        return tuple(_repeat(seed, *one) if one else Repeat(seed, None, "was not trained") for seed, one in found)

    def tidy(self) -> None:
        """Delete the checkpoints of repeats: only their values are of use."""
        for folder in self._folders():
            if any(folder.glob("trials/*/checkpoints/*")) and read_sweep(folder).state == "finished":
                _drop_checkpoints(folder)

    def _begin(self, sweep: SweepConfig, points: Sequence[Params], driver: Driver) -> None:
        config = repeats_config(sweep, self._next_name(), points)
        _check(self._storage / config.name, driver.run(config, self._storage, self._cache))

    def _folders(self) -> list[Path]:
        """Those that began, in order."""
        named = {path.name.removeprefix(_NAME): path for path in self._storage.glob(f"{_NAME}*")}
        numbered = sorted((int(number), path) for number, path in named.items() if number.isdecimal())
        return [path for _, path in numbered if is_sweep(path) and not never_began(path)]

    def _next_name(self) -> str:
        began = {path.name for path in self._folders()}
        return next(name for n in range(1, len(began) + 2) if (name := f"{_NAME}{n}") not in began)

    def _known(self) -> dict[str, tuple[SweepRecord, TrialRecord]]:
        """The repeats that are at their ends, by their whole configurations."""
        found = {}
        for folder in self._folders():
            config, record = read_config(folder), read_sweep(folder)
            for trial in record.trials:
                if trial.state.final:
                    found[self._key(config, trial.params)] = (record, trial)
        return found

    def _key(self, config: SweepConfig, params: Params) -> str:
        """All that a training depends on: of what the sweep fixes, too, which may have changed since."""
        try:
            return identity(config.trial_settings(params))
        except ConfigError as error:
            raise InputError(f"cannot be trained: {error}", where=str(self._storage.parent)) from error


def repeats_config(config: SweepConfig, name: str, points: Sequence[Params]) -> SweepConfig:
    """The sweep of exactly these points of ``config``'s space, each with a ``seed``; nobody is stopped early.

    Rows, splits and resources are the same.

    Raises:
        InputError: data, modules or models that the sweep needs are not there any more.
    """
    mapping = config.to_mapping()
    seeds = list(dict.fromkeys(point[SEED] for point in points))
    trainer = {key: value for key, value in mapping["trainer"].items() if key != SEED}
    kept = [rule.text for rule in config.space.rules if SEED not in rule.names]
    grid = config.method == "grid"
    mapping |= {
        "name": name,
        "trainer": trainer,
        # A grid stays one: its space may be one that is never found by drawing.
        "method": "grid" if grid else "random",
        "parameters": {**mapping["parameters"], SEED: {"values": seeds}},
        "constraints": kept or None,
        "points": [dict(point) for point in points],
        "early_stopping": "none",
        "trials": len(points),
        "keep_checkpoints": 1,
        "grid_limit": config.grid_limit * len(seeds),
        # They are no search: nothing to begin with, and nothing to learn from.
        "archive": False,
        "past": [],
    }
    # What a tracker shows is the search; repeats would be among its trials as if they had been found.
    for key in ("budget", "stop_when", "finish", "keep_paused", "warm_start", "trackers"):
        mapping.pop(key, None)
    return from_mapping(mapping, base=config.base, where="the repeats")


def _distinct(configs: Iterable[SweepConfig]) -> list[SweepConfig]:
    return list({id(config): config for config in configs}.values())


def _check(folder: Path, code: Exit) -> None:
    if code is not Exit.DONE:
        record = read_sweep(folder)
        done = sum(trial.state.final for trial in record.trials)
        what = f"{done} of {record.planned} repeats are done"
        raise NotThroughYet(f"{what}; the same command goes on with the others", code)


def _repeat(seed: int, record: SweepRecord, trial: TrialRecord) -> Repeat:
    best = trial.best(record.metric, record.goal)
    if trial.state in {State.FAILED, State.DIVERGED}:
        text = trial.reason.text if trial.reason else ""
        return Repeat(seed, None, f"{trial.state}: {text}" if text else str(trial.state))
    if best is None:
        return Repeat(seed, None, "no report of it counts")
    return Repeat(seed, best.metrics[record.metric])


def _drop_checkpoints(folder: Path) -> None:
    with SweepLock(folder), Ledger.open(folder, create=False) as ledger:
        for trial in RecordBuilder(ledger.past).record().trials:
            for report in trial.reports:
                there = report.checkpoint is not None and (folder / report.checkpoint).exists()
                if there and delete(folder, str(report.checkpoint)):
                    ledger.append("dropped", trial=trial.id, checkpoint=report.checkpoint)
