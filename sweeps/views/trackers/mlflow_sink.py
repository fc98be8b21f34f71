"""A sweep in MLflow: an experiment, a run for the sweep, and in it one for each trial.

What a run has was sent is kept in its tags, so whoever sends again, after a resume or when all is over, goes on from
there. Times are the ledger's, and MLflow keeps one of two equal points: nothing is there twice.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweeps.config.trackers import MLflow
from sweeps.errors import InputError
from sweeps.records.record import State, TrialRecord
from sweeps.views.tally import FAILURES, Tally
from sweeps.views.text import run_name
from sweeps.views.trackers.tracked import TrackedSweep, facts_of, steps_of, text_of, values_of

SWEEP, TRIAL, SENT = "sweepwright.sweep", "sweepwright.trial", "sweepwright.sent"
_MOST_METRICS, _MOST_PARAMS = 900, 90  # of one call; MLflow takes 1000 and 100
_LONGEST = 5000  # of a value
_STATUS = {State.PENDING: "SCHEDULED", State.PAUSED: "SCHEDULED", State.RUNNING: "RUNNING", State.INTERRUPTED: "KILLED"}


@dataclass
class _Run:
    """A trial's run: up to which report of which attempt it was sent, and what it has there."""

    id: str
    sent: tuple[int, int]
    params: frozenset[str]
    tags: dict[str, str]
    status: str


