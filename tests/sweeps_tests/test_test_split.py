"""The test split: it changes nothing before a confirmation, and is looked at once, or counted."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_iris

from sweeps.config import from_mapping
from sweeps.errors import InputError
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import read_events
from sweeps.take_home.best import best_of
from sweeps.take_home.confirm import confirm
from sweeps.take_home.evaluate import evaluate_classes
from sweeps.take_home.export import export_trial
from sweeps.views.verdict import doubts
from tests.sweeps_tests.confirm_kit import Here
from tests.sweeps_tests.local_sweep import run_here
from trainer.report import MEASURED

NET = """
from torch import nn

def net(inputs, classes, hidden=8):
    return nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, classes))
"""
RATES = [0.001, 0.01, 0.03, 0.1]


def swept(base, *, poison=False, test=True):
    """A sweep of four learning rates on iris; with ``poison`` the test rows have each other's labels."""
    base.mkdir()
    (base / "iris_net.py").write_text(NET)
    rows = load_iris(as_frame=True).frame.rename(columns={"target": "label"}).sample(frac=1, random_state=0)
    parts = {"train": rows.iloc[:80], "validation": rows.iloc[80:110], "test": rows.iloc[110:].copy()}
    if poison:
        parts["test"]["label"] = np.roll(parts["test"]["label"].to_numpy(), 1)
    for name, part in parts.items():
        part.to_csv(base / f"{name}.csv", index=False)
    data = {name: f"{name}.csv" for name in parts if test or name != "test"}
    trainer = {"task": "classification", "model": "iris_net:net", "data": {**data, "scaling": "standard"}}
    settings = {
        "name": "iris",
        "trainer": {**trainer, "epochs": 4, "report_every": 2, "batch_size": 16},
        "metric": "f1_macro",
        "method": "grid",
        "parameters": {"learning_rate": RATES},
        "early_stopping": "none",
    }
    return run_here(from_mapping(settings, base=base), base)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return swept(tmp_path_factory.mktemp("clean") / "iris")


@pytest.fixture
def mine(clean, tmp_path):
    return shutil.copytree(clean, tmp_path / "mine")


def reports(folder):
    """What every report of the sweep said, but for how fast it was."""
    untimed = [event for event in read_events(folder)[0] if event["event"] == "report"]
    return [
        (event["trial"], event["report"], {k: v for k, v in event["metrics"].items() if k not in MEASURED})
        for event in untimed
    ]


