"""Confirming a winner, from the best trials to the ledger; of a function of one's own, which has no test split."""

from __future__ import annotations

import json

import pytest

from sweeps.engine.driver import extend_sweep
from sweeps.errors import Exit, InputError, NoUsableTrial
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import Ledger, read_events
from sweeps.records.lock import SweepLock
from sweeps.take_home.best import best_of
from sweeps.take_home.confirm import confirm
from sweeps.take_home.export import export_trial
from sweeps.take_home.repeats import NotThroughYet
from tests.sweeps_tests.confirm_kit import Here, toy_sweep, trained
from tests.sweeps_tests.local_sweep import extend_here, go_on_here


@pytest.fixture
def swept(tmp_path):
    return toy_sweep(tmp_path)


def values(confirmation):
    return {one.trial: one.values for one in confirmation.candidates}


def test_the_best_are_trained_again_with_seeds_that_the_sweep_never_had(swept, tmp_path):
    before = trained(tmp_path)
    found = confirm(swept, Here(), top=3, seeds=4)
    assert found.confirmation.seeds == (1, 2, 3, 4)
    best_three = ["0.9", "0.89", "0.7"]
    # All of them with one seed before the next, so that an early end leaves whole pairs.
    assert trained(tmp_path)[len(before) :] == [f"{x} {seed}" for seed in (1, 2, 3, 4) for x in best_three]
    assert {one.trial for one in found.confirmation.candidates} == {"t0002", "t0004", "t0005"}
    assert (found.look, found.unseen) == (None, "the sweep has no test split")


def test_values_are_those_of_the_best_reports_and_means_rank_them(swept):
    confirmation = confirm(swept, Here(), top=3, seeds=5).confirmation
    record = read_sweep(swept / "confirm" / "repeats-1")
    reported = {(t.params["x"], t.params["seed"]): max(r.metrics["score"] for r in t.reports) for t in record.trials}
    x = {"t0002": 0.9, "t0004": 0.89, "t0005": 0.7}
    for trial, by_seed in values(confirmation).items():
        assert by_seed == {seed: reported[x[trial], seed] for seed in (1, 2, 3, 4, 5)}
    means = [one.mean for one in confirmation.candidates]
    assert means == sorted(means, reverse=True)
    assert confirmation.candidates[2].trial == "t0005"
    assert [one.trial for one in confirmation.comparisons] == [one.trial for one in confirmation.candidates[1:]]


def test_it_is_in_the_ledger_and_is_read_back_as_it_was(swept):
    found = confirm(swept, Here(), top=2, seeds=3).confirmation
    record = read_sweep(swept)
    assert record.confirmation is not None
    assert found.same_as(record.confirmation)
    (event,) = [event for event in read_events(swept)[0] if event["event"] == "confirmed"]
    assert json.loads(json.dumps(event["candidates"])) == event["candidates"]


def test_a_confirmation_takes_none_of_the_sweeps_time_and_changes_no_trial(swept):
    before = read_sweep(swept)
    confirm(swept, Here(), top=2, seeds=2)
    after = read_sweep(swept)
    assert (after.seconds, after.cost, after.trials, after.state) == (
        before.seconds, before.cost, before.trials, before.state,
    )  # fmt: skip


def test_the_same_command_twice_trains_nothing_and_writes_nothing(swept, tmp_path):
    confirm(swept, Here(), top=2, seeds=3)
    ledger, so_far = (swept / "records.jsonl").read_bytes(), trained(tmp_path)
    driver = Here()
    again = confirm(swept, driver, top=2, seeds=3)
    assert (driver.ran, driver.resumed, trained(tmp_path)) == ([], [], so_far)
    assert (swept / "records.jsonl").read_bytes() == ledger
    assert again.confirmation.number == 1


def test_more_seeds_and_more_trials_train_only_what_is_missing(swept, tmp_path):
    first = confirm(swept, Here(), top=2, seeds=2).confirmation
    so_far = len(trained(tmp_path))
    second = confirm(swept, Here(), top=3, seeds=3).confirmation
    new = ["0.7 1", "0.7 2", "0.9 3", "0.89 3", "0.7 3"]
    assert sorted(trained(tmp_path)[so_far:]) == sorted(new)
    assert second.number == 2
    for trial, by_seed in values(first).items():
        assert {seed: values(second)[trial][seed] for seed in (1, 2)} == by_seed
    # Fewer of both need no training at all.
    driver = Here()
    assert confirm(swept, driver, top=2, seeds=2).confirmation.number == 3
    assert driver.ran == []


