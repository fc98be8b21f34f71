"""Earlier sweeps in a sweep file, and what a sweep takes over from them and leaves behind."""

from __future__ import annotations

import dataclasses
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sweeps.config import from_mapping
from sweeps.config import read_config as read_resolved
from sweeps.config.carrying import Carrying
from sweeps.config.extending import extended
from sweeps.config.records import SweepConfig
from sweeps.engine.carrying import MOST_SWEEPS, fingerprint, past_of, remember, warmed
from sweeps.engine.outlook import check
from sweeps.errors import InputError
from sweeps.records.archive import Archive, Fingerprint, Remembered
from sweeps.records.builder import read_sweep
from sweeps.records.record import Cost, Parent, Reason, ReportRecord, State, SweepRecord, TrialRecord
from sweeps.records.sweep_file import digest, write_config
from sweeps.take_home.repeats import repeats_config
from sweeps.views.plan import plan_view
from tests.sweeps_tests.past_kit import earlier
from tests.sweeps_tests.study_kit import run, sweep_config

SPACE = {
    "learning_rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1},
    "dropout": {"min": 0.0, "max": 0.5},
}
KIND = Fingerprint("toy:train")


def config(folder: Path, **settings: Any) -> SweepConfig:
    return sweep_config(folder, **{"method": "auto", "parameters": SPACE, **settings})


def toy(folder: Path, **settings: Any) -> SweepConfig:
    """Of the kit's own space, so that its workers can train it."""
    return sweep_config(folder, **{"method": "auto", **settings})


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setenv("SWEEPWRIGHT_ARCHIVE", str(tmp_path / "archive"))
    return Archive(tmp_path / "archive")


def put(archive: Archive, *names: str, kind: Fingerprint = KIND) -> None:
    for place, name in enumerate(names):
        archive.remember(Remembered(earlier(name), kind, float(place)))


def test_a_new_sweep_begins_with_what_is_alike_and_says_so(tmp_path: Path, archive: Archive) -> None:
    put(archive, "a", "b")
    found, lines = warmed(config(tmp_path), KIND)
    assert [one.name for one in found.carrying.past or ()] == ["b", "a"]
    text = "begins with what did well in b (40 trials), a (40 trials); to begin from nothing: archive: off"
    assert lines == [text]


@pytest.mark.parametrize(
    "settings",
    [
        {"archive": False},
        {"method": "random"},
        {"method": "grid", "parameters": {"learning_rate": [1e-3, 1e-2], "dropout": [0.0, 0.1]}, "trials": None},
        {"parameters": {"learning_rate": [1e-3, 1e-2], "dropout": [0.0, 0.1]}, "trials": 9},
    ],
    ids=["off", "random", "grid", "auto is a grid"],
)
def test_who_does_not_want_it_or_does_not_learn_begins_from_nothing(
    tmp_path: Path, archive: Archive, settings: dict[str, Any]
) -> None:
    put(archive, "a")
    found, lines = warmed(config(tmp_path, **settings), KIND)
    assert (found.carrying.past, lines) == ((), [])


def test_an_archive_is_only_so_much_of_a_sweep(tmp_path: Path, archive: Archive) -> None:
    put(archive, *"abcdefg")
    found, _ = warmed(config(tmp_path), KIND)
    assert len(found.carrying.past or ()) == MOST_SWEEPS


def test_what_is_frozen_stays_whatever_the_archive_has_by_then(tmp_path: Path, archive: Archive) -> None:
    put(archive, "a")
    frozen, _ = warmed(config(tmp_path), KIND)
    put(archive, "b", "c")
    assert warmed(frozen, KIND)[0] == frozen
    again = from_mapping(frozen.to_mapping(), base=tmp_path, outside=False)
    assert again == frozen
    assert digest(again) == digest(frozen)


