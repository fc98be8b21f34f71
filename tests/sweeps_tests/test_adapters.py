"""Our study behind Tune's interfaces: leases that are bound late, and never hear of a trial that is not theirs."""

from types import SimpleNamespace

import pytest

from sweeps.engine.adapters import Leases, LeaseSearcher, StudyScheduler
from sweeps.engine.signals import Interrupted, Signals
from sweeps.errors import Exit
from sweeps.records.ledger import read_events
from sweeps.records.record import State
from tests.sweeps_tests.study_kit import begin, sweep_config

CONTINUE, STOP, FINISHED = "CONTINUE", "STOP", "FINISHED"


@pytest.fixture
def parts(tmp_path):
    study, ledger = begin(sweep_config(tmp_path, trials=3), tmp_path / "sweep")
    signals = Signals()
    leases = Leases(study, 2, lambda assignment: {"trial": assignment.trial}, signals.give_up)
    with ledger:
        yield SimpleNamespace(
            study=study, leases=leases, searcher=LeaseSearcher(leases), scheduler=StudyScheduler(leases),
            signals=signals, begun=[],
        )  # fmt: skip


def tell(parts, lease, message):
    actor = SimpleNamespace(begin=SimpleNamespace(remote=parts.begun.append))
    trial = SimpleNamespace(trial_id=lease, temporary_state=SimpleNamespace(ray_actor=actor))
    return parts.scheduler.on_trial_result(None, trial, {"messages": [message]})


def report(number, value):
    return {"report": {"number": number, "metrics": {"score": value}}}


def end(state="finished", **more):
    return {"end": {"state": state, "code": "completed", "text": "", **more}}


def test_there_is_a_lease_for_each_slot_and_no_more(parts):
    assert [parts.searcher.suggest(lease) for lease in "abc"] == [{}, {}, None]


def test_a_worker_whose_trial_is_over_gets_the_next_in_the_same_lease(parts):
    parts.searcher.suggest("a")
    assert parts.leases.bind("a") == {"trial": "t0001"}
    assert [tell(parts, "a", end()) for _ in range(3)] == [CONTINUE, CONTINUE, STOP]
    assert parts.begun == [{"trial": "t0002"}, {"trial": "t0003"}]
    assert parts.study.settled


def test_a_spoiled_worker_gets_no_other_trial(parts):
    parts.searcher.suggest("a")
    parts.leases.bind("a")
    assert tell(parts, "a", end("failed", spoiled=True)) == STOP
    parts.searcher.on_trial_complete("a")
    assert parts.begun == []
    assert parts.searcher.suggest("b") == {}
    assert parts.leases.bind("b") == {"trial": "t0002"}


def test_a_trial_that_an_unfit_worker_could_not_begin_goes_to_another_at_no_cost(parts):
    parts.searcher.suggest("a")
    parts.leases.bind("a")
    assert tell(parts, "a", {"unfit": True}) == STOP
    parts.searcher.on_trial_complete("a")
    parts.searcher.suggest("b")
    assert parts.leases.bind("b") == {"trial": "t0001"}
    assert parts.study.record.trials[0].attempt == 2


def test_no_more_leases_than_trials_are_left(parts):
    for lease in "ab":
        parts.searcher.suggest(lease)
        parts.leases.bind(lease)
    assert tell(parts, "a", end()) == CONTINUE
    assert tell(parts, "b", end()) == STOP
    parts.searcher.on_trial_complete("b")
    assert parts.searcher.suggest("c") is None


def test_a_lease_gets_its_trial_when_its_worker_is_ready_not_when_it_is_queued(parts):
    for lease in "ab":
        parts.searcher.suggest(lease)
    assert parts.leases.bind("b") == {"trial": "t0001"}
    assert parts.leases.bind("a") == {"trial": "t0002"}


def test_the_searcher_is_finished_only_when_every_trial_is_at_its_end(parts):
    parts.searcher.suggest("a")
    parts.leases.bind("a")
    for _ in range(3):
        assert parts.searcher.suggest("next") != FINISHED
        parts.searcher.on_trial_complete("next")
        tell(parts, "a", end())
    assert parts.searcher.suggest("z") == FINISHED


def test_a_worker_that_died_gives_its_trial_to_the_next_lease(parts):
    for lease in "ab":
        parts.searcher.suggest(lease)
    parts.leases.bind("a")
    parts.searcher.on_trial_complete("a", error=True)
    assert parts.leases.bind("b") == {"trial": "t0001"}


def test_what_a_lost_lease_still_says_is_refused(parts):
    for lease in "ab":
        parts.searcher.suggest(lease)
    parts.leases.bind("a")
    assert tell(parts, "a", report(1, 0.5)) == CONTINUE
    parts.searcher.on_trial_complete("a", error=True)
    parts.leases.bind("b")
    before = read_events(parts.study.folder)[0]
    assert tell(parts, "a", report(2, 0.9)) == STOP
    assert tell(parts, "a", end()) == STOP
    assert read_events(parts.study.folder)[0] == before
    assert tell(parts, "b", report(2, 0.6)) == CONTINUE


def test_a_run_that_ended_without_a_word_fails_its_trial(parts):
    parts.searcher.suggest("a")
    parts.leases.bind("a")
    assert tell(parts, "a", {}) == CONTINUE  # with the next one
    trial = parts.study.record.trials[0]
    assert (trial.state, trial.reason.code) == (State.FAILED, "no-end")


def test_a_full_disk_ends_the_sweep_and_leaves_the_trial_to_be_gone_on_with(parts):
    parts.searcher.suggest("a")
    parts.leases.bind("a")
    assert tell(parts, "a", {"end": {"state": "interrupted", "code": "disk-full", "text": "No space left"}}) == STOP
    with pytest.raises(Interrupted) as caught:
        parts.signals.check()
    assert (caught.value.code, caught.value.reason.code) == (Exit.FAILED, "disk-full")
    parts.study.interrupt(caught.value.reason)
    assert parts.study.record.trials[0].state is State.INTERRUPTED
