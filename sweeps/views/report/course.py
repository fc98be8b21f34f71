"""The best value so far over what had been spent."""

from __future__ import annotations

from dataclasses import dataclass

from sweeps.records.chronicle import Moment
from sweeps.records.record import State, SweepRecord
from sweeps.views.report.sources import Sources
from sweeps.views.text import metric_text
from trainer.requirement import fulfilled


@dataclass(frozen=True)
class Spent:
    """The four ways to count: trials begun, full trainings' worth, seconds of devices, hours by the clock."""

    trials: float
    trainings: float
    device_seconds: float
    hours: float


@dataclass(frozen=True)
class Step:
    """A report that bettered all before it, or the best one of a trial."""

    trial: str
    report: int
    value: float
    spent: Spent


@dataclass(frozen=True)
class Course:
    """``steps`` are the betterings in order, ``bests`` every trial's own best report, ``end`` what was spent in all."""

    steps: tuple[Step, ...]
    bests: tuple[Step, ...]
    end: Spent
    trainings_known: bool

    def sentence(self, metric: str) -> str:
        """In words."""
        if not self.steps:
            return f"no {metric} yet"
        last = self.steps[-1]
        when = f"{last.spent.trainings:.1f} full trainings" if self.trainings_known else _trials(last.spent.trials)
        whole = f"{self.end.trainings:.1f}" if self.trainings_known else _trials(self.end.trials)
        value = metric_text(last.value)
        return f"best {metric} {value} by {last.trial} at report {last.report}, after {when} of {whole}"


def course_of(sources: Sources) -> Course:
    """Of trials that neither failed nor diverged, and of reports that are within the sweep's bounds."""
    record = sources.record
    spoiled = {trial.id for trial in record.trials if trial.state in {State.FAILED, State.DIVERGED}}
    own = {trial.id: best.number for trial in record.trials if (best := trial.best(record.metric, record.goal))}
    steps: list[Step] = []
    bests: dict[str, Step] = {}
    for moment in sources.chronicle.moments:
        value = moment.metrics.get(record.metric)
        if value is None or moment.trial in spoiled or not fulfilled(record.require, moment.metrics):
            continue
        step = Step(moment.trial, moment.report, value, _spent(moment, sources.devices))
        if not steps or _better(record, value, steps[-1].value):
            steps.append(step)
        if own.get(moment.trial) == moment.report:
            bests[moment.trial] = step
    known = any(report.progress is not None for trial in record.trials for report in trial.reports)
    return Course(tuple(steps), tuple(bests.values()), _end(record, sources.devices), known)


def _better(record: SweepRecord, value: float, other: float) -> bool:
    return value < other if record.goal == "minimize" else value > other


def _spent(moment: Moment, devices: float) -> Spent:
    cost = moment.cost
    return Spent(moment.trials, cost.trainings, cost.worker_seconds * devices, cost.seconds / 3600)


def _end(record: SweepRecord, devices: float) -> Spent:
    cost = record.cost
    return Spent(len(record.trials), cost.trainings, cost.worker_seconds * devices, cost.seconds / 3600)


def _trials(count: float) -> str:
    return f"{count:.0f} trial{'s' if count != 1 else ''}"
