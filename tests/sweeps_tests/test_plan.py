"""What ``sweeps validate`` says: that it is ok, what the sweep would do, and what is hardly meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweeps.config import from_mapping
from sweeps.views.plan import Lengths, Outlook, Reports, plan_view, warnings
from sweeps.views.show import plain
from tests.sweeps_tests.sweep_texts import GOOD
from tests.trainer_tests.conftest import build_encoder
from trainer.hub_access import quiet


def rows_of(said: str) -> dict[str, str]:
    """The lines after the first, by their first column."""
    return dict(line.split("  ", 1) for line in said.splitlines()[1:] if "  " in line)


def test_a_sweep_of_a_plain_module(cli, tmp_path: Path) -> None:
    said = cli("validate", "digits")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == "ok: digits would maximize accuracy"
    assert "warning" not in said.out
    found = {name: text.strip() for name, text in rows_of(said.out).items()}
    assert found["task"] == "classification"
    assert found["model"].startswith("sweeps.recipes.digits_model:mlp, 7,210 parameters, in the middle")
    assert found["rows"] == "1,150 train, 288 validation, 359 test"
    assert found["labels"] == "10: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    reports = "8 of a training, every 2 epochs, the last at epoch 16 (step 576), in the middle of the space"
    assert found["reports"] == reports
    assert (found["trials"], found["method"].partition(",")[0]) == ("20", "auto: ensemble")
    assert found["early stopping"] == "asha, from report 1 on"
    assert found["learning_rate"] == "distribution log_uniform_values, min 1e-3, max 0.05"


def test_a_sweep_of_texts(cli, tmp_path: Path) -> None:
    here = tmp_path / "here"
    with quiet():
        encoder = build_encoder(here / "encoder")
    texts = ["the cat sat"] * 15 + ["a very good film and very good food"] * 5
    lines = [json.dumps({"text": text, "label": ["good", "bad"][row % 2]}) for row, text in enumerate(texts)]
    (here / "rows.jsonl").write_text("\n".join(lines))
    (here / "sweep.yaml").write_text(
        "name: texts\ntrainer: {model: ./encoder, data: {train: rows.jsonl}, report_every: {steps: 1}, batch_size: 8}\n"
        "metric: accuracy\nparameters: {learning_rate: {min: 1e-5, max: 1e-3}}\ntrials: 3\n"
    )
    said = cli("validate", "sweep.yaml", "trainer.max_length=16")
    assert (said.code, said.err) == (0, "")
    found = {name: text.strip() for name, text in rows_of(said.out).items()}
    assert found["tokens"] == "5 at the median, 10 at most, cut at 16"
    assert found["labels"] == "2: bad, good"
    assert found["reports"] == "6 of a training, every 1 steps, the last at epoch 3 (step 6)"
    assert found["model"].startswith(f"{encoder}, ")
    assert int(found["model"].split(", ", 1)[1].removesuffix(" parameters").replace(",", "")) > 2000


def test_a_sweep_that_reads_long_rows_in_windows(cli, tmp_path: Path) -> None:
    here = tmp_path / "here"
    with quiet():
        build_encoder(here / "encoder")
    rows = [{"tokens": [word, "sat"] * 10, "tags": ["B-pet", "O"] * 10} for word in "abcdefghij"]
    (here / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (here / "sweep.yaml").write_text(
        "name: words\ntrainer: {task: token-classification, model: ./encoder, data: {train: rows.jsonl}}\n"
        "metric: f1\nparameters: {learning_rate: {min: 1e-5, max: 1e-3}}\ntrials: 3\n"
    )
    for length, windows in ((12, "24 train, 3 validation, 3 test"), (32, None)):
        said = cli("validate", "sweep.yaml", f"trainer.max_length={length}")
        assert (said.code, said.err) == (0, "")
        found = {name: text.strip() for name, text in rows_of(said.out).items()}
        assert found["rows"] == "8 train, 1 validation, 1 test"
        assert found.get("windows") == windows
        assert found["tokens"] == f"22 at the median, 22 at most, in windows of {length}"


@pytest.mark.parametrize(
    ("settings", "warning"),
    [
        ({"trainer.report_every": 2, "early_stopping": "asha"}, "a single report"),
        ({"trainer.report_every": 9, "early_stopping": "median"}, "a single report"),
        ({"early_stopping": {"scheduler": "asha", "grace": 5}}, "grace is 5, but a training has 2 reports"),
        ({"early_stopping": {"scheduler": "asha", "grace": 2}}, "grace is 2, but a training has 2 reports"),
        ({"trainer.report_every": 1, "early_stopping": "asha"}, ""),
        ({"trainer.report_every": 9}, ""),
    ],
)
def test_early_stopping_that_can_stop_nothing_is_warned_of(cli, tmp_path: Path, settings: dict, warning: str) -> None:
    (tmp_path / "here" / "sweep.yaml").write_text(GOOD)
    said = cli("validate", "sweep.yaml", *(f"{name}={json.dumps(value)}" for name, value in settings.items()))
    assert said.code == 0
    told = [line for line in said.out.splitlines() if line.startswith("warning: ")]
    assert len(told) == bool(warning)
    assert warning in "".join(told)


def test_a_model_that_cannot_be_built_is_found_before_any_trial(cli, tmp_path: Path) -> None:
    (tmp_path / "here" / "broken.py").write_text("def net(inputs, classes):\n    return inputs / 0\n")
    (tmp_path / "here" / "sweep.yaml").write_text(GOOD.replace("sweeps.recipes.digits_model:mlp", "broken:net"))
    said = cli("validate", "sweep.yaml")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("sweeps: sweep.yaml:4: trainer.model: broken:net(inputs=64, classes=10) failed: ZeroDiv")


def plan(tmp_path: Path, **more: object) -> str:
    mapping = {
        **_mapping(tmp_path),
        "parameters": {"depth": {"min": 1, "max": 9}, "rate": {"values": [0.1, 0.2], "when": {"depth": 3}}},
        "constraints": ["depth * rate < 1"],
        "points": [{"depth": 3, "rate": 0.1}],
        **more,
    }
    return plain(plan_view(from_mapping(mapping, base=tmp_path), Outlook()))


def test_of_a_function_of_ones_own_only_the_search_is_known(tmp_path: Path) -> None:
    said = plan(tmp_path)
    assert said.splitlines()[0] == "ok: own would maximize score"
    for part in (
        "own:train",
        "auto: ensemble, since a Gaussian process and TPE take turns",
        "min 1, max 9",
        "depth * rate < 1",
        "depth=3 rate=0.1",
        'when {"depth":3}',
    ):
        assert part in said
    for part in ("reports", "rows", "model", "warning"):
        assert part not in said


def test_a_budget_stands_beside_the_trials(tmp_path: Path) -> None:
    said = plan(tmp_path, trials=None, budget={"trainings": 10}, reports=4)
    assert "as many as the limits allow" in said
    assert "trainings 10" in said


def test_what_is_known_may_be_a_part_only(tmp_path: Path) -> None:
    config = from_mapping({**_mapping(tmp_path), "early_stopping": "asha"}, base=tmp_path)
    outlook = Outlook(rows={"train": 7}, labels=("a",), lengths=Lengths(1, 2, 3), reports=Reports(1))
    assert "1 of a training" in plain(plan_view(config, outlook))
    assert len(warnings(config, outlook)) == 1
    assert warnings(config, Outlook()) == []


def _mapping(tmp_path: Path) -> dict:
    (tmp_path / "own.py").write_text("def train(config): ...\n")
    trainer = {"function": "own:train"}
    metric = {"name": "score", "goal": "maximize"}
    return {"name": "own", "trainer": trainer, "metric": metric, "parameters": {"depth": [1, 2]}, "trials": 5}
