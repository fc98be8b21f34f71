"""The sweep in TensorBoard: curves for each trial, and the HParams table while trials are still running.

One folder (run) for each trial, under a readable name, and at the root what is true of all: the parameters' domains,
and the layout that puts training and validation on one chart. `sweeps.views.tags` has the names; steps are those of the
optimizer. Of many reports few are written (`sweeps.views.thinning`), of a trial that rests always the last one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces import SearchSpace
from sweeps.records.record import Goal, State, TrialRecord
from sweeps.views import tags
from sweeps.views.domains import Domains, domains_of
from sweeps.views.text import run_name

if TYPE_CHECKING:  # TensorBoard's modules take a quarter of a second to import: only where files are written
    from sweeps.views.trial_run import TrialRun

END = "_hparams_/session_end_info"


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
        self._runs: dict[str, TrialRun] = {}  # of trials that are not at their end
        self._since: dict[str, float] = {}  # when the attempts that run now began
        self._root: Path | None = None
        self._names: dict[str, None] = {}  # of all metrics that were ever reported, in order

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
            for report in trial.reports:
                self._names.update(dict.fromkeys(report.metrics))
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
        if self._root is not None:
            return
        from sweeps.views import hparams
        from sweeps.views.event_files import EventFile, empty_earlier

        root = EventFile.replacing(self._folder, time)
        self._root = root.path
        root.add(hparams.experiment(self._domains, [self._metric], time), 0, time)
        root.close()
        empty_earlier(root.path)
        replayed, self._replayed = self._replayed, {}
        self.catch_up(replayed.values())
        self._lay_out(time)

    def _lay_out(self, time: float) -> None:
        """The charts, for all metrics that are known by now; TensorBoard shows the latest layout."""
        from sweeps.views.event_files import EventFile
        from sweeps.views.layout import layout

        assert self._root is not None
        root = EventFile(self._root)
        root.add(layout(tags.charts(self._names, [self._metric])), len(self._names), time)
        root.close()

    def _state(self, event: Mapping[str, Any], trial: TrialRecord) -> None:
        if trial.state is State.RUNNING:
            self._since[trial.id] = event["time"]
        else:
            self._since.pop(trial.id, None)
        if trial.id not in self._runs:
            self._rewrite(trial, event["time"])
        else:
            self._stand(trial, event["time"])
        if trial.state is not State.RUNNING:
            self._close(trial.id)

    def _report(self, event: Mapping[str, Any], trial: TrialRecord) -> None:
        report = trial.reports[-1] if trial.reports else None
        if report is None or (report.number, report.attempt) != (event["report"], event["attempt"]):
            return  # of an attempt that has been superseded: the record did not take it
        if report.metrics.keys() - self._names.keys():
            self._names.update(dict.fromkeys(report.metrics))
            self._lay_out(event["time"])
        run = self._runs.get(trial.id)
        if run is not None and run.follows(trial):
            run.take(trial, self._seconds(trial, report.time))
        elif run is None or (run.taken, run.attempt) != (report.number, report.attempt):
            self._rewrite(trial, event["time"])

    def _rewrite(self, trial: TrialRecord, time: float) -> None:
        """The trial's file anew, from its record."""
        from sweeps.views.trial_run import TrialRun

        self._close(trial.id)
        run = self._runs[trial.id] = TrialRun(self.folder_of(trial), trial, self._domains, self._metric, self._goal)
        self._stand(trial, time)
        run.supersede()

    def _stand(self, trial: TrialRecord, time: float) -> None:
        run = self._runs[trial.id]
        run.stand(trial, self._seconds(trial, time), time)
        if trial.state.final:
            run.close()
            del self._runs[trial.id]

    def _seconds(self, trial: TrialRecord, now: float) -> float:
        """On a worker, over all attempts."""
        return trial.seconds + max(0.0, now - self._since.get(trial.id, now))

    def _close(self, trial: str) -> None:
        if trial in self._runs:
            self._runs[trial].close()
