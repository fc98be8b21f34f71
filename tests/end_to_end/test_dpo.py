"""Preference tuning with TRL's DPOTrainer as a sweep: it reports, goes on, and the best model is exported."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from sweeps.records.builder import read_sweep
from tests.end_to_end.harness import check_invariants
from tests.trainer_tests.language_models import build_decoder

pytestmark = [pytest.mark.ray, pytest.mark.slow]

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "dpo"
EPOCHS = 3


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The example with a tiny GPT-2 and 32 preferences beside it: answers with good words over those with bad ones."""
    pytest.importorskip("trl")
    folder = tmp_path_factory.mktemp("project")
    for name in ("dpo.py", "sweep.yaml"):
        shutil.copy(EXAMPLE / name, folder)
    build_decoder(folder / "model")
    draw = random.Random(0)
    for name, rows in (("train.jsonl", 24), ("validation.jsonl", 8)):
        lines = [
            {
                "prompt": f"was the {draw.choice(['film', 'food', 'cat', 'dog'])} good?",
                "chosen": f" {draw.choice(['good', 'good food', 'very good'])}",
                "rejected": f" {draw.choice(['bad', 'bad film', 'very bad'])}",
            }
            for _ in range(rows)
        ]
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_sweep_of_preferences_reports_and_exports(project, tmp_path, drive):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    storage = tmp_path / "runs"
    chosen = ["trials=2", "resources={cpus_per_trial: 1}", "method=random", "early_stopping=null"]
    space = "parameters={learning_rate: {values: [0.01, 0.001]}, beta: 0.1, per_device_train_batch_size: 4}"
    driver = drive("run", str(project / "sweep.yaml"), "--storage", str(storage), *chosen, space, cwd=project)
    assert driver.wait(timeout=300) == 0, driver.output
    folder = storage / "dpo"
    check_invariants(folder, trials=2, reports=EPOCHS)
    for trial in read_sweep(folder).trials:
        assert trial.state.value == "finished"
        assert {"eval_loss", "eval_rewards/accuracies", "eval_rewards/margins"} <= trial.reports[0].metrics.keys()
        assert [report.step for report in trial.reports] == [6, 12, 18]
    best = drive("best", str(folder), "--json")
    assert best.wait() == 0, best.output
    assert json.loads(best.output)["value"] > 0.5
    export = drive("export", str(folder), str(tmp_path / "model"))
    assert export.wait() == 0, export.output
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    prompt = tokenizer("was the film good?", return_tensors="pt")
    good, bad = (
        model(**tokenizer(f"was the film good?{answer}", return_tensors="pt")).logits.log_softmax(-1)
        for answer in (" good", " bad")
    )
    at = prompt["input_ids"].shape[1] - 1
    words = [tokenizer(answer)["input_ids"][0] for answer in (" good", " bad")]
    assert good[0, at, words[0]] > bad[0, at, words[1]]