def test_the_resolved_file_keeps_it(tmp_path: Path, archive: Archive) -> None:
    put(archive, "a", "b")
    frozen, _ = warmed(config(tmp_path), KIND)
    folder = tmp_path / "sweep"
    folder.mkdir()
    write_config(folder, frozen)
    assert read_resolved(folder).carrying == frozen.carrying
    lines = (folder / "sweep.yaml").read_text().splitlines()
    at = lines.index("past:")
    assert all(line.startswith(("- ", "  ")) for line in lines[at + 1 :])
    assert len(lines) - at < 2 * 80 + 20  # two lines for each trial


def test_validate_says_what_it_would_begin_with(tmp_path: Path, archive: Archive) -> None:
    put(archive, "a", "b")
    (tmp_path / "toy.py").write_text("def train(config): ...")
    assert check(config(tmp_path)).earlier == ("b", "a")
    output = StringIO()
    Console(file=output, width=100).print(plan_view(config(tmp_path), check(config(tmp_path))))
    assert "what did well in b, a" in output.getvalue()


def test_warm_start_takes_the_sweeps_that_are_named(tmp_path: Path, archive: Archive) -> None:
    first = toy(tmp_path, trials=12)
    folder = run(first, tmp_path / "first").folder
    write_config(folder, first)
    second = toy(tmp_path, name="second", warm_start=["first"])
    found, lines = warmed(second, KIND)
    assert [one.name for one in found.carrying.past or ()] == ["toy"]
    assert lines == ["begins with what did well in toy (12 trials)"]
    best = max(read_sweep(folder).trials, key=lambda trial: trial.reports[-1].metrics["score"])
    begun = read_sweep(run(found, tmp_path / "second").folder).trials[0]
    assert begun.params == best.params


def test_a_sweep_does_not_learn_from_itself(tmp_path: Path, archive: Archive) -> None:
    put(archive, "a")
    assert warmed(config(tmp_path), KIND, own="id-a")[0].carrying.past == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"warm_start": ["nothing"]}, "no sweep here"),
        ({"warm_start": ["other"]}, "none of its 6 trials with a result fits the parameters"),
    ],
)
def test_a_folder_that_is_of_no_use_is_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    other = sweep_config(tmp_path, name="other")
    run(other, tmp_path / "other")
    write_config(tmp_path / "other", other)
    with pytest.raises(InputError, match=message) as refused:
        warmed(config(tmp_path, **settings), KIND)
    assert refused.value.key == "warm_start"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"archive": "yes please"}, "archive.*expected on or off"),
        ({"warm_start": 3}, "warm_start.*expected folders of sweeps"),
        ({"warm_start": [""]}, "warm_start.*expected folders of sweeps"),
        ({"warm_start": "runs/a", "method": "grid", "trials": None, "parameters": {"a": [1, 2]}}, "no use to a grid"),
        ({"past": {}}, "past.*expected a list"),
        ({"past": [{"id": "a"}]}, r"past\.0\.goal.*missing"),
        ({"past": [{**earlier(trials=5).to_mapping(), "trials": [{"params": {}}]}]}, "expected params and scores"),
        (
            {"past": [{**earlier(trials=5).to_mapping(), "trials": [{"params": {}, "scores": {"x": 1}}]}]},
            "expected numbers by report number",
        ),
    ],
)
def test_keys_that_make_no_sense_are_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        config(tmp_path, **settings)


def test_a_finished_sweep_is_remembered(tmp_path: Path, archive: Archive) -> None:
    made = toy(tmp_path, early_stopping="asha", trials=12)
    record = read_sweep(run(made, tmp_path / "toy").folder)
    assert remember(made, record, KIND) == ""
    (found,) = archive.read()
    assert found.sweep == past_of(made, record)
    assert found.fingerprint == KIND
    assert {1, 3} <= {rung for trial in found.sweep.trials for rung in trial.scores}
    later, _ = warmed(toy(tmp_path, name="later"), KIND)
    assert [one.name for one in later.carrying.past or ()] == ["toy"]


@pytest.mark.parametrize("settings", [{"archive": False}, {"trials": 3}], ids=["off", "too few trials"])
def test_some_are_not(tmp_path: Path, archive: Archive, settings: dict[str, Any]) -> None:
    made = toy(tmp_path, **settings)
    assert remember(made, read_sweep(run(made, tmp_path / "toy").folder), KIND) == ""
    assert archive.read() == []


