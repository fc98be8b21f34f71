"""Sweeps whose trials are paused and go on: who finishes, what it costs, and what stays on the disk."""

import pytest

from sweeps.records.record import State
from sweeps.schedule import Decision
from tests.sweeps_tests.study_kit import REPORTS, FunctionWorker, LoopWorker, begin, on_disk, play, score, sweep_config

PROMOTION = {"scheduler": "asha", "mode": "promotion"}


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda file: None)


@pytest.fixture
def sweep(tmp_path):
    """A whole sweep, played; and what its player saw."""

    def make(*, slots=1, kind=FunctionWorker, **settings):
        config = sweep_config(tmp_path, **{"early_stopping": PROMOTION, "reports": REPORTS, **settings})
        study, ledger = begin(config, tmp_path / "sweep")
        with ledger:
            seen = play(study, slots=slots, kind=kind)
            assert study.settled
            study.close()
        return study, seen

    return make


def states(study):
    return [trial.state for trial in study.record.trials]


def value(trial):
    return max(report.metrics["score"] for report in trial.reports)


def best_first(study):
    return sorted(study.record.trials, key=value, reverse=True)


@pytest.mark.parametrize("kind", [FunctionWorker, LoopWorker])
@pytest.mark.parametrize(("slots", "finish"), [(1, 1), (1, 3), (4, 1), (4, 3)])
def test_the_best_are_trained_to_their_ends_and_every_other_trial_comes_to_an_end_too(sweep, kind, slots, finish):
    study, _ = sweep(trials=20, slots=slots, kind=kind, finish=finish)
    assert set(states(study)) == {State.FINISHED, State.STOPPED}
    assert all(trial.state is State.FINISHED for trial in best_first(study)[:finish])
    assert all(len(trial.reports) == REPORTS for trial in study.record.trials if trial.state is State.FINISHED)
    assert len(study.record.trials) == 20


def test_with_nobody_to_finish_plain_promotion_is_left(sweep):
    study, _ = sweep(trials=5, finish=0, early_stopping={**PROMOTION, "reduction_factor": 4})
    assert State.FINISHED not in states(study)


@pytest.mark.parametrize("scheduler", [PROMOTION, "asha", "none", "median"])
@pytest.mark.parametrize(("slots", "finish", "trainings"), [(1, 1, 4), (3, 2, 6), (3, 1, 2.5)])
def test_a_budget_of_trainings_is_kept_and_somebody_finishes(sweep, scheduler, slots, finish, trainings):
    study, seen = sweep(
        trials=None, budget={"trainings": trainings}, slots=slots, finish=finish, early_stopping=scheduler
    )
    spent = seen.steps - sum(trial.state is State.FINISHED for trial in study.record.trials)  # their ends take a step
    assert spent / REPORTS == pytest.approx(study.spent.trainings)
    assert trainings - 1 < study.spent.trainings <= trainings + slots / REPORTS
    able = [trial for trial in best_first(study) if not (trial.reason and trial.reason.code in {"asha", "median"})]
    assert [trial.state for trial in able[:finish]] == [State.FINISHED] * finish
    assert set(states(study)) <= {State.FINISHED, State.STOPPED}


def test_trials_that_the_budget_ended_say_so(sweep):
    study, _ = sweep(trials=None, budget={"trainings": 3}, slots=3, early_stopping="none")
    ended = {trial.reason.code: trial.reason.text for trial in study.record.trials if trial.state is State.STOPPED}
    assert ended == {"budget": "the budget of trainings is spent"}


@pytest.mark.parametrize("cap", [0, 5])
def test_many_paused_trials_keep_few_checkpoints(sweep, cap):
    slots, keep, own = 2, 2, 3  # a running trial has its best, its last and the one before
    study, seen = sweep(trials=60, slots=slots, keep_paused=cap, keep_checkpoints=keep)
    assert sum(trial.attempt > 1 for trial in study.record.trials) > 5
    assert seen.most_paused > 30
    assert seen.most_checkpoints <= cap + keep + slots * own
    assert len(on_disk(study.folder)) == keep


