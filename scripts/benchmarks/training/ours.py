"""The training by our loop; with ``--profile`` also where its time goes.

python -m scripts.benchmarks.training.ours SETTING
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import torch

from scripts.benchmarks.training.profile import Profile
from scripts.benchmarks.training.setting import LABELS, Outcome, Setting, say
from trainer.config import TrainConfig
from trainer.loop import train
from trainer.tasks import get_task


def config(setting: Setting, folder: Path) -> TrainConfig:
    """The settings under our names; rows are written into ``folder``."""
    files = {split: folder / f"{split}.jsonl" for split in ("train", "validation")}
    for split, file in files.items():
        file.write_text("".join(json.dumps(row) + "\n" for row in setting.read(split)), "utf-8")
    data = {split: str(file) for split, file in files.items()}
    return TrainConfig.build(
        {
            "task": "text-classification",
            "model": setting.model,
            "data": {**data, "text": "text", "label": "label", "label_names": LABELS},
            "epochs": setting.epochs,
            "report_every": setting.epochs,
            "batch_size": setting.batch_size,
            "eval_batch_size": setting.eval_batch_size,
            "learning_rate": setting.learning_rate,
            "weight_decay": setting.weight_decay,
            "max_length": setting.max_length,
            "metric": "f1_macro",
            "seed": setting.seed,
            "precision": "fp32",
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("setting")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        settings = config(Setting.loads(arguments.setting), Path(scratch))
        task = get_task(settings.task)
        prepared = task.prepare(settings, Path(scratch) / "cache")
        with Profile(arguments.profile) as profile:
            *_, report = train(settings, prepared=prepared, task=task, folder=None, device="cpu")
    if arguments.profile:
        print(profile.table())
    metrics = report.metrics
    say(Outcome(report.step, report.train_seconds, metrics["f1_macro"], metrics["loss"]))


if __name__ == "__main__":
    main()
