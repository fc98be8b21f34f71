"""What an extension makes of a sweep: which of its trials are used, what is left to do, and the line that says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from search_spaces.values import alike
from sweeps.config import SweepConfig
from sweeps.config.extending import Changes, extended
from sweeps.config.places import COMMAND_LINE
from sweeps.config.translation import Translation
from sweeps.errors import InputError
from sweeps.records.builder import RecordBuilder
from sweeps.records.events import Event
from sweeps.records.ledger import Ledger
from sweeps.records.record import State, SweepRecord
from sweeps.records.sweep_file import NEXT_FILE, finish_switch, read_config, sweep_file, write_config
from sweeps.study.disk import has_newest
from sweeps.study.earlier import Earlier
from sweeps.study.source import MANY
from sweeps.study.study import Study

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Extension:
    """A sweep with another configuration.

    Attributes:
        before: the configuration that it has so far.
        config: the one that it goes on with.
        generation: its number; the first extension is 2.
        planned: how many trials there will be at most, those of before among them, where that is known.
        params: of earlier trials that fit with other parameters than they were known by.
        outside: earlier trials that do not fit, with the reason.
        reopened: trials that were paused and then ended with the sweep, and may go on now.
        prior_from: the number of the suggestion from which priors fade.
        used: the earlier trials that fit.
        unfinished: those of them that go on.
        new: how many new trials there can be; ``None`` where the budget says.
    """

    before: SweepConfig
    config: SweepConfig
    generation: int
    planned: int | None
    params: Mapping[str, Params]
    outside: Mapping[str, str]
    reopened: tuple[str, ...]
    prior_from: int
    used: tuple[str, ...]
    unfinished: tuple[str, ...] = ()
    new: int | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What the ledger's line says of it."""
        return {
            "generation": self.generation,
            "params": {trial: dict(params) for trial, params in self.params.items()},
            "outside": dict(self.outside),
            "reopened": list(self.reopened),
            "prior_from": self.prior_from,
        }


def plan_extension(folder: Path, events: Sequence[Event], changes: Changes) -> Extension:
    """What ``changes`` make of the sweep in ``folder``. Nothing is written.

    Args:
        folder: the sweep's.
        events: its whole ledger.
        changes: as for `sweeps.config.extending.extended`.

    Raises:
        InputError: changes that cannot be made, or that leave nothing to do.
    """
    before = read_config(folder, events)
    config = extended(before, sweep_file(folder, events), changes)
    record = RecordBuilder(events).record()
    params, outside = _translated(folder, events, record, config)
    used, tried = tuple(params), list(params.values())
    resting = _ended_at_rest(events) - outside.keys()
    known = {trial.id: dict(trial.params) for trial in record.trials}
    found = Extension(
        before,
        config,
        generation=record.generation + 1,
        planned=_with_extra(_planned(config, tried, len(outside)), events),
        params={trial: now for trial, now in params.items() if now != known[trial]},
        outside=outside,
        reopened=tuple(one.id for one in record.trials if one.id in resting and has_newest(folder, one)),
        prior_from=_prior_from(before, config, events, tried),
        used=used,
    )
    return _with_work(found, folder, events)


def write_down(extension: Extension, folder: Path, ledger: Ledger, facts: Mapping[str, Any]) -> None:
    """Begin the extension: its configuration beside the earlier one, the ledger's line, then the files' names.

    Whatever comes between two of these steps, the next driver finds either the sweep as it was or the extended one.

    Args:
        extension: of the sweep in ``folder``.
        folder: the sweep's; its lock is held.
        ledger: open; the line is among its ``past`` afterwards.
        facts: what a ``sweep`` line says besides.
    """
    write_config(folder, extension.config, NEXT_FILE)
    ledger.past.append(ledger.append("sweep", **facts, extension=extension.facts))
    ledger.sync()
    finish_switch(folder, ledger.past)


def _translated(
    folder: Path, events: Sequence[Event], record: SweepRecord, config: SweepConfig
) -> tuple[dict[str, Params], dict[str, str]]:
    """The parameters of each trial that fits, and why the others do not."""

    @cache
    def translation(generation: int) -> Translation:
        return Translation(read_config(folder, events, generation), config)

    params: dict[str, Params] = {}
    outside: dict[str, str] = {}
    for trial in record.trials:
        found = translation(trial.generation)(trial.params)
        if isinstance(found, str):
            outside[trial.id] = found
        else:
            params[trial.id] = found
    return params, outside


