"""What a machine remembers of finished sweeps: files, which of them suit a new one, and damage."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from search_spaces import Float, SearchSpace
from sweeps.cli import app
from sweeps.config.past import PastSweep, PastTrial
from sweeps.errors import InputError
from sweeps.records import archive
from sweeps.records.archive import Archive, Fingerprint, Remembered, archive_folder
from sweeps.records.likeness import alike
from tests.sweeps_tests.past_kit import SPACE, earlier

BERT = Fingerprint("text-classification", {"model_type": "bert", "hidden_size": 384}, {"digest": "aa", "rows": 1000})


def entry(name: str = "a", kind: Fingerprint = BERT, finished: float = 1.0, **more: object) -> Remembered:
    return Remembered(earlier(name, **more), kind, finished, {"trainings": 3.5})  # type: ignore[arg-type]


def names(entries: list[Remembered]) -> list[str]:
    return [one.sweep.name for one in entries]


def test_what_is_remembered_is_read_back_the_latest_first(tmp_path: Path) -> None:
    kept = Archive(tmp_path / "deep" / "archive")
    assert kept.read() == []
    kept.remember(entry("a", finished=1.0))
    kept.remember(entry("b", finished=2.0))
    assert kept.read() == [entry("b", finished=2.0), entry("a", finished=1.0)]


def test_a_sweep_that_was_extended_is_remembered_once(tmp_path: Path) -> None:
    Archive(tmp_path).remember(entry("a", finished=1.0, trials=20))
    Archive(tmp_path).remember(entry("a", finished=2.0, trials=40))
    assert [len(one.sweep.trials) for one in Archive(tmp_path).read()] == [40]


def test_forgetting(tmp_path: Path) -> None:
    Archive(tmp_path).remember(entry("a"))
    assert Archive(tmp_path).forget("id-a")
    assert not Archive(tmp_path).forget("id-a")
    assert not Archive(tmp_path).forget("../id-a")
    assert Archive(tmp_path).read() == []


def test_only_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST", 2)
    for place, name in enumerate("abc"):
        Archive(tmp_path).remember(entry(name, trials=5))
        os.utime(tmp_path / f"id-{name}.json", (place, place))
    Archive(tmp_path).remember(entry("d", trials=5))
    assert sorted(names(Archive(tmp_path).read())) == ["c", "d"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 1}', '{"version": 9}', "null"])
def test_damaged_and_newer_files_are_passed_over(tmp_path: Path, damage: str) -> None:
    Archive(tmp_path).remember(entry("a"))
    (tmp_path / "other.json").write_text(damage)
    assert names(Archive(tmp_path).read()) == ["a"]


def test_no_rows_and_no_paths_are_written(tmp_path: Path) -> None:
    Archive(tmp_path).remember(entry("a", trials=5))
    said = json.loads((tmp_path / "id-a.json").read_text())
    assert set(said) == {"version", "sweep", "fingerprint", "finished", "cost"}
    assert set(said["sweep"]) == {"id", "name", "metric", "goal", "trials"}


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("SWEEPWRIGHT_ARCHIVE", "off", None),
        ("SWEEPWRIGHT_ARCHIVE", "/some/where", Path("/some/where")),
        ("XDG_DATA_HOME", "/data", Path("/data/sweepwright/archive")),
    ],
)
def test_where_it_is(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: Path | None) -> None:
    monkeypatch.delenv("SWEEPWRIGHT_ARCHIVE", raising=False)
    monkeypatch.setenv(variable, value)
    assert archive_folder() == expected


def test_by_default_it_is_where_data_of_users_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SWEEPWRIGHT_ARCHIVE", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert archive_folder() == tmp_path / ".local" / "share" / "sweepwright" / "archive"


LIKELIEST = [
    (entry("same data", BERT), entry("other data", Fingerprint(BERT.task, BERT.model, {"digest": "b"}))),
    (entry("same model", BERT), entry("other model", Fingerprint(BERT.task, {"model_type": "gpt2"}, BERT.data))),
    (
        entry("as many rows", Fingerprint(BERT.task, BERT.model, {"digest": "b", "rows": 900})),
        entry("far fewer rows", Fingerprint(BERT.task, BERT.model, {"digest": "c", "rows": 10})),
    ),
    (entry("later", BERT, 2.0), entry("earlier", BERT, 1.0)),
]


@pytest.mark.parametrize(("liker", "other"), LIKELIEST, ids=lambda one: one.sweep.name)
def test_the_likest_come_first(liker: Remembered, other: Remembered) -> None:
    for entries in ([liker, other], [other, liker]):
        assert names(alike(entries, BERT, SPACE, "score", 2)) == [liker.sweep.name, other.sweep.name]
        assert names(alike(entries, BERT, SPACE, "score", 1)) == [liker.sweep.name]


def test_another_task_other_parameters_and_too_few_trials_do_not_suit() -> None:
    elsewhere = SearchSpace([Float("momentum", 0.0, 1.0), Float("l2", 0.0, 1.0), Float("dropout", 0.0, 0.5)])
    outside = SearchSpace([Float("learning_rate", 1.0, 2.0), Float("dropout", 0.0, 0.5)])
    assert alike([entry("a", Fingerprint("tabular"))], BERT, SPACE, "score", 3) == []
    assert alike([entry("a")], BERT, elsewhere, "score", 3) == []
    assert alike([entry("a")], BERT, outside, "score", 3) == []
    assert alike([entry("a", trials=4)], BERT, SPACE, "score", 3) == []


def test_a_parameter_that_never_varied_is_not_shared() -> None:
    fixed = tuple(PastTrial({"learning_rate": 0.01, "dropout": 0.1}, {1: float(n)}) for n in range(9))
    found = Remembered(PastSweep("x", "x", "score", "maximize", fixed), BERT, 1.0)
    assert alike([found], BERT, SPACE, "score", 3) == []


def test_the_command_lists_and_forgets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SWEEPWRIGHT_ARCHIVE", str(tmp_path))
    assert "remembers no sweep yet" in said(capsys, "archive")
    Archive(tmp_path).remember(entry("a", trials=12))
    Archive(tmp_path).remember(entry("b", trials=12, goal="minimize", finished=2.0))
    listed = json.loads(said(capsys, "archive", "--json"))
    assert [(one["id"], one["trials"], one["finished"][:4]) for one in listed] == [
        ("id-b", 12, "1970"),
        ("id-a", 12, "1970"),
    ]
    scores = [score for trial in earlier("b", trials=12, goal="minimize").trials for score in trial.scores.values()]
    assert listed[0]["best"] == min(scores)
    assert "text-classification" in said(capsys, "archive")
    assert said(capsys, "archive", "--forget", "id-a") == "forgot id-a\n"
    assert names(Archive(tmp_path).read()) == ["b"]


@pytest.mark.parametrize(("where", "message"), [("off", "is off"), (None, "remembers no sweep 'id-x'")])
def test_what_cannot_be_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str | None, message: str
) -> None:
    monkeypatch.setenv("SWEEPWRIGHT_ARCHIVE", where or str(tmp_path))
    with pytest.raises(InputError, match=message):
        app(["archive", "--forget", "id-x"], standalone_mode=False)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    app(list(arguments), standalone_mode=False)
    return capsys.readouterr().out
