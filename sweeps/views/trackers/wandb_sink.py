"""A sweep in Weights & Biases: a group, and in it a run for each trial.

A run there can only be added to. Offline, where a run is a folder, one that goes on is written anew; online it is taken
up under its id. Which reports were sent is kept in a small file in the sweep's folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from sweeps.config.trackers import WandB
from sweeps.records.record import ReportRecord, State, TrialRecord
from sweeps.views.tally import FAILURES
from sweeps.views.text import run_name
from sweeps.views.trackers.tracked import FOLDER, TrackedSweep, facts_of, steps_of, values_of

MOST_OPEN = 16  # runs, each of which takes memory and files of wandb's process
_STATE = "wandb.json"
_TIMING = "samples_per_second"  # no two attempts at the same training have the same


@dataclass
class _Sent:
    """Of a trial: its run, how many reports that has, of what content, and the state that it was told."""

    run: str
    reports: int = 0
    content: str = ""
    state: str = ""
    attempt: int = 0


class WandBSink:
    """Sends what is new, trial by trial, whenever it is asked to flush.

    Args:
        settings: from the sweep file.
        sweep: the sweep.
    """

    def __init__(self, settings: WandB, sweep: TrackedSweep) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # of its own crashes, to its makers
        os.environ.setdefault("WANDB_SILENT", "true")
        self._settings, self._sweep = settings, sweep
        self._open: OrderedDict[str, Any] = OrderedDict()
        self._changed: dict[str, TrialRecord] = {}
        self._file = sweep.folder / FOLDER / _STATE
        self._sent = self._read_sent()

    def handle(self, event: Mapping[str, Any], trial: TrialRecord | None) -> None:
        """Takes one event; nothing is sent yet."""
        del event
        if trial is not None:
            self._changed[trial.id] = trial

    def flush(self) -> None:
        """Sends what is new."""
        changed = bool(self._changed)
        for id in list(self._changed):
            self._send(self._changed[id])
            del self._changed[id]
        if changed:
            self._write_sent()

    def close(self) -> None:
        """Sends the rest, and waits until it has arrived."""
        try:
            self.flush()
        finally:
            for id in list(self._open):
                self._finish(id)

    def _send(self, trial: TrialRecord) -> None:
        if trial.state is State.PENDING and not trial.reports:
            return  # it has not begun
        sent = self._sent.get(trial.id)
        if sent is None:
            sent = self._sent[trial.id] = _Sent(f"{self._sweep.id}-{trial.id}")
        elif (
            _said(sent) == (len(trial.reports), str(trial.state), trial.attempt)
            and _digest(trial.reports) == sent.content
        ):
            return  # all of it was sent before
        if sent.reports > len(trial.reports) or _digest(trial.reports[: sent.reports]) != sent.content:
            sent = self._begin_again(trial, sent)
        run = self._run_of(trial, sent)
        for report, step in list(steps_of(trial.reports))[sent.reports :]:
            run.log({**values_of(report), "_timestamp": report.time}, step=step)
        run.summary.update(facts_of(trial, self._sweep))
        sent.reports, sent.content = len(trial.reports), _digest(trial.reports)
        sent.state, sent.attempt = str(trial.state), trial.attempt
        if trial.state.final:
            self._finish(trial.id, failed=trial.state in FAILURES)

    def _begin_again(self, trial: TrialRecord, sent: _Sent) -> _Sent:
        """A later attempt took reports back: the run is marked, and another one has the truth. Offline it is gone."""
        if not self._settings.offline:
            run = self._run_of(trial, sent)
            run.tags = (*(run.tags or ()), "superseded")
            run.summary.update({"state": "superseded"})
        self._finish(trial.id)
        name = sent.run if self._settings.offline else f"{self._sweep.id}-{trial.id}-{trial.attempt}"
        self._sent[trial.id] = again = _Sent(name)
        return again

    def _run_of(self, trial: TrialRecord, sent: _Sent) -> Any:
        import wandb

        if trial.id in self._open:
            self._open.move_to_end(trial.id)
            return self._open[trial.id]
        while len(self._open) >= MOST_OPEN:
            self._finish(next(iter(self._open)))
        if self._settings.offline:
            for folder in self._folder().glob(f"wandb/offline-run-*-{sent.run}"):
                shutil.rmtree(folder, ignore_errors=True)
            sent.reports, sent.content = 0, ""
        name, metric = self._sweep.name, self._sweep.metric
        run = wandb.init(
            project=self._settings.project or name,
            entity=self._settings.entity,
            group=self._settings.group or name,
            job_type="trial",
            id=sent.run,
            name=run_name(trial.id, trial.params),
            config={**trial.params, "sweep": self._sweep.id, "trial": trial.id},
            tags=list(self._settings.tags),
            mode=cast("Any", self._settings.mode or os.environ.get("WANDB_MODE")),
            resume=None if self._settings.offline else "allow",
            reinit="create_new",  # several at once in one process
            dir=str(self._folder()),
            settings=wandb.Settings(
                console="off",
                disable_git=True,
                disable_code=True,
                x_disable_meta=True,
                x_disable_stats=True,
                silent=True,
            ),
        )
        run.define_metric(metric, summary="max" if self._sweep.goal == "maximize" else "min")
        self._open[trial.id] = run
        return run

    def _folder(self) -> Path:
        return Path(os.environ.get("WANDB_DIR") or self._sweep.folder)

    def _finish(self, trial: str, *, failed: bool = False) -> None:
        run = self._open.pop(trial, None)
        if run is not None:
            run.finish(exit_code=int(failed))

    def _read_sent(self) -> dict[str, _Sent]:
        """What earlier processes sent to the same project."""
        try:
            said = json.loads(self._file.read_text("utf-8"))
            return {id: _Sent(**one) for id, one in said.get(self._target(), {}).items()}
        except (OSError, ValueError, TypeError):
            return {}

    def _write_sent(self) -> None:
        try:
            said = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            said = {}
        said[self._target()] = {id: asdict(one) for id, one in self._sent.items()}
        self._file.parent.mkdir(exist_ok=True)
        temporary = self._file.with_name(f".{self._file.name}.new")
        temporary.write_text(json.dumps(said), "utf-8")
        temporary.replace(self._file)

    def _target(self) -> str:
        """What was sent to one project is not in another."""
        where = "offline" if self._settings.offline else self._settings.entity or ""
        return f"{where}/{self._settings.project or self._sweep.name}"


def _said(sent: _Sent) -> tuple[int, str, int]:
    return sent.reports, sent.state, sent.attempt


def _digest(reports: Sequence[ReportRecord]) -> str:
    """Tells reports apart, but for how fast they came."""
    if not reports:
        return ""
    content = [[one.number, {k: v for k, v in one.metrics.items() if k != _TIMING}] for one in reports]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
