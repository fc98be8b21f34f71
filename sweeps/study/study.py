"""The study: hands out attempts at trials, takes in what they report, decides, and writes it all down."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig
from sweeps.records.record import Reason, State, SweepRecord
from sweeps.records.stop_file import stop_file
from sweeps.schedule import Scheduler
from sweeps.schedule.base import Copy, Decision
from sweeps.schedule.budget import Spent
from sweeps.study.assignment import Assignment
from sweeps.study.book import Book, Lines
from sweeps.study.disk import Disk
from sweeps.study.earlier import Earlier
from sweeps.study.left_over import LeftOver
from sweeps.study.recovery import undelivered
from sweeps.study.refusal import refusal
from sweeps.study.reported import Message, report_fields
from sweeps.study.source import Source
from sweeps.study.told import Event, Told
from sweeps.views.sink import Sink, Sinks
from trainer.errors import ResumeError


@dataclass
class _Attempt:
    number: int
    since: float


class Study:
    """One sweep in progress. Not thread-safe: one engine drives it.

    Args:
        config: the resolved sweep.
        folder: the sweep's folder.
        ledger: open for appending; what it held before, its ``past``, goes through ``replay``.
        sink: told each event once it is in the ledger; those of a replay with ``replayed``.
        devices: how many a trial holds, which is what a budget of device hours counts.
        clock: seconds; only differences count, for how long attempts took.
        scheduler: see `Told`.
    """

    def __init__(
        self,
        config: SweepConfig,
        folder: Path,
        ledger: Lines,
        sink: Sink | None = None,
        clock: Callable[[], float] = time.monotonic,
        devices: float = 1.0,
        scheduler: Scheduler | None = None,
    ) -> None:
        self.config, self.folder, self._clock = config, folder, clock
        self.told = Told(config, devices, scheduler, Earlier.of(ledger.past))
        self._disk = Disk(folder, config, self.told.scheduler.promotable)
        self._book = Book(ledger, self.told, self._disk, sink or Sinks(()))
        self._source = Source(config, self.told, self.write)
        self._queue: list[str] = []  # trials to go on with, before new ones
        self._running: dict[str, _Attempt] = {}
        self._failures: dict[str, int] = {}
        self._paused: set[str] = set()
        self._warned = False
        self._left = LeftOver()
        self._unfit: dict[str, Reason] = {}  # trials at rest that cannot go on in a sweep that was extended

    @property
    def open(self) -> int:
        """How many attempts could be started now, were there workers; where new trials have no number, many."""
        return len(self._queue) + (self.told.scheduler.candidate() is not None) + self._source.fresh

    @property
    def settled(self) -> bool:
        """Whether no trial runs and none is to start any more."""
        return not self._running and self.open == 0

    @property
    def planned(self) -> int | None:
        """How many trials there will be at most, where that is known."""
        return self.told.planned

    @property
    def room(self) -> int | None:
        """The same without the earlier trials that do not fit the configuration of a sweep that was extended."""
        return self.told.room

    @property
    def closed(self) -> str:
        """Why no new trial is begun any more, in words; empty while any is."""
        return self.told.scheduler.closed

    @property
    def paused(self) -> int:
        """How many trials are paused."""
        return len(self._paused)

    @property
    def spent(self) -> Spent:
        """What the sweep has cost so far."""
        return self.told.scheduler.spent

    @property
    def waits(self) -> bool:
        """Whether a worker without work may get some when another one reports: who goes on is not known yet."""
        return bool(self._paused) and bool(self._running)

    @property
    def judged(self) -> tuple[int, ...] | None:
        """The report numbers at which a decision can fall; ``None`` where it can at any."""
        return self.told.scheduler.judged

    @property
    def record(self) -> SweepRecord:
        """The whole sweep as of now."""
        return self.told.records.record()

    def replay(self, events: Iterable[Event]) -> None:
        """Take in an earlier driver's events, before anything else; ``tidy`` mends what its death left undone."""
        events = list(events)
        self.told.recall(events)
        for event in events:
            self._left.hear(event, self._book.read(event))
        rest = self._left.rest(self.told, self.folder)
        self._disk.expect(rest.expected)
        self._queue, self._paused, self._unfit = rest.queue, rest.paused, rest.unfit

    def prospect(self) -> tuple[tuple[str, ...], int]:
        """The trials that go on, and how many new ones can be begun; after a replay, before anything is started."""
        self._source.look()
        candidate = self.told.scheduler.candidate()
        return (*self._queue, *([candidate] if candidate else [])), self._source.fresh

    def tidy(self) -> None:
        """Write the ends that an earlier driver could not write, and drop the checkpoints it could not drop."""
        for trial, reason in self._unfit.items():
            self._end(trial, State.STOPPED, reason, self.told.records.trial(trial).attempt)
        for trial, (decision, done) in self._left.unsaid.items():
            if trial in self._queue:
                self._queue.remove(trial)
                self._running[trial] = _Attempt(self.told.records.trial(trial).attempt, self._clock())
                self._leave(trial, decision, done)
        for trial in list(self._left.leaving):
            self._end_at_rest(trial)
        self._book.mend(self.record.trials)

    def close(self) -> None:
        """The sweep is settled: trials that are paused will not go on, and are stopped for good."""
        if why := self.told.hopeless:
            self.write("note", text=why)
        for trial in sorted(self._paused):
            self._paused.discard(trial)
            code, text = self.told.scheduler.reason(trial)
            reason = Reason(code, f"{text}; it waited until the sweep was over" if text and code != "budget" else text)
            self._end(trial, State.STOPPED, reason, self.told.records.trial(trial).attempt)

    def start(self) -> Assignment | None:
        """The next attempt, or ``None`` when nothing is left to start now."""
        while (trial := self._next_trial()) is not None:
            attempt = self.told.records.trial(trial).attempt + 1
            self._running[trial] = _Attempt(attempt, self._clock())
            stop_file(self.folder, trial).unlink(missing_ok=True)
            self.write("state", trial=trial, state=State.RUNNING, attempt=attempt, reason=None)
            if why := self._disk.lay(self.told.records.trial(trial)):
                self.ended(trial, State.FAILED, why)
            elif self._recover(trial):
                params = self.told.records.trial(trial).params
                return Assignment(trial, attempt, self.config.trial_settings(params))
        return None

    def report(self, trial: str, message: Message) -> Decision:
        """What becomes of ``trial`` after a report.

        Args:
            trial: its id; one that is not running any more is told to stop.
            message: ``number`` and ``metrics``; where known ``step``, ``epoch``, ``train_seconds``,
                ``checkpoint`` (absolute path), ``pid`` and ``trainable``, the number of parameters that train; on the
                last one ``done`` and its ``reason``.
        """
        if trial not in self._running:
            return Decision.STOP
        if end := refusal(self.told.records.trial(trial), message, self.config.metric.name):
            self.ended(trial, *end)
            return Decision.STOP
        decision = self._write_report(trial, message)
        if self.config.early_stopping.population and not message.get("checkpoint") and not self._warned:
            self._warned = True
            text = f"report {message['number']} of {trial} came without a checkpoint, and what has none is not copied"
            self.write("note", text=f"{text}: pass one, as in sweeps.report(metrics, checkpoint=folder)")
        done = message.get("reason") or "completed" if message.get("done") else None
        if trial in self._left.leaving and not done:
            self.ended(trial, State.STOPPED, self._left.leaving[trial])
            return Decision.STOP
        if decision is not Decision.CONTINUE or done:
            self._leave(trial, decision, done)
            return Decision.STOP if done else decision
        return decision

    def ended(self, trial: str, state: State, reason: Reason) -> None:
        """``trial`` has come to a final state."""
        if trial in self._running:
            by_hand = self._left.leaving.get(trial, reason) if state is State.STOPPED else reason
            self._end_attempt(trial, state, by_hand)

    def lost(self, trial: str, reason: Reason) -> None:
        """The worker of ``trial`` died: the trial goes on elsewhere, at most ``retries`` times."""
        if trial not in self._running:
            return
        if trial in self._left.leaving:
            self.ended(trial, State.STOPPED, reason)
            return
        self._failures[trial] = self._failures.get(trial, 0) + 1
        if self._failures[trial] > self.config.retries:
            text = f"{reason.text}, after {self.config.retries} retries"
            self._end_attempt(trial, State.FAILED, Reason(reason.code, text))
        else:
            self._end_attempt(trial, State.PENDING, reason)
            self._queue.append(trial)

    def put_back(self, trial: str, reason: Reason) -> None:
        """``trial`` could not be begun on its worker, which is no fault of either's: another takes it next."""
        if trial in self._left.leaving:
            self.ended(trial, State.STOPPED, reason)
        elif trial in self._running:
            self._end_attempt(trial, State.PENDING, reason)
            self._queue.insert(0, trial)

    def interrupt(self, reason: Reason) -> None:
        """The sweep ends before its trials do; ``replay`` queues them again."""
        for trial in sorted(self._running):
            self._end_attempt(trial, State.INTERRUPTED, reason)

    def stop(self, trial: str, reason: Reason) -> bool:
        """``trial``, which is not at its end, is to end; whether it has by now. A worker's lets go of it a little
        later, where it trains a function of one's own at its next report."""
        self._left.leaving[trial] = reason
        if trial in self._running:
            # The worker cannot hear of it before its next report, so it looks for this file meanwhile.
            with contextlib.suppress(OSError):
                stop_file(self.folder, trial).touch()
            return False
        self._end_at_rest(trial)
        return True

    def give_up_unbegun(self, reason: Reason) -> None:
        """Trials that wait for their first worker are not begun any more."""
        for trial in [one for one in self._queue if self.told.records.trial(one).attempt == 0]:
            self.stop(trial, reason)

    def ask_for(self, params: Mapping[str, Any], command: str, by: str) -> str:
        """A trial with ``params``, all of them, joins the queue; its name. See `Source.ask_for`."""
        trial = self._source.ask_for(params, command, by)
        self._queue.append(trial)
        return trial

    def branch(self, copy: Copy, command: str, by: str) -> str:
        """A trial that begins from another one's checkpoint joins the queue; its name.

        Raises:
            ValueError: there is one with the same parameters from the same checkpoint.
        """
        trial = self._source.copy(copy, self._progress_at(copy), command=command, by=by)
        self._queue.append(trial)
        return trial

    def write(self, kind: str, **fields: Any) -> Decision:
        """One event: first into the ledger, then to all that follows from it."""
        return self._book.write(kind, **fields)

    def _leave(self, trial: str, decision: Decision, done: str | None) -> None:
        """After its last report: trained to the end (``done`` says how) whatever was decided, or paused or stopped."""
        if decision is Decision.REPLACE and not done and (copy := self.told.scheduler.heir(trial)) is not None:
            # Before the end of the one that it replaces: a driver that dies between the two finds the decision.
            self._copy(copy)
        if done:
            self.ended(trial, State.FINISHED, Reason(done))
        elif decision is Decision.PAUSE:
            self._paused.add(trial)
            self._end_attempt(trial, State.PAUSED, self._why(trial))
        else:
            self.ended(trial, State.STOPPED, self._why(trial))

    def _copy(self, copy: Copy) -> None:
        """Begin another trial from a checkpoint of one. It waits until the scheduler names it."""
        self._paused.add(self._source.copy(copy, self._progress_at(copy)))

    def _progress_at(self, copy: Copy) -> float | None:
        reports = self.told.records.trial(copy.parent).reports
        return next((one.progress for one in reports if one.number == copy.report), None)

    def _why(self, trial: str) -> Reason:
        code, text = self.told.scheduler.reason(trial)
        return Reason(code, text)

    def _next_trial(self) -> str | None:
        if self._queue:
            return self._queue.pop(0)
        candidate = self.told.scheduler.candidate
        # The second question: when there is nothing new any more, the best of the paused ones may be next.
        trial = candidate() or self._source.draw() or candidate()
        if trial is not None:
            self._paused.discard(trial)
        return trial

    def _recover(self, trial: str) -> bool:
        """Write the reports that a killed driver never got, and say whether the trial still goes on."""
        known = self.told.records.trial(trial).reached
        try:
            messages = undelivered(self.folder / "trials" / trial, known)
        except ResumeError as error:
            self.ended(trial, State.FAILED, Reason("checkpoint", str(error)))
            return False
        return all(self.report(trial, message) is Decision.CONTINUE for message in messages)

    def _write_report(self, trial: str, message: Message) -> Decision:
        sized = self.told.records.trial(trial).trainable is not None
        fields = report_fields(message, self.config, self.folder, sized=sized)
        return self.write("report", trial=trial, attempt=self._running[trial].number, **fields)

    def _end_attempt(self, trial: str, state: State, reason: Reason) -> None:
        attempt = self._running.pop(trial)
        if state.final:
            self._left.leaving.pop(trial, None)
        self._end(trial, state, reason, attempt.number, seconds=self._clock() - attempt.since)

    def _end_at_rest(self, trial: str) -> None:
        """Somebody stopped ``trial``, which waits or is paused."""
        self._paused.discard(trial)
        if trial in self._queue:
            self._queue.remove(trial)
        reason, record = self._left.leaving.pop(trial), self.told.records.trial(trial)
        if not record.state.final:
            self._end(trial, State.STOPPED, reason, record.attempt)

    def _end(self, trial: str, state: State, reason: Reason, attempt: int, **more: Any) -> None:
        said = {"code": reason.code, "text": reason.text}
        self.write("state", trial=trial, state=state, attempt=attempt, reason=said, **more)
        if state is not State.PENDING:
            self._book.sweep_up([self.told.records.trial(trial)])
