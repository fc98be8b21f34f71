"""A script with a plain ``transformers.Trainer`` joins a sweep: five changed lines, and all that a sweep gives."""

from __future__ import annotations

import difflib
import json
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.records.builder import read_sweep
from tests.end_to_end.harness import check_invariants, events, gone, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.slow]

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "trainer_script"
EPOCHS = 4


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The example with a tiny model and 96 rows beside it."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("before.py", "after.py", "sweep.yaml"):
        shutil.copy(EXAMPLE / name, folder)
    draw = random.Random(0)
    good, bad, filler = ["good", "fine", "great"], ["bad", "poor", "awful"], ["the", "a", "film", "was", "it"]
    for name, rows in (("train.csv", 64), ("validation.csv", 32)):
        lines = ["text,label"]
        for row in range(rows):
            words = draw.choices([good, bad][row % 2], k=2) + draw.choices(filler, k=4)
            draw.shuffle(words)
            lines.append(f"{' '.join(words)},{1 - row % 2}")
        (folder / name).write_text("\n".join(lines))
    _tiny_model(folder / "model", [*good, *bad, *filler])
    return folder


def _tiny_model(folder: Path, words: list[str]) -> None:
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))
    tokenizer = BertTokenizer(str(folder / "vocab.txt"), model_max_length=16)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(tokenizer), max_position_embeddings=16, **sizes)
    BertForSequenceClassification(config).save_pretrained(folder)


def run_alone(project: Path, script: str) -> str:
    done = subprocess.run([sys.executable, script], cwd=project, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_joined_script_differs_by_five_lines_or_fewer():
    before, after = ((EXAMPLE / name).read_text().splitlines() for name in ("before.py", "after.py"))
    changed = [line for line in difflib.ndiff(before, after) if line.startswith("+ ")]
    assert 0 < len(changed) <= 5, changed
    assert sum(line.startswith("- ") for line in difflib.ndiff(before, after)) <= 5


def test_joined_script_still_runs_alone_and_changes_nothing_there(project):
    outputs, saved = [], []
    for script in ("before.py", "after.py"):
        shutil.rmtree(project / "out", ignore_errors=True)
        text = run_alone(project, script)
        outputs.append([text[text.index("'eval_accuracy'") :][:25]])
        saved.append(sorted(path.name for path in (project / "out").iterdir()))
    assert outputs[0] == outputs[1]
    assert saved[0] == saved[1] == sorted(f"checkpoint-{8 * epoch}" for epoch in range(1, EPOCHS + 1))


def test_sweep_of_the_script_reports_stops_and_exports(project, tmp_path, drive):
    sweep, storage = project / "sweep.yaml", tmp_path / "runs"
    chosen = ["trials=5", "resources={cpus_per_trial: 1}", "method=random", "metric={name: eval_loss, goal: minimize}"]
    driver = drive("run", str(sweep), "--storage", str(storage), *chosen, cwd=project)
    assert driver.wait(timeout=240) == 0, driver.output
    folder = storage / "trainer-script"
    check_invariants(folder, trials=5, reports=EPOCHS)
    record = read_sweep(folder)
    states = [trial.state.value for trial in record.trials]
    assert set(states) == {"finished", "stopped"}, states
    for trial in record.trials:
        assert {"eval_accuracy", "eval_loss"} <= trial.reports[0].metrics.keys()
        per_epoch = -(-64 // trial.params["per_device_train_batch_size"])
        assert [report.step for report in trial.reports] == [per_epoch * report.number for report in trial.reports]
        assert not (folder / "trials" / trial.id / "trainer").exists(), "the Trainer's own copies were left"
    left = list(folder.glob("trials/*/checkpoints/r*"))
    assert len(left) <= 3, left
    _check_export(folder, tmp_path / "model", project / "validation.csv", drive)


def _check_export(folder: Path, out: Path, rows: Path, drive) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    export = drive("export", str(folder), str(out))
    assert export.wait() == 0, export.output
    best = drive("best", str(folder), "--json")
    assert best.wait() == 0, best.output
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(out), AutoTokenizer.from_pretrained(out)
    texts, labels = zip(*(line.rsplit(",", 1) for line in rows.read_text().splitlines()[1:]), strict=True)
    batch = tokenizer(list(texts), padding=True, return_tensors="pt")
    loss = model.eval()(**batch, labels=torch.tensor([int(label) for label in labels])).loss.item()
    assert loss == pytest.approx(json.loads(best.output)["value"], rel=1e-4)


SLOW = """
import time
from transformers import Trainer
import after

train_step = Trainer.training_step

def slowly(self, *args, **kwargs):
    print("step", self.state.global_step)
    time.sleep(0.1)
    return train_step(self, *args, **kwargs)

Trainer.training_step = slowly
main = after.main
"""


@pytest.mark.parametrize("how", ["killed", "interrupted"])
def test_trainer_goes_on_from_its_checkpoint_after_the_driver_was(how, project, tmp_path, drive):
    (project / "slow.py").write_text(SLOW)
    storage = tmp_path / "runs"
    parameters = "parameters={learning_rate: {values: [0.001]}, per_device_train_batch_size: {value: 8}}"
    chosen = ["trainer={function: 'slow:main'}", parameters, "method=grid", "trials=1", "resources={cpus_per_trial: 1}"]
    driver = drive("run", str(project / "sweep.yaml"), "--storage", str(storage), *chosen, cwd=project)
    folder = storage / "trainer-script"
    wait_for(lambda: len(events(folder, "report")) >= 2, what="two reports", timeout=120)
    if how == "killed":
        assert gone(driver.kill())
    else:
        driver.signal(signal.SIGINT)
        assert driver.wait() == 130, driver.output
    log = folder / "trials" / "t0001" / "log.txt"
    earlier = len(log.read_text())
    again = drive("resume", str(folder), cwd=project)
    assert again.wait() == 0, again.output
    check_invariants(folder, trials=1, reports=EPOCHS)
    # Not by line: the progress bar writes into the same log.
    steps = [int(number) for number in re.findall(r"step (\d+)\n", log.read_text()[earlier:])]
    assert steps[0] >= 16, "it began at zero"
    assert steps == list(range(steps[0], 8 * EPOCHS))
