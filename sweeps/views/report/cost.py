"""What a sweep cost, by what became of its trials, and what stopping them early saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sweeps.records.record import State, SweepRecord, TrialRecord
from sweeps.views.report.sources import Sources
from sweeps.views.text import duration

GROUPS = ("won", "finished", "stopped", "failed or diverged", "not at their ends")


@dataclass(frozen=True)
class Group:
    """Trials that ended alike: how many, and their device seconds."""

    name: str
    trials: int
    seconds: float


@dataclass(frozen=True)
class Cost:
    """``saved``: device seconds that the stopped trials would have taken to their ends besides; ``None`` where nobody
    knows. ``basis`` says how it was reckoned."""

    groups: tuple[Group, ...]
    saved: float | None
    basis: str
    trainings: float
    devices: float

    @property
    def seconds(self) -> float:
        """Device seconds of all trials."""
        return sum(group.seconds for group in self.groups)

    @property
    def sentence(self) -> str:
        """In words."""
        stopped = next((group for group in self.groups if group.name == "stopped"), None)
        spent = f"{duration(self.seconds)} of device time in all"
        if stopped is None:
            return f"{spent}; no trial was stopped early"
        if self.saved is None:
            return f"{spent}; what stopping {_trials(stopped.trials)} early saved is not known"
        share = self.saved / (self.saved + self.seconds) if self.saved + self.seconds else 0.0
        return (
            f"{spent}; training the {_trials(stopped.trials)} that were stopped to their ends would have taken about "
            f"{duration(self.saved)} more, so early stopping saved {share:.0%}"
        )


def cost_of(sources: Sources) -> Cost:
    """Device seconds by state; those of the winner by themselves."""
    record, devices = sources.record, sources.devices
    winner = sources.best.trial if sources.best else None
    members: dict[str, list[TrialRecord]] = {name: [] for name in GROUPS}
    for trial in record.trials:
        members["won" if trial.id == winner else _group(trial.state)].append(trial)
    # Attempts that are running have no seconds of their own yet; the sweep's meter counts them.
    running = max(0.0, record.cost.worker_seconds - sum(trial.seconds for trial in record.trials))
    groups = []
    for name, trials in members.items():
        seconds = sum(trial.seconds for trial in trials) + (running if name == GROUPS[-1] else 0.0)
        if trials:
            groups.append(Group(name, len(trials), seconds * devices))
    saved, basis = _saved(record)
    return Cost(tuple(groups), None if saved is None else saved * devices, basis, record.cost.trainings, devices)


def _group(state: State) -> str:
    match state:
        case State.FINISHED | State.STOPPED:
            return state.value
        case State.FAILED | State.DIVERGED:
            return GROUPS[3]
    return GROUPS[4]


def _saved(record: SweepRecord) -> tuple[float | None, str]:
    """Worker seconds that stopped trials did not take, and how that is known."""
    stopped = [trial for trial in record.trials if trial.state is State.STOPPED]
    rests = [_rest(trial) for trial in stopped]
    known = [rest for rest in rests if rest is not None]
    if stopped and len(known) == len(stopped):
        return sum(known), (
            "Reckoned from each stopped trial's own pace: its training time so far, and the share of its training "
            "that was left. Evaluations and checkpoints that were not made are not counted."
        )
    finished = [trial.seconds for trial in record.trials if trial.state is State.FINISHED]
    if not stopped or not finished:
        return None, "" if not stopped else "No trial was trained to its end, and none says how far it had come."
    usual = median(finished)
    return sum(max(0.0, usual - trial.seconds) for trial in stopped), (
        f"Reckoned from the {_trials(len(finished))} that finished, which took {duration(usual)} (median)."
    )


def _rest(trial: TrialRecord) -> float | None:
    """Seconds from the last report to the end of the training, at the trial's own pace."""
    last = trial.reports[-1] if trial.reports else None
    if last is None or not last.progress:
        return None
    begun = (trial.parent.progress or 0.0) if trial.parent else 0.0
    done = last.progress - begun
    pace = last.train_seconds if last.train_seconds > 0 and trial.parent is None else trial.seconds
    return pace * (1 - last.progress) / done if done > 0 else None


def _trials(count: int | Sequence[object]) -> str:
    number = count if isinstance(count, int) else len(count)
    return f"{number} trial{'s' if number != 1 else ''}"