def test_an_archive_that_cannot_be_written_is_said_and_no_more(tmp_path: Path, archive: Archive) -> None:
    made = toy(tmp_path)
    record = read_sweep(run(made, tmp_path / "toy").folder)
    archive.folder.write_text("a file in its place")
    assert "is not remembered" in remember(made, record, KIND)


def test_failed_trials_copies_and_reports_out_of_bounds_say_nothing(tmp_path: Path) -> None:
    def trial(name: str, state: State, *values: float, **more: Any) -> TrialRecord:
        reports = [ReportRecord(n, {"score": value}, 1, 0.0) for n, value in enumerate(values, start=1)]
        return TrialRecord(name, {"learning_rate": 1e-3, "dropout": 0.1}, state, Reason("x"), tuple(reports), **more)

    stopped = trial("t5", State.STOPPED, 0.9, 0.5)
    bad = dataclasses.replace(stopped.reports[0], fits=False)
    trials = (
        trial("t1", State.FAILED, 0.9),
        trial("t2", State.FINISHED, 0.2, 0.4, 0.3),
        trial("t3", State.STOPPED, 0.1),
        trial("t4", State.FINISHED, 0.9, parent=Parent("t2", 1)),
        dataclasses.replace(stopped, reports=(bad, stopped.reports[1])),
    )
    record = SweepRecord("toy", "score", "maximize", "finished", trials, id="i", cost=Cost())
    past = past_of(config(tmp_path, early_stopping="asha"), record)
    assert [dict(one.scores) for one in past.trials] == [{1: 0.2, 3: 0.3}, {1: 0.1}, {1: 0.5}]


def test_a_function_is_known_by_its_name_and_a_task_by_its_data_and_model(tmp_path: Path) -> None:
    assert fingerprint(config(tmp_path), []) == Fingerprint("toy:train")
    digits = from_mapping(
        {
            "name": "digits",
            "trainer": {
                "task": "classification",
                "model": "sweeps.recipes.digits_model:mlp",
                "data": {"sklearn": "digits"},
            },
            "metric": "accuracy",
            "parameters": SPACE,
            "trials": 4,
        },
        base=tmp_path,
    )
    from sweeps.engine.preparation import prepare

    found = fingerprint(digits, prepare(digits, tmp_path / "cache"))
    assert found.task == "classification"
    assert found.model == {"name": "sweeps.recipes.digits_model:mlp"}
    assert found.data["rows"] > 1000
    assert found.data["classes"] == 10


@pytest.mark.parametrize(
    ("changes", "past"),
    [
        (["trials=+5"], ["a"]),
        (["trials=+5", "archive=off"], None),
        (["trials=+5", "warm_start=[other]"], None),
    ],
    ids=["stays", "is looked for again", "is looked for again, with others"],
)
def test_an_extension_keeps_what_the_sweep_began_with(
    tmp_path: Path, archive: Archive, changes: list[str], past: list[str] | None
) -> None:
    put(archive, "a")
    frozen, _ = warmed(config(tmp_path), KIND)
    write_config(tmp_path, frozen)
    put(archive, "b")
    longer = extended(frozen, tmp_path / "sweep.yaml", changes).carrying
    assert (None if longer.past is None else [one.name for one in longer.past]) == past


def test_a_sweep_of_before_is_extended_with_nothing(tmp_path: Path, archive: Archive) -> None:
    put(archive, "a")
    write_config(tmp_path, config(tmp_path))
    assert extended(config(tmp_path), tmp_path / "sweep.yaml", ["trials=+5"]).carrying == Carrying()


def test_repeats_are_no_search(tmp_path: Path, archive: Archive) -> None:
    put(archive, "a")
    frozen, _ = warmed(config(tmp_path), KIND)
    point = {"learning_rate": 1e-3, "dropout": 0.1, "seed": 4}
    assert repeats_config(frozen, "repeats-1", [point]).carrying == Carrying(archive=False, past=())
