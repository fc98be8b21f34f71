"""The training by transformers.Trainer, written as its documentation does: no line of ours but the settings.

python -m scripts.benchmarks.training.theirs SETTING --sampling random|group_by_length
"""

from __future__ import annotations

import argparse
import tempfile
import time
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from sklearn.metrics import f1_score
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from scripts.benchmarks.training.setting import LABELS, Outcome, Setting, say


class Clock(TrainerCallback):  # type: ignore[misc]
    """From the first update's beginning to the last one's end: without loading and without evaluation."""

    begun: float | None = None
    ended = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.begun = self.begun or time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.ended = time.perf_counter()


def f1_macro(predictions: Any) -> dict[str, float]:
    """As the documentation's examples compute metrics."""
    return {
        "f1_macro": float(f1_score(predictions.label_ids, np.argmax(predictions.predictions, axis=-1), average="macro"))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("setting")
    parser.add_argument("--sampling", default="random")
    arguments = parser.parse_args()
    setting = Setting.loads(arguments.setting)
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(setting.model)

    def encode(batch: dict[str, Any]) -> Any:
        encoded = tokenizer(batch["text"], truncation=True, max_length=setting.max_length)
        # Of rows whose length is known Trainer has not to read the whole set before it begins.
        return {**encoded, "length": [len(ids) for ids in encoded["input_ids"]]}

    splits = {}
    for split in ("train", "validation"):
        rows = Dataset.from_list([{"text": row["text"], "label": _id(row["label"])} for row in setting.read(split)])
        splits[split] = rows.map(encode, batched=True, remove_columns=["text"])
    set_seed(setting.seed)
    model = AutoModelForSequenceClassification.from_pretrained(setting.model, num_labels=len(LABELS))
    clock = Clock()
    with tempfile.TemporaryDirectory() as scratch:
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=scratch,
                num_train_epochs=setting.epochs,
                per_device_train_batch_size=setting.batch_size,
                per_device_eval_batch_size=setting.eval_batch_size,
                learning_rate=setting.learning_rate,
                weight_decay=setting.weight_decay,
                train_sampling_strategy=arguments.sampling,
                seed=setting.seed,
                save_strategy="no",
                logging_strategy="no",
                disable_tqdm=True,
                use_cpu=True,
            ),
            train_dataset=splits["train"],
            eval_dataset=splits["validation"],
            data_collator=DataCollatorWithPadding(tokenizer),
            compute_metrics=f1_macro,
            callbacks=[clock],
        )
        trainer.train()
        metrics = trainer.evaluate()
    assert clock.begun is not None
    say(Outcome(trainer.state.global_step, clock.ended - clock.begun, metrics["eval_f1_macro"], metrics["eval_loss"]))


def _id(label: str | int) -> int:
    return LABELS.index(label) if isinstance(label, str) else label


if __name__ == "__main__":
    main()
