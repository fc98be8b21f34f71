"""Bad data: one line before anything starts, with the file, the column and the row; and what is said of odd data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweeps.config import load_sweep
from sweeps.engine import data_report
from sweeps.engine.preparation import prepare
from tests.trainer_tests.conftest import build_encoder
from trainer.hub_access import quiet

GOOD = [{"text": f"the cat sat {'very ' * n}", "label": "pet"} for n in range(8)]
BAD = [{"text": f"bad food {'and film ' * n}", "label": "art"} for n in range(8)]
SWEEP = """name: bad
trainer:
  model: ./encoder
  data: {train: train.jsonl, validation: validation.jsonl}
metric: accuracy
parameters: {learning_rate: {min: 1e-5, max: 1e-3}}
trials: 2
"""


@pytest.fixture(scope="module")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with quiet():
        return build_encoder(tmp_path_factory.mktemp("sweep") / "encoder")


@pytest.fixture
def here(cli, tmp_path: Path, encoder_folder: Path) -> Path:
    folder = tmp_path / "here"
    (folder / "encoder").symlink_to(encoder_folder)
    (folder / "sweep.yaml").write_text(SWEEP)
    write(folder / "train.jsonl", GOOD + BAD)
    write(folder / "validation.jsonl", [{"text": "a dog", "label": "pet"}, {"text": "film", "label": "art"}])
    return folder


def write(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


FAULTS = {
    "no file": (lambda folder: (folder / "train.jsonl").unlink(), (), "train.jsonl is not there"),
    "an empty file": (lambda folder: (folder / "train.jsonl").write_text(""), (), "train.jsonl is empty"),
    "a torn file": (
        lambda folder: (folder / "train.jsonl").write_bytes((folder / "train.jsonl").read_bytes()[:-9]),
        (),
        "train.jsonl: line 16 is not JSON",
    ),
    "a missing label": (
        lambda folder: write(folder / "train.jsonl", [*GOOD, *BAD, {"text": "x"}]),
        (),
        "train.jsonl: column 'label', line 17: the label is missing",
    ),
    "a missing text": (
        lambda folder: write(folder / "validation.jsonl", [{"text": None, "label": "pet"}]),
        (),
        "validation.jsonl: column 'text', line 1: the text is missing",
    ),
    "an unknown label": (
        lambda folder: write(folder / "validation.jsonl", [{"text": "x", "label": "pets"}]),
        (),
        "validation.jsonl: column 'label', line 1: 'pets' is not a label of the train rows; did you mean pet?",
    ),
    "one class": (lambda folder: write(folder / "train.jsonl", GOOD), (), "column 'label' holds one class only: 'pet'"),
    "a wrong column": (lambda _: None, ("trainer.data.text=txt",), "train.jsonl has no column 'txt'"),
    "half a character": (
        lambda folder: write(folder / "train.jsonl", [*GOOD, *BAD, {"text": "\ud83d", "label": "art"}]),
        (),
        "train.jsonl: column 'text', line 17: half of a surrogate pair",
    ),
    "validation is train": (
        lambda folder: write(folder / "validation.jsonl", BAD + GOOD),
        (),
        "data.validation: the 16 validation rows are the train rows again",
    ),
    "validation of one class": (
        lambda folder: write(folder / "validation.jsonl", [{"text": "x", "label": "pet"}] * 3),
        (),
        "data.validation: all 3 validation rows are of class 'pet'",
    ),
    "all texts empty": (
        lambda folder: write(folder / "train.jsonl", [{**row, "text": " \n"} for row in GOOD + BAD]),
        (),
        "data.train: all 16 train texts are empty",
    ),
    "an unknown step": (lambda _: None, ("trainer.data.clean=[lowr]",), "data.clean: there is no cleaning step 'lowr'"),
    "no fold said": (
        lambda _: None,
        ("trainer.data={train: train.jsonl, folds: 3}",),
        "data.folds: 3 folds, and none is said to validate",
    ),
    "a weight of no class": (lambda _: None, ("trainer.class_weights={pets: 2}",), "'pets' is none of the classes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_data_is_one_line_before_anything_starts(cli, here: Path, fault: str) -> None:
    spoil, settings, expected = FAULTS[fault]
    spoil(here)
    said = cli("run", "sweep.yaml", *settings)
    assert said.code == 2
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert expected in said.err
    assert not (here / "runs" / "bad").exists()


def test_odd_texts_are_right(cli, here: Path) -> None:
    odd = ["🐈‍⬛ שלום \u202e", "a\x00b", "x" * 1_000_000, "line\u2028break", "\ufeffbom"]
    write(here / "train.jsonl", [*GOOD, *BAD, *({"text": text, "label": "pet"} for text in odd)])
    said = cli("validate", "sweep.yaml")
    assert (said.code, said.err) == (0, "")
    assert "21 train, 2 validation" in said.out


def test_validate_says_what_the_data_look_like(cli, here: Path) -> None:
    write(here / "train.jsonl", [*GOOD, *BAD, GOOD[0], {**GOOD[1], "label": "art"}, {"text": "A  dog", "label": "pet"}])
    said = cli("validate", "sweep.yaml", "trainer.max_length=6", "trainer.data.clean=[lower, whitespace]")
    assert said.code == 0
    for part in (
        "balance         pet 52.6%, art 47.4%",
        "cleaning        lower: changed 1 train",
        "cleaning        whitespace: changed",
        "duplicates      2 (11%) train",
        "contradicting   2 (11%) train",
        "also in train   1 (50%) validation",
        "warning: data: 1 (50%) of the validation rows are among the train rows too: data.clean: [drop_valid",
        "warning: data: 2 (11%) of the train rows repeat another",
        "tokens than",
    ):
        assert part in said.out.replace("longer than 6 tokens", "tokens than")


def test_reports_of_all_variants_are_written_and_their_warnings_told_once(here: Path, tmp_path: Path) -> None:
    write(here / "validation.jsonl", [{"text": GOOD[0]["text"], "label": "pet"}, {"text": "film", "label": "art"}])
    parameters = {"data.clean": {"values": [[], ["drop_validation_overlap"]]}, "learning_rate": {"min": 0.1, "max": 1}}
    config = load_sweep(str(here / "sweep.yaml"), {"parameters": parameters})
    variants = prepare(config, tmp_path / "cache")
    data_report.write(tmp_path, variants)
    found = json.loads((tmp_path / data_report.DATA).read_text())["variants"]
    assert [one["params"] for one in found] == [{"data.clean": []}, {"data.clean": ["drop_validation_overlap"]}]
    assert [one["splits"]["train"]["rows"] for one in found] == [16, 15]
    assert [one["splits"]["validation"]["shared"] for one in found] == [1, 0]
    told = list(data_report.notes(variants))
    assert len(told) == 1
    assert told[0].startswith("data (data.clean=[]): 1 (50%) of the validation rows are among the train rows too")
