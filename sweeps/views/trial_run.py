"""One trial's run in TensorBoard: an event file that its reports are taken into."""

from __future__ import annotations

from pathlib import Path

from sweeps.records.record import Goal, ReportRecord, State, TrialRecord
from sweeps.views import hparams, tags
from sweeps.views.domains import Domains
from sweeps.views.event_files import EventFile, empty_earlier, scalars
from sweeps.views.thinning import stride_of


class TrialRun:
    """Begun anew, with all that the trial's record has; whatever was in the folder is superseded.

    Args:
        folder: the run's.
        trial: as it is now.
        domains: of the parameters, for the types of the table's columns.
        metric: the metric that the sweep is about.
        goal: which way it is better.

    Attributes:
        taken: the number of the last report that was taken in, and by which ``attempt`` it was.
    """

    def __init__(self, folder: Path, trial: TrialRecord, domains: Domains, metric: str, goal: Goal) -> None:
        self.taken = self.attempt = 0
        self._metric, self._goal = metric, goal
        self._best: float | None = None
        self._unwritten: ReportRecord | None = None
        self._step, self._stride = 0, stride_of(len(trial.reports))
        self._file: EventFile | None = EventFile.replacing(folder, trial.created)
        self._path = self._file.path
        self._file.add(hparams.session_start(trial.params, domains, trial.created), 0, trial.created)
        for place, report in enumerate(trial.reports, 1):
            self._take(report, place)

    @property
    def open(self) -> bool:
        """Whether it holds its file open."""
        return self._file is not None

    def follows(self, trial: TrialRecord) -> bool:
        """Whether the trial's last report can be taken next; otherwise the run has to begin anew."""
        report = trial.reports[-1]
        return self.taken + 1 == report.number and self._stride == stride_of(len(trial.reports))

    def take(self, trial: TrialRecord, seconds: float) -> None:
        """The trial's last report; ``seconds`` on a worker so far."""
        self._take(trial.reports[-1], len(trial.reports), seconds)

    def stand(self, trial: TrialRecord, seconds: float, time: float) -> None:
        """Where the trial stands now; when it rests also its last report, and at its end that it is at its end."""
        if trial.state is not State.RUNNING:
            self._write()
        file = self._opened()
        file.add(scalars({tags.SECONDS: seconds, tags.STATE: float(tags.CODES[trial.state])}), self._step, time)
        if trial.state.final:
            file.add(hparams.session_end(trial.state, time), self._step, time)

    def supersede(self) -> None:
        """Forget what was in the folder before."""
        empty_earlier(self._path)

    def close(self) -> None:
        """Closes its file, which is opened again where it is needed."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _take(self, report: ReportRecord, place: int, seconds: float | None = None) -> None:
        value = report.metrics.get(self._metric)
        if value is not None:
            better = max if self._goal == "maximize" else min
            self._best = value if self._best is None else better(self._best, value)
        self.taken, self.attempt, self._unwritten = report.number, report.attempt, report
        if place % self._stride == 0 or place == 1:
            self._write(seconds)

    def _write(self, seconds: float | None = None) -> None:
        report, self._unwritten = self._unwritten, None
        if report is None:
            return
        values = tags.tags_of(report.metrics, self._metric, self._best)
        if seconds is not None:
            values[tags.SECONDS] = seconds
        # A trainer of one's own may not count its steps: then its reports are counted.
        self._step = report.step if report.step > self._step else self._step + 1
        self._opened().add(scalars(values), self._step, report.time)

    def _opened(self) -> EventFile:
        self._file = self._file or EventFile(self._path)
        return self._file
