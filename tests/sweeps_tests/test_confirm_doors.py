"""``sweeps confirm``, ``Result.confirm``, and what the other commands show afterwards."""

from __future__ import annotations

import json

import pytest

from sweeps import open_sweep
from sweeps.records.builder import read_sweep
from sweeps.records.sweep_file import read_config
from tests.sweeps_tests.confirm_kit import Here, toy_sweep


@pytest.fixture
def driver(monkeypatch):
    """Stands for the one with Ray; remembers where that was to be."""
    made = Here()

    def make(address=None, watch=None, say=None):
        made.address, made.watch, made.say = address, watch, say
        return made

    monkeypatch.setattr("sweeps.engine.inner.InnerSweeps", make)
    return made


def test_it_prints_the_table_the_verdict_and_the_test_scores(cli, own_copy, driver):
    said = cli("confirm", own_copy, "--top", 2, "--seeds", 3, "--address", "10.0.0.1:6379", "--quiet")
    assert (said.code, said.err) == (0, "")
    assert driver.address == "10.0.0.1:6379"
    record = read_sweep(own_copy)
    winner, other = record.confirmation.candidates
    lines = said.out.splitlines()
    assert lines[0] == "digits: 2 configurations, 3 fresh seeds each"
    assert [line.split()[0] for line in lines[2:4]] == [winner.trial, other.trial]
    assert lines[5].startswith(winner.trial)
    (look,) = record.looks
    assert f"{winner.trial} on the test split, {look.rows} rows (look 1 at it)" in lines
    assert any(line.split() == ["accuracy", f"{look.metrics['accuracy']:.6g}"] for line in lines)
    assert lines[-11].split() == ["class", "precision", "recall", "f1", "support"]
    again = cli("confirm", own_copy, "--top", 2, "--seeds", 3).out
    assert again == said.out.replace("(look 1 at it)", "(look 1 at it, seen before)")


def test_as_json(cli, own_copy, driver):
    said = cli("confirm", own_copy, "--top", 2, "--seeds", 2, "--no-test", "--json")
    found = json.loads(said.out)
    assert found.keys() >= {"sweep", "metric", "goal", "seeds", "candidates", "comparisons", "winner", "told_apart"}
    assert (found["seeds"], found["test"], found["unseen"]) == ([1, 2], None, "the test split was not looked at")
    found = json.loads(cli("confirm", own_copy, "--top", 2, "--seeds", 2, "--json").out)
    assert (found["test"]["trial"], found["test"]["number"], found["unseen"]) == (found["winner"], 1, None)
    assert found["test"]["classes"]["3"]["support"] == 37
    assert sum(score["support"] for score in found["test"]["classes"].values()) == found["test"]["rows"]


def test_best_and_status_say_whether_the_winner_is_confirmed(cli, own_copy, driver):
    assert "no: chosen by one value of one seed" in cli("best", own_copy).out
    before = json.loads(cli("best", own_copy, "--json").out)
    assert (before["confirmed"], before["confirmation"], before["test"], before["looks"]) == (False, None, None, 0)
    assert "confirmed" not in cli("status", own_copy).out
    cli("confirm", own_copy, "--top", 2, "--seeds", 3)
    after = json.loads(cli("best", own_copy, "--json").out)
    assert (after["confirmed"], after["looks"], after["test"]["trial"]) == (True, 1, after["trial"])
    assert after["trial"] == after["confirmation"]["winner"]
    status = json.loads(cli("status", own_copy, "--json").out)
    assert status["best"] == after
    assert status["tests"] == [after["test"]]
    for shown in (cli("best", own_copy).out, cli("status", own_copy).out):
        assert "over 3 seeds" in shown
        assert f"{after['confirmation']['comparisons'][0]['trial']} (p=" in shown
        assert f"accuracy={after['test']['metrics']['accuracy']:.6g} on 359 rows (look 1 at it)" in shown


def test_interrupted_it_says_how_far_it_came_and_exits_as_the_driver_did(cli, own_copy, driver):
    driver.most = 4
    said = cli("confirm", own_copy, "--top", 2, "--seeds", 2)
    assert said.code == 130
    assert said.err == "sweeps: 1 of 4 repeats are done; the same command goes on with the others\n"
    driver.most = None
    assert cli("confirm", own_copy, "--top", 2, "--seeds", 2).code == 0
    assert driver.resumed == ["repeats-1"]


@pytest.mark.parametrize("options", [("--top", 0), ("--seeds", 0), ("--seeds", "x")])
def test_numbers_that_mean_nothing_are_usage_errors(cli, own_copy, driver, options):
    assert cli("confirm", own_copy, *options).code == 2
    assert driver.ran == []


def test_from_python(tmp_path, driver, capsys):
    result = open_sweep(toy_sweep(tmp_path))
    found = result.confirm(top=2, seeds=2, address="10.0.0.1:6379", quiet=True)
    assert driver.address == "10.0.0.1:6379"
    assert result.best.trial == found.confirmation.winner.trial
    (progress,) = driver.watch(read_config(result.folder))
    progress.handle({"event": "note", "text": "shown"}, None)
    assert capsys.readouterr().out == ""