def _ended_at_rest(events: Iterable[Event]) -> set[str]:
    """Trials that were not stopped at a report, but while they waited: with the sweep, or with an extension of it."""
    latest: dict[str, tuple[State, int]] = {}
    found: set[str] = set()
    for event in events:
        if event["event"] == "state":
            trial, state, attempt = event["trial"], State(event["state"]), event["attempt"]
            waited = latest.get(trial) == (State.PAUSED, attempt) or (event["reason"] or {}).get("code") == "outside"
            if state is State.STOPPED and waited:
                found.add(trial)
            else:
                found.discard(trial)
            latest[trial] = (state, attempt)
        elif extension := event.get("extension"):
            for trial in extension["reopened"]:
                latest[trial] = (State.PAUSED, latest[trial][1])
                found.discard(trial)
    return found


def _planned(config: SweepConfig, tried: Sequence[Params], outside: int) -> int | None:
    if config.method != "grid":
        return config.trials
    apart = sum(not config.space.on_grid(one) and not _among(one, config.points) for one in tried)
    size = config.space.grid_size() + sum(not config.space.on_grid(point) for point in config.points)
    total = outside + apart + size
    return total if config.trials is None else min(config.trials, total)


def _with_extra(planned: int | None, events: Sequence[Event]) -> int | None:
    """With the trials that somebody asked for, which come on top of those that a sweep file plans."""
    asked_for = sum(event["event"] == "trial" and "command" in event for event in events)
    return None if planned is None else planned + asked_for


def _prior_from(before: SweepConfig, config: SweepConfig, events: Sequence[Event], tried: Sequence[Params]) -> int:
    if _priors(before) == _priors(config):
        known = Earlier.of(events).prior_from
        return len(before.points) + 1 if known is None else known
    last = max((int(event.get("number", 0)) for event in events if event["event"] in {"trial", "twin"}), default=0)
    return last + 1 + sum(not _among(point, tried) for point in config.points)


def _priors(config: SweepConfig) -> dict[str, Any]:
    return {parameter.name: parameter.prior for parameter in config.space if parameter.prior is not None}


def _among(one: Params, others: Iterable[Params]) -> bool:
    return any(alike(one, other) for other in others)


def _with_work(extension: Extension, folder: Path, events: Sequence[Event]) -> Extension:
    """The extension with what is left to do in it, found by telling a study of it everything.

    Raises:
        InputError: nothing.
    """
    latest = next(event for event in reversed(events) if event["event"] == "sweep")
    at = {"n": len(events) + 1, "time": events[-1]["time"], "planned": extension.planned}
    told = _Told([*events, {**latest, **at, "extension": extension.facts}])
    study = Study(extension.config, folder, told, devices=latest.get("limits", {}).get("devices", 1.0))
    study.replay(told.past)
    going_on, new = study.prospect()
    if not going_on and new == 0:
        raise _idle(extension, study, len(extension.used) + len(extension.outside))
    unfinished = tuple(dict.fromkeys(going_on))
    return replace(extension, unfinished=unfinished, new=None if new == MANY else new)


class _Told:
    """A ledger as it would be; nothing is written."""

    def __init__(self, past: list[Event]) -> None:
        self.past = [dict(event) for event in past]

    def append(self, event: str, **fields: Any) -> Any:
        raise AssertionError(f"a plan writes nothing, and here comes {event}: {fields}")


def _idle(extension: Extension, study: Study, begun: int) -> InputError:
    config, planned = extension.config, extension.planned
    if planned is not None and begun >= planned:
        key = "trials" if config.trials is not None else "parameters"
        message = f"leaves nothing to do: {begun} trials were begun already, and {planned} is all there are to be"
        mend = "give more, as in trials=+20" if key == "trials" else "give parameters more values"
        return config.places.error(key, message, mend)
    mend = "give more of that too, as in trials=+20 or budget.trainings=+5"
    why = study.closed or "every trial is at its end"
    return InputError(f"leaves nothing to do: {why}", where=COMMAND_LINE, mend=mend)