def test_an_interrupted_confirmation_goes_on_and_trains_nothing_twice(swept, tmp_path):
    before = len(trained(tmp_path))
    for _ in range(3):  # of 12 reports 4 at a time
        with pytest.raises(NotThroughYet, match=r"\d of 6 repeats are done; the same command goes on") as broken_off:
            confirm(swept, Here(most=4), top=3, seeds=2)
        assert broken_off.value.exit_code is Exit.INTERRUPTED
        assert read_sweep(swept).confirmation is None
    driver = Here()
    found = confirm(swept, driver, top=3, seeds=2).confirmation
    assert (driver.ran, driver.resumed) == ([], ["repeats-1"])
    again = trained(tmp_path)[before:]
    assert sorted(set(again)) == sorted(f"{x} {seed}" for x in (0.9, 0.89, 0.7) for seed in (1, 2))
    # A trial that was cut off began again; those at their ends did not.
    assert len(again) <= 6 + 3
    untouched = confirm(toy_sweep(tmp_path, name="other"), Here(), top=3, seeds=2).confirmation
    assert values(found) == values(untouched)


def test_another_command_after_an_interrupted_one_uses_what_is_done(swept, tmp_path):
    with pytest.raises(NotThroughYet):
        confirm(swept, Here(most=7), top=3, seeds=2)  # 0.9 1, 0.89 1, 0.7 1 are through
    so_far, driver = len(trained(tmp_path)), Here()
    found = confirm(swept, driver, top=2, seeds=1).confirmation
    assert (driver.ran, driver.resumed, len(trained(tmp_path))) == ([], [], so_far)
    assert [len(one.values) for one in found.candidates] == [1, 1]


def test_what_repeats_save_is_deleted_and_what_the_sweep_saved_stays(swept):
    kept = sorted(swept.glob("trials/*/checkpoints/*"))
    confirm(swept, Here(), top=3, seeds=2)
    assert list(swept.glob("confirm/*/trials/*/checkpoints/*")) == []
    assert sorted(swept.glob("trials/*/checkpoints/*")) == kept
    record = read_sweep(swept / "confirm" / "repeats-1")
    assert all(trial.dropped for trial in record.trials if any(report.checkpoint for report in trial.reports))


def test_the_confirmed_winner_is_the_best_from_then_on_and_is_what_is_exported(tmp_path):
    swept = toy_sweep(tmp_path, trainer={"seed": 0, "luck": 0.5}, parameters={"x": [0.9, 0.89, 0.88]})
    plain = best_of(swept)[1]
    found = confirm(swept, Here(), top=3, seeds=5).confirmation
    assert found.winner.trial != plain.trial  # with so much luck; else choose another spread
    best = best_of(swept)[1]
    assert (best.trial, best.confirmed) == (found.winner.trial, True)
    told = f"{plain.trial} had score={plain.value:.6g} in the sweep, and a worse mean over 5 fresh seeds"
    assert told in best.note
    exported = export_trial(swept, tmp_path / "out")
    assert exported.trial == best.trial
    x = dict(best.params)["x"]
    assert (tmp_path / "out" / "weights.txt").read_text() == str(x)
    other = export_trial(swept, tmp_path / "mine", plain.trial)
    assert (other.trial, other.confirmed) == (plain.trial, False)


def test_repeats_that_fail_are_left_out_and_said(tmp_path):
    trainer = {"seed": 0, "bad": [2, 3], "bad_x": 0.89}
    swept = toy_sweep(tmp_path, "unlucky", trainer=trainer)
    confirmation = confirm(swept, Here(), top=2, seeds=4).confirmation
    failed = next(one for one in confirmation.candidates if one.trial == "t0004")
    assert sorted(failed.values) == [1, 4]
    assert all("this seed fails" in one.reason for one in failed.repeats if one.value is None)
    assert [one.pairs for one in confirmation.comparisons] == [2]
    # They failed once, and are not tried again.
    driver = Here()
    confirm(swept, driver, top=2, seeds=4)
    assert driver.ran == []


def test_where_no_repeat_gives_a_value_there_is_no_winner(tmp_path):
    swept = toy_sweep(tmp_path, "strict", trainer={})
    with pytest.raises(
        NoUsableTrial, match=r"no repeat gave a value; failed: TypeError: unexpected \['seed'\]"
    ) as said:
        confirm(swept, Here(), top=2, seeds=2)
    assert "the function is given config['seed'] now, which it did not have before: let it take that" in str(said.value)
    assert best_of(swept)[1].confirmed is False


def test_a_function_without_a_seed_of_its_own_has_the_process_seeded(tmp_path):
    swept = toy_sweep(tmp_path, "luck_of_the_process", trainer={})
    confirmation = confirm(swept, Here(), top=2, seeds=3).confirmation
    assert not confirmation.seedless
    assert all(len(set(one.values.values())) == 3 for one in confirmation.candidates)