class MLflowSink:
    """Sends what is new, trial by trial, whenever it is asked to flush.

    Args:
        settings: from the sweep file.
        sweep: the sweep.

    Raises:
        InputError: the experiment was deleted.
    """

    def __init__(self, settings: MLflow, sweep: TrackedSweep) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")  # what was not sent is sent with the next report
        from mlflow.tracking import MlflowClient

        self._sweep, self._client = sweep, MlflowClient(settings.tracking_uri)
        self._experiment = self._find_experiment(settings.experiment or sweep.name)
        self._parent = ""
        self._runs: dict[str, _Run] = {}
        self._changed: dict[str, TrialRecord] = {}
        self._ended: dict[str, float] = {}
        self._tally = Tally(sweep.metric, sweep.goal)
        self._bests: list[tuple[float, float]] = []  # of the sweep, one after the other: value, time
        self._bests_sent = 0
        self._state: tuple[str, float] | None = None
        self._begun = 0.0

    def handle(self, event: Mapping[str, Any], trial: TrialRecord | None) -> None:
        """Takes one event; nothing is sent yet."""
        if event["event"] == "sweep":
            self._begun = self._begun or event["time"]
            self._state = ("running", event["time"])
        elif event["event"] == "sweep_end":
            self._state = (event["state"], event["time"])
        if trial is None:
            return
        self._changed[trial.id] = trial
        if event["event"] == "state":
            self._ended[trial.id] = event["time"]
        if self._tally.take(trial) and self._tally.best:
            self._bests.append((self._tally.best[1].metrics[self._sweep.metric], event["time"]))

    def flush(self) -> None:
        """Sends what is new."""
        if not self._parent:
            self._find_runs()
        for id in list(self._changed):
            self._send(self._changed[id])
            del self._changed[id]
        self._send_sweep()

    def close(self) -> None:
        """Sends the rest."""
        self.flush()

    def _find_experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            return str(self._client.create_experiment(name))
        if found.lifecycle_stage != "active":
            message = f"the experiment {name} was deleted in MLflow"
            raise InputError(message, where="mlflow", mend="restore it there, or name another experiment")
        return str(found.experiment_id)

    def _find_runs(self) -> None:
        wanted, token = f"tags.`{SWEEP}` = '{self._sweep.id}'", None
        found = []
        while True:
            page = self._client.search_runs([self._experiment], wanted, max_results=1000, page_token=token)
            found += list(page)
            if not (token := page.token):
                break
        for run in found:
            tags = run.data.tags
            if TRIAL not in tags:
                self._parent = run.info.run_id
                continue
            number, _, attempt = tags.get(SENT, "0@0").partition("@")
            sent = (int(number), int(attempt))
            self._runs[tags[TRIAL]] = _Run(
                run.info.run_id, sent, frozenset(run.data.params), dict(tags), run.info.status
            )
        if not self._parent:
            self._parent = self._create_parent()

    def _create_parent(self) -> str:
        sweep = self._sweep
        tags = {SWEEP: sweep.id, "mlflow.runName": sweep.name, "folder": str(sweep.folder), "goal": sweep.goal}
        run = self._client.create_run(self._experiment, start_time=_ms(self._begun), tags=tags, run_name=sweep.name)
        early = sweep.config.get("early_stopping") or {}
        said = {name: sweep.config.get(name) for name in ("method", "trials", "seed")}
        params = {**said, "early_stopping": early.get("scheduler"), "metric": sweep.metric}
        self._log_params(run.info.run_id, {name: value for name, value in params.items() if value is not None})
        return str(run.info.run_id)

    def _send(self, trial: TrialRecord) -> None:
        run = self._runs.get(trial.id)
        if run is None and trial.state is State.PENDING and not trial.reports:
            return  # it has not begun
        if run is not None and not _goes_on(run.sent, trial):
            self._client.delete_run(run.id)  # a later attempt has taken reports back, and MLflow cannot
            run = None
        if run is None:
            run = self._runs[trial.id] = self._create(trial)
        new = {name: value for name, value in trial.params.items() if name not in run.params}
        self._log_params(run.id, new)
        run.params |= new.keys()
        self._send_status(run, trial, more=self._send_reports(run, trial))

    def _create(self, trial: TrialRecord) -> _Run:
        tags = {SWEEP: self._sweep.id, TRIAL: trial.id, "mlflow.parentRunId": self._parent}
        name = run_name(trial.id, trial.params)
        run = self._client.create_run(self._experiment, start_time=_ms(trial.created), tags=tags, run_name=name)
        return _Run(run.info.run_id, (0, 0), frozenset(), tags, "RUNNING")

    def _log_params(self, run: str, params: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        listed = [Param(name, text_of(value)[:_LONGEST]) for name, value in params.items()]
        for start in range(0, len(listed), _MOST_PARAMS):
            self._client.log_batch(run, params=listed[start : start + _MOST_PARAMS])

    def _send_reports(self, run: _Run, trial: TrialRecord) -> bool:
        """The new reports, and what else is known now; whether there was a report among that."""
        from mlflow.entities import Metric, RunTag

        batch: list[Metric] = []
        first = trial.parent.report if trial.parent else 0  # reports are counted on from the parent's
        new = list(steps_of(trial.reports))[max(0, run.sent[0] - first) :]
        for report, step in new:
            values = values_of(report)
            if batch and len(batch) + len(values) > _MOST_METRICS:
                self._client.log_batch(run.id, metrics=batch)
                batch = []
            batch += [Metric(name, value, _ms(report.time), step) for name, value in values.items()]
        sent = (trial.reports[-1].number, trial.reports[-1].attempt) if trial.reports else run.sent
        facts = {name: text_of(value)[:_LONGEST] for name, value in facts_of(trial, self._sweep).items()}
        facts[SENT] = f"{sent[0]}@{sent[1]}"
        tags = {name: value for name, value in facts.items() if run.tags.get(name) != value}
        if batch or tags:
            self._client.log_batch(run.id, metrics=batch, tags=[RunTag(name, value) for name, value in tags.items()])
        run.sent, run.tags = sent, run.tags | tags
        return bool(new)

    def _send_status(self, run: _Run, trial: TrialRecord, *, more: bool) -> None:
        status = _STATUS.get(trial.state, "FAILED" if trial.state in FAILURES else "FINISHED")
        if status == run.status and not more:
            return
        if trial.state.final or trial.state is State.INTERRUPTED:
            self._client.set_terminated(run.id, status, _ms(self._ended.get(trial.id, trial.created + trial.seconds)))
        elif status != run.status:
            self._client.update_run(run.id, status)
        run.status = status

    def _send_sweep(self) -> None:
        from mlflow.entities import Metric, RunTag

        best, sweep = self._tally.best, self._sweep
        bests = list(enumerate(self._bests, 1))[self._bests_sent :]
        metrics = [Metric(f"best_{sweep.metric}", value, _ms(time), number) for number, (value, time) in bests]
        tags = {"state": self._state[0]} if self._state else {}
        if best is not None:
            checkpoint = facts_of(best[0], sweep).get("best_checkpoint")
            tags |= {
                "best.trial": best[0].id,
                "best.report": str(best[1].number),
                "best.checkpoint": str(checkpoint or ""),
            }
            tags |= {f"best.params.{name}": text_of(value)[:_LONGEST] for name, value in best[0].params.items()}
        listed = [RunTag(name, value) for name, value in tags.items()]
        for start in range(0, max(len(metrics), len(listed)), _MOST_PARAMS):
            some = slice(start, start + _MOST_PARAMS)
            self._client.log_batch(self._parent, metrics=metrics[some], tags=listed[some])
        self._bests_sent = len(self._bests)
        if self._state is None:
            return
        state, time = self._state
        if state == "running":
            self._client.update_run(self._parent, "RUNNING")
        else:
            ended = {"finished": "FINISHED", "interrupted": "KILLED"}.get(state, "FAILED")
            self._client.set_terminated(self._parent, ended, _ms(time))
        self._state = None


def _goes_on(sent: tuple[int, int], trial: TrialRecord) -> bool:
    """Whether what was sent still is the beginning: the last report of it is there, and of the same attempt."""
    number, attempt = sent
    return number == 0 or any(report.number == number and report.attempt == attempt for report in trial.reports)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