def test_a_trial_whose_checkpoint_went_is_trained_again_from_its_start_and_scores_the_same(sweep):
    study, _ = sweep(trials=40, keep_paused=0, keep_checkpoints=1)
    again = [trial for trial in study.record.trials if trial.reports and trial.reports[0].attempt > 1]
    assert again
    for trial in study.record.trials:
        assert [report.metrics["score"] for report in trial.reports] == [
            score(trial.params, number) for number in range(1, len(trial.reports) + 1)
        ]
    assert study.spent.trainings > sum(len(trial.reports) for trial in study.record.trials) / REPORTS


def test_a_paused_trial_says_why_and_goes_on_in_a_new_attempt(tmp_path):
    config = sweep_config(tmp_path, early_stopping={**PROMOTION, "reduction_factor": 2}, trials=4)
    study, ledger = begin(config, tmp_path / "sweep")
    with ledger:
        for value in (0.5, 0.4):
            study.report(study.start().trial, {"number": 1, "metrics": {"score": value}})
        first, second = study.record.trials
        assert (first.state, second.state) == (State.PAUSED, State.PAUSED)
        assert first.reason.code == "asha"
        assert "rung 1" in first.reason.text
        again = study.start()
        assert (again.trial, again.attempt) == ("t0001", 2)
        assert study.record.trials[0].state is State.RUNNING
        assert study.report("t0001", {"number": 2, "metrics": {"score": 0.6}}) is Decision.PAUSE
        assert study.start().trial == "t0003"


def test_a_worker_waits_only_while_another_may_tell_who_goes_on(tmp_path):
    config = sweep_config(tmp_path, early_stopping=PROMOTION, trials=2)
    study, ledger = begin(config, tmp_path / "sweep")
    with ledger:
        one, other = study.start().trial, study.start().trial
        assert not study.waits
        study.report(one, {"number": 1, "metrics": {"score": 0.5}})
        assert study.start() is None
        assert study.waits
        study.report(other, {"number": 1, "metrics": {"score": 0.4}})
        assert not study.waits
        assert study.start().trial == one  # the best is trained to its end


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_a_target_that_is_reached_ends_the_sweep(sweep, goal):
    target = 0.5 if goal == "maximize" else 0.3
    study, _ = sweep(
        trials=50, stop_when={"target": target}, metric={"name": "score", "goal": goal}, early_stopping="none"
    )
    last = study.record.trials[-1]
    assert last.reason.text == f"the target was reached by {last.id}"
    better = [report for trial in study.record.trials for report in trial.reports if _meets(report, target, goal)]
    assert len(better) == 1
    assert len(study.record.trials) < 50


def _meets(report, target, goal):
    value = report.metrics["score"]
    return value >= target if goal == "maximize" else value <= target


def test_trials_that_come_to_nothing_better_end_the_sweep(sweep):
    study, _ = sweep(trials=None, stop_when={"no_better_for": 6}, early_stopping="none")
    best = max(range(len(study.record.trials)), key=lambda index: value(study.record.trials[index]))
    assert len(study.record.trials) == best + 1 + 6
    assert study.record.trials[best].state is State.FINISHED


@pytest.mark.parametrize("method", ["random", "bayesian"])
def test_no_configuration_is_trained_twice_and_a_space_that_is_used_up_ends_the_sweep(sweep, method):
    study, _ = sweep(trials=40, method=method, parameters={"x": [0.1, 0.4, 0.7], "k": [1, 2]}, early_stopping="none")
    tried = [(trial.params["x"], trial.params["k"]) for trial in study.record.trials]
    assert sorted(tried) == [(x, k) for x in (0.1, 0.4, 0.7) for k in (1, 2)]
    assert set(states(study)) == {State.FINISHED}