def test_a_function_that_no_seed_changes_says_nothing_of_chance(tmp_path):
    swept = toy_sweep(tmp_path, "careless", trainer={})
    found = confirm(swept, Here(), top=2, seeds=3)
    assert found.confirmation.seedless
    assert found.confirmation.told_apart is None
    assert found.unseen == "t0002 saved no checkpoint that could be evaluated"


def test_a_sweep_that_somebody_runs_is_refused(swept):
    with SweepLock(swept), pytest.raises(InputError, match="this sweep is run by process"):
        confirm(swept, Here())


@pytest.mark.parametrize(("wrong", "key"), [({"top": 0}, "top"), ({"seeds": 0}, "seeds")])
def test_numbers_that_mean_nothing_are_refused(swept, wrong, key):
    with pytest.raises(InputError, match=rf"^{key}: expected a whole number of at least 1, got 0"):
        confirm(swept, Here(), **wrong)


def test_a_sweep_that_goes_on_better_is_not_confirmed_any_more(swept):
    winner = confirm(swept, Here(), top=2, seeds=2).confirmation.winner.trial
    with Ledger.open(swept, create=False) as ledger:
        facts = {"name": "toy", "metric": "score", "goal": "maximize", "planned": 7, "attempt": 2, "id": ledger.id}
        ledger.append("sweep", **facts)
        ledger.append("trial", trial="t0007", number=7, params={"x": 0.95})
        ledger.append("state", trial="t0007", state="running", attempt=1, reason=None)
    before = best_of(swept)[1]
    assert (before.trial, before.confirmed) == (winner, True)
    checkpoint = swept / "trials" / "t0007" / "checkpoints" / "r0001"
    checkpoint.mkdir(parents=True)
    from trainer.manifest import write_manifest

    write_manifest(checkpoint, {})
    with Ledger.open(swept, create=False) as ledger:
        where = str(checkpoint.relative_to(swept))
        ledger.append("report", trial="t0007", attempt=1, report=1, metrics={"score": 3.0}, checkpoint=where)
    best = best_of(swept)[1]
    assert (best.trial, best.confirmed) == ("t0007", False)
    assert f"it has reported since {winner} was confirmed: confirm again" in best.note
    assert best_of(swept, winner)[1].confirmed


def test_a_winner_whose_checkpoint_is_gone_is_not_the_best_any_more(swept):
    winner = confirm(swept, Here(), top=2, seeds=2).confirmation.winner.trial
    for manifest in (swept / "trials" / winner).glob("checkpoints/*/manifest.json"):
        manifest.unlink()
    best = best_of(swept)[1]
    assert best.trial != winner
    assert "has no usable checkpoint any more" in best.note


def test_resuming_a_sweep_after_its_confirmation_replays_it(swept):
    found = confirm(swept, Here(), top=2, seeds=2).confirmation
    go_on_here(swept)
    assert found.same_as(read_sweep(swept).confirmation)


def test_trials_of_before_an_extension_are_confirmed_as_they_were_trained(swept, tmp_path):
    extend_here(swept, "parameters.x={values: [0.1, 0.2, 0.3, 0.5, 0.89]}")  # the grid of now is without the best
    record = read_sweep(swept)
    assert {trial.id for trial in record.trials if trial.outside} >= {"t0002", "t0005"}
    found = confirm(swept, Here(), top=3, seeds=2).confirmation
    assert {one.trial for one in found.candidates} == {"t0002", "t0004", "t0005"}
    assert found.passed_over == {}
    assert found.winner is not None
    # A sweep for each of the two configurations.
    assert [len(read_sweep(swept / "confirm" / f"repeats-{n}").trials) for n in (1, 2)] == [4, 2]
    so_far = trained(tmp_path)
    confirm(swept, Here(), top=3, seeds=2)
    assert trained(tmp_path) == so_far
    assert best_of(swept)[1].trial == found.winner.trial


def test_repeats_are_no_sweep_to_confirm_or_to_extend(swept):
    confirm(swept, Here(), top=2, seeds=2)
    repeats = swept / "confirm" / "repeats-1"
    with pytest.raises(InputError, match=r"holds repeats of toy.*name .*toy"):
        confirm(repeats, Here())
    with pytest.raises(InputError, match="holds repeats of toy"):
        extend_sweep(repeats, ["trials=+1"])


def test_seeds_that_are_known_are_not_left_out_by_asking_for_fewer(swept, tmp_path):
    confirm(swept, Here(), top=3, seeds=4)
    so_far = trained(tmp_path)
    again = confirm(swept, Here(), top=2, seeds=2).confirmation
    assert again.seeds == (1, 2, 3, 4)
    assert trained(tmp_path) == so_far