def test_a_poisoned_test_split_changes_nothing_before_a_confirmation(mine, tmp_path):
    poisoned = swept(tmp_path / "poisoned", poison=True)
    assert reports(poisoned) == reports(mine)
    ours, theirs = best_of(mine)[1], best_of(poisoned)[1]
    assert ours == theirs
    for folder, out in ((mine, "ours"), (poisoned, "theirs")):
        export_trial(folder, tmp_path / out)
    for name in ("model.safetensors", "model.json", "sweepwright.json"):
        assert (tmp_path / "ours" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()

    here, there = (confirm(folder, Here(), top=2, seeds=3) for folder in (mine, poisoned))
    assert here.confirmation.same_as(there.confirmation)
    assert here.look.validation == there.look.validation
    assert here.look.metrics["accuracy"] > 0.8
    assert there.look.metrics["accuracy"] < 0.6
    assert best_of(mine)[1] == best_of(poisoned)[1]


def test_the_look_is_at_the_sweeps_own_checkpoint(mine):
    found = confirm(mine, Here(), top=2, seeds=2)
    best = best_of(mine)[1]
    assert (found.look.trial, found.look.report, found.look.checkpoint) == (best.trial, best.report, best.checkpoint)
    assert found.look.trial == found.confirmation.winner.trial
    assert found.look.validation == pytest.approx(best.value, abs=1e-9)
    assert (found.look.rows, found.look.number) == (40, 1)


def test_the_export_scores_the_same_on_the_test_file(clean, tmp_path):
    mine = shutil.copytree(clean, tmp_path / "mine")
    look = confirm(mine, Here(), top=2, seeds=2).look
    export_trial(mine, tmp_path / "out")
    known = evaluate_classes(tmp_path / "out", clean.parent / "test.csv")
    assert dict(look.metrics) == pytest.approx(known.metrics, abs=1e-6)
    assert dict(look.classes) == known.classes
    assert sum(score.support for score in look.classes.values()) == look.rows == 40


def test_a_look_is_in_the_ledger_and_is_read_back(mine):
    found = confirm(mine, Here(), top=2, seeds=2)
    (event,) = [event for event in read_events(mine)[0] if event["event"] == "tested"]
    assert json.loads(json.dumps(event)) == event
    (look,) = read_sweep(mine).looks
    assert replace(look, time=0.0) == found.look


def test_nobody_looks_twice_unasked(mine):
    first = confirm(mine, Here(), top=2, seeds=2).look
    again = confirm(mine, Here(), top=2, seeds=3)
    if again.confirmation.winner.trial == first.trial:
        assert (again.again, replace(again.look, time=0.0)) == (True, first)
    else:
        assert again.look is None
        assert f"looked at before, for {first.trial}; --look-again" in again.unseen
    assert len(read_sweep(mine).looks) == 1


def test_another_winner_is_not_looked_at_unasked(mine):
    first = confirm(mine, Here(), top=1, seeds=1).look
    others = [trial.id for trial in read_sweep(mine).trials if trial.id != first.trial]
    for manifest in (mine / "trials" / first.trial).glob("checkpoints/*/manifest.json"):
        manifest.unlink()
    found = confirm(mine, Here(), top=1, seeds=1)
    assert found.confirmation.winner.trial in others
    assert found.look is None
    assert f"looked at before, for {first.trial}; --look-again" in found.unseen
    second = confirm(mine, Here(), top=1, seeds=1, look_again=True).look
    assert (second.number, second.trial) == (2, found.confirmation.winner.trial)
    assert [look.number for look in read_sweep(mine).looks] == [1, 2]
    export_trial(mine, mine.parent / "out")
    card = (mine.parent / "out" / "README.md").read_text()
    assert "this was look 2, and the sweep's test split was looked at twice in all" in card


def test_without_the_test_split_it_can_be_looked_at_later(mine):
    found = confirm(mine, Here(), top=2, seeds=2, test=False)
    assert (found.look, found.unseen) == (None, "the test split was not looked at")
    assert read_sweep(mine).looks == ()
    driver = Here()
    assert confirm(mine, driver, top=2, seeds=2).look.number == 1
    assert driver.ran == []


def test_ended_before_the_look_the_same_command_goes_on_with_it(mine, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("sweeps.take_home.confirm.look", killed)
        with pytest.raises(KeyboardInterrupt):
            confirm(mine, Here(), top=2, seeds=2)
    record = read_sweep(mine)
    assert (record.confirmation.number, record.looks) == (1, ())
    driver = Here()
    assert confirm(mine, driver, top=2, seeds=2).look.number == 1
    assert driver.ran == []
    assert read_sweep(mine).confirmation.number == 1


def test_a_sweep_without_test_rows_is_confirmed_and_says_so(tmp_path):
    found = confirm(swept(tmp_path / "untested", test=False), Here(), top=2, seeds=2)
    assert found.confirmation.winner is not None
    assert (found.look, found.unseen) == (None, "the sweep has no test split")


def test_repeats_validate_on_the_sweeps_rows_and_prepare_nothing_again(mine):
    prepared = sorted(path.name for path in (mine / "cache").iterdir())
    confirm(mine, Here(), top=2, seeds=2)
    assert sorted(path.name for path in (mine / "cache").iterdir()) == prepared
    assert not list(mine.glob("confirm/*/cache"))


@pytest.mark.parametrize("split", ["train", "test"])
def test_data_that_have_changed_since_are_refused(tmp_path, split):
    folder = swept(tmp_path / "iris")
    file = tmp_path / "iris" / f"{split}.csv"
    before = file.read_text()
    file.write_text("\n".join(before.splitlines()[:-1]) + "\n")
    for _ in range(2):  # what was prepared to find that out is no excuse the second time
        with pytest.raises(InputError, match=r"the data are not those that t000\d was trained on"):
            confirm(folder, Here(), top=2, seeds=2)
    file.write_text(before)
    assert confirm(folder, Here(), top=2, seeds=2).look.number == 1


def test_with_its_prepared_data_deleted_a_sweep_is_confirmed_all_the_same(mine):
    shutil.rmtree(mine / "cache")
    assert confirm(mine, Here(), top=2, seeds=2).look.number == 1


def test_a_checkpoint_that_scores_otherwise_than_it_did_is_said(mine):
    look = confirm(mine, Here(), top=1, seeds=1).look
    assert list(doubts(look)) == []
    odd = replace(look, validation=look.validation - 0.05, undefined=("perplexity",))
    first, second = doubts(odd)
    assert first == "not finite on these rows: perplexity"
    assert f"scores {odd.validation:.6g} here, and had {look.reported:.6g} in the sweep" in second


def test_the_card_tells_of_the_repeats_and_of_the_test_rows(mine, tmp_path):
    export_trial(mine, tmp_path / "before")
    card = (tmp_path / "before" / "README.md").read_text()
    assert "evaluate on rows that the sweep has not seen" in card
    assert "### " not in card
    found = confirm(mine, Here(), top=2, seeds=3)
    export_trial(mine, tmp_path / "after")
    card = (tmp_path / "after" / "README.md").read_text()
    winner, runner_up = found.confirmation.candidates
    for part in (
        "the test rows below chose nothing",
        "with the seeds 1, 2, 3; the sweep had used none of them",
        f"| {winner.trial} | {winner.value:.6g} | {winner.mean:.6g} | {winner.error:.6g} | 3 of 3 |  |  |  |",
        f"| {runner_up.trial} | {runner_up.value:.6g} | {runner_up.mean:.6g} |",
        "Of 40 test rows, which neither trained nor chose anything in this sweep; ",
        "nobody had looked at them in it before.",
        f"| accuracy | {found.look.metrics['accuracy']:.6g} |",
        "| class | precision | recall | f1 | support |",
        "flatters it; the test",
    ):
        assert part in card, part
    export_trial(mine, tmp_path / "other", runner_up.trial)
    card = (tmp_path / "other" / "README.md").read_text()
    assert f"The test split was looked at once, for `{winner.trial}`: not for this model." in card
    assert "### Test" not in card
    assert "### Repeats" in card
