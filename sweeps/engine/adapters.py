"""Our study as Tune sees it: a searcher of empty trials, a scheduler that asks the study, a start hook.

A Tune trial here is a lease on a worker, one for each slot. Which of our trials it trains is bound when its worker is
ready (``on_trial_start``) and, when that trial is over, to the next one at once, in the same lease: Tune sees a trial
that goes on. So no configuration is chosen before a worker is free for it, no process is thrown away between trials,
and Tune's own bookkeeping does not grow with ours. A lease ends when its worker dies or is not fit to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ray.tune import Callback, Stopper
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from sweeps.records.record import Reason, State
from sweeps.schedule.base import Decision
from sweeps.study import Assignment, Study


class Leases:
    """Which of our trials each Tune trial carries now, and how many more are wanted."""

    def __init__(
        self,
        study: Study,
        slots: int,
        task_of: Callable[[Assignment], dict[str, Any]],
        give_up: Callable[[Reason], None],
    ) -> None:
        self.study, self.task_of, self.give_up = study, task_of, give_up
        self.limit = slots
        self.waiting: set[str] = set()
        self.idle: set[str] = set()
        self.bound: dict[str, str] = {}

    def __getstate__(self) -> dict[str, Any]:
        # Tune pickles its Tuner into its scratch folder. Nothing is ever read back from there.
        return {}

    def wanted(self) -> bool:
        """Whether one more lease could be used."""
        without = len(self.waiting) + len(self.idle)
        return without < self.study.open and without + len(self.bound) < self.limit

    def bind(self, lease: str) -> dict[str, Any] | None:
        """The task for a lease whose worker is ready for one; ``None`` when there is nothing to start now."""
        self.release(lease)
        assignment = self.study.start()
        if assignment is None:
            self.idle.add(lease)
            return None
        self.bound[lease] = assignment.trial
        return self.task_of(assignment)

    def release(self, lease: str) -> str | None:
        """The lease is over; the trial it carried, if any."""
        self.waiting.discard(lease)
        self.idle.discard(lease)
        return self.bound.pop(lease, None)


class LeaseSearcher(Searcher):  # type: ignore[misc]  # ray is untyped here
    """Suggests empty configurations while attempts are wanted."""

    def __init__(self, leases: Leases) -> None:
        super().__init__()
        self._leases = leases

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        if self._leases.study.settled:
            return str(Searcher.FINISHED)
        if not self._leases.wanted():
            return None
        self._leases.waiting.add(trial_id)
        return {}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        trial = self._leases.release(trial_id)
        if trial is not None and error:
            self._leases.study.lost(trial, Reason("worker-lost", "its worker process died"))

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the ledger holds what matters."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: a sweep is resumed from its ledger."""


class StudyScheduler(FIFOScheduler):  # type: ignore[misc]  # ray is untyped here
    """Takes messages to the study and brings back its decision."""

    def __init__(self, leases: Leases) -> None:
        super().__init__()
        self._leases = leases

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        ours = self._leases.bound.get(trial.trial_id)
        if ours is None:
            return self._hand_on(trial) if trial.trial_id in self._leases.idle else str(TrialScheduler.STOP)
        last = result["messages"][-1]
        if last.get("unfit"):
            self._leases.study.put_back(ours, Reason("worker-unfit", "its worker was not fit for another trial"))
            return str(TrialScheduler.STOP)
        for message in result["messages"]:
            if (end := message.get("end")) and State(end["state"]) is State.INTERRUPTED:
                self._leases.give_up(Reason(end["code"], end["text"]))
                return str(TrialScheduler.STOP)
            if take(self._leases.study, ours, message) is not Decision.CONTINUE:
                break
        else:
            return str(TrialScheduler.CONTINUE)
        if last.get("end", {}).get("spoiled"):
            return str(TrialScheduler.STOP)
        return self._hand_on(trial)

    def _hand_on(self, lease: Trial) -> str:
        """Give the lease's worker our next trial. Where there may be one soon it waits, else the lease ends."""
        task = self._leases.bind(lease.trial_id)
        if task is None and not self._leases.study.waits:
            return str(TrialScheduler.STOP)
        _begin(lease, task)
        return str(TrialScheduler.CONTINUE)

    def choose_trial_to_run(self, tune_controller: Any) -> None:
        """None in particular: leases are alike, and Tune starts whichever waits. Its own choice looks through all."""


class StartHook(Callback):  # type: ignore[misc]  # ray is untyped here
    """Binds a lease when its worker is ready, before Tune asks the worker to train."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        _begin(trial, self._leases.bind(trial.trial_id))


def _begin(lease: Trial, task: dict[str, Any] | None) -> None:
    # An actor runs the calls of one caller in order, so this one comes before Tune's next `train`.
    lease.temporary_state.ray_actor.begin.remote(task)


class StopFlag(Stopper):  # type: ignore[misc]  # ray is untyped here
    """Asks, at each turn of Tune's loop, whether it is to end; raising leaves it at once, whatever its workers do."""

    def __init__(self, *checks: Callable[[], None]) -> None:
        self._checks = checks

    def __call__(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        for check in self._checks:
            check()
        return False


def take(study: Study, trial: str, message: Mapping[str, Any]) -> Decision:
    """One message of an attempt, told to the study."""
    if "report" in message:
        return study.report(trial, message["report"])
    end = message.get("end", {"state": State.FAILED, "code": "no-end", "text": "the run ended without a word"})
    study.ended(trial, State(end["state"]), Reason(end["code"], end["text"]))
    return Decision.STOP
