"""The sweep in TensorBoard: curves for each trial, and the HParams table while trials are still running.

One folder (run) for each trial, under a readable name, and the parameters' domains at the root. Tags, by the step
of the optimizer:

``loss/train``, ``loss/validation``    side by side
``validation/<name>``                  every other validation metric
``train/<name>``                       learning rate, gradient norm, samples per second, epoch
``best/<metric>``, ``last/<metric>``   the metric that the sweep is about, best so far and as it is: the table's columns
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces import SearchSpace
from sweeps.records.record import Goal, ReportRecord, State, TrialRecord
from sweeps.views.domains import Domains, domains_of
from sweeps.views.text import run_name

if TYPE_CHECKING:  # TensorBoard's modules take a quarter of a second to import: only where files are written
    from sweeps.views.event_files import EventFile

END = "_hparams_/session_end_info"
TRAINING_SIDE = {"learning_rate", "grad_norm", "samples_per_second"}


@dataclass
class _Run:
    """What is in a trial's event file: reports up to ``written``; ``file`` is ``None`` while it is closed."""

    path: Path
    file: EventFile | None
    written: int = 0
    attempt: int = 0
    step: int = -1
    best: float | None = None


class TensorBoardSink:
    """Writes event files as the sweep goes.

    A trial's steps are unique whatever happened: where a later attempt supersedes reports, and for what a killed
    driver left, the trial's file is written anew from its record and replaces the one before.

    Args:
        folder: the sweep's ``tensorboard`` folder.
        metric: the metric that the sweep is about.
        goal: which way it is better.
        space: what may vary, or its domains as plain data.
    """

    def __init__(self, folder: Path | str, metric: str, goal: Goal, space: SearchSpace | Domains) -> None:
        self._folder, self._metric, self._goal = Path(folder), metric, goal
        self._domains = domains_of(space) if isinstance(space, SearchSpace) else space
        self._replayed: dict[str, TrialRecord] = {}
        self._changed: set[str] = set()  # trials that an extension gave other parameters
        self._runs: dict[str, _Run] = {}  # of trials that are not at their end
        self._begun = False

    def folder_of(self, trial: TrialRecord) -> Path:
        """The trial's run."""
        return self._folder / run_name(trial.id, trial.params, self._domains or None)

    def catch_up(self, trials: Iterable[TrialRecord]) -> None:
        """Writes what is missing of trials that began earlier: what a killed driver left, or all of a lost folder."""
        from sweeps.views.event_files import ends_with

        runs = self._runs_there()
        for trial in trials:
            for path in runs.get(trial.id, []):
                if path != self.folder_of(trial):  # its name says parameters, which are others since an extension
                    shutil.rmtree(path, ignore_errors=True)
            if trial.state.final and trial.id not in self._changed and ends_with(self.folder_of(trial), END):
                continue
            if trial.state is not State.PENDING or trial.reports:
                self._rewrite(trial, trial.reports[-1].time if trial.reports else trial.created)
                self._close(trial.id)

    def handle(self, event: Mapping[str, Any], trial: TrialRecord | None) -> None:
        """Takes one event."""
        if event.get("replayed"):
            if trial is not None:
                self._replayed[trial.id] = trial
            self._changed |= event.get("extension", {}).get("params", {}).keys()
            return
        self._begin(event["time"])
        if trial is None:
            return
        if event["event"] == "report":
            self._report(event, trial)
        elif event["event"] == "state":
            self._state(event, trial)

    def close(self) -> None:
        """Closes all files."""
        for trial in list(self._runs):
            self._close(trial)

    def _runs_there(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            found.setdefault(path.name.partition(" ")[0], []).append(path)
        return found

    def _begin(self, time: float) -> None:
        if self._begun:
            return
        from sweeps.views import hparams
        from sweeps.views.event_files import EventFile

        root = EventFile.replacing(self._folder, time)
        root.add(hparams.experiment(self._domains, self._metric, time), 0, time)
        root.close()
        root.empty_earlier()
        self._begun = True
        replayed, self._replayed = self._replayed, {}
        self.catch_up(replayed.values())

    def _state(self, event: Mapping[str, Any], trial: TrialRecord) -> None:
        if trial.state is State.PENDING:  # it lost its worker and waits for another
            self._close(trial.id)
        elif trial.id not in self._runs:
            self._rewrite(trial, event["time"])
        elif trial.state.final:
            self._end(trial, event["time"])
        if trial.state is not State.RUNNING:
            self._close(trial.id)

    def _report(self, event: Mapping[str, Any], trial: TrialRecord) -> None:
        report = trial.reports[-1] if trial.reports else None
        if report is None or (report.number, report.attempt) != (event["report"], event["attempt"]):
            return  # of an attempt that has been superseded: the record did not take it
        run = self._runs.get(trial.id)
        if run is not None and run.written + 1 == report.number:
            self._add(run, report)
        elif run is None or (run.written, run.attempt) != (report.number, report.attempt):
            self._rewrite(trial, event["time"])

    def _rewrite(self, trial: TrialRecord, time: float) -> None:
        """The trial's file anew, from its record."""
        from sweeps.views import hparams
        from sweeps.views.event_files import EventFile

        self._close(trial.id)
        self._runs.pop(trial.id, None)
        folder = self.folder_of(trial)
        file = EventFile.replacing(folder, trial.created)
        run = _Run(file.path, file)
        file.add(hparams.session_start(trial.params, self._domains, trial.created), 0, trial.created)
        for report in trial.reports:
            self._add(run, report)
        file.empty_earlier()
        self._runs[trial.id] = run
        if trial.state.final:
            self._end(trial, time)

    def _add(self, run: _Run, report: ReportRecord) -> None:
        from sweeps.views.event_files import EventFile, scalars

        if run.file is None:
            run.file = EventFile(run.path)
        value = report.metrics.get(self._metric)
        best = value if run.best is None else run.best
        if best is not None and value is not None:
            best = max(best, value) if self._goal == "maximize" else min(best, value)
        step = report.step if report.step > run.step else run.step + 1  # a trainer that does not count its steps
        run.file.add(scalars(self._tags(report, value, best)), step, report.time)
        run.written, run.attempt, run.step, run.best = report.number, report.attempt, step, best

    def _tags(self, report: ReportRecord, value: float | None, best: float | None) -> dict[str, float]:
        tags = {"train/epoch": report.epoch}
        for name, number in report.metrics.items():
            if name == f"best_{self._metric}":
                continue
            if name in {"loss", "train_loss"}:
                tags["loss/train" if name == "train_loss" else "loss/validation"] = number
            elif name in TRAINING_SIDE or name.startswith("train_"):
                tags[f"train/{name.removeprefix('train_')}"] = number
            else:
                tags[f"validation/{name}"] = number
        if value is not None and best is not None:
            tags |= {f"best/{self._metric}": best, f"last/{self._metric}": value}
        return tags

    def _end(self, trial: TrialRecord, time: float) -> None:
        from sweeps.views import hparams
        from sweeps.views.event_files import EventFile

        run = self._runs.get(trial.id)
        if run is not None:
            file = run.file or EventFile(run.path)
            file.add(hparams.session_end(trial.state, time), max(run.step, 0), time)
            file.close()
            del self._runs[trial.id]

    def _close(self, trial: str) -> None:
        run = self._runs.get(trial)
        if run is not None and run.file is not None:
            run.file.close()
            run.file = None
