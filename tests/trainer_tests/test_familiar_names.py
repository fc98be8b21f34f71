"""Settings as guides to transformers write them."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.trainer_tests.toy import settings
from trainer.config import TrainConfig, field_names
from trainer.errors import ConfigError
from trainer.familiar_names import KNOWN, OPTIMIZERS, SCHEDULES, UNKNOWN

BASE: dict[str, Any] = {"model": "bert-base-uncased", "data": {"train": "train.csv"}}
# The guide to text classification of transformers' documentation, less what has no meaning here.
GUIDE: dict[str, Any] = {
    "learning_rate": 2e-5,
    "per_device_train_batch_size": 16,
    "per_device_eval_batch_size": 32,
    "gradient_accumulation_steps": 2,
    "num_train_epochs": 2,
    "weight_decay": 0.01,
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
    "load_best_model_at_end": True,
    "metric_for_best_model": "eval_f1_macro",
    "greater_is_better": True,
    "warmup_steps": 500,
    "lr_scheduler_type": "cosine_with_restarts",
    "lr_scheduler_kwargs": {"num_cycles": 2},
    "optim": "adamw_torch_fused",
    "adam_beta2": 0.98,
    "adam_epsilon": 1e-6,
    "max_grad_norm": 0.5,
    "label_smoothing_factor": 0.1,
    "fp16": False,
    "bf16": True,
    "gradient_checkpointing": True,
    "gradient_checkpointing_kwargs": {"use_reentrant": False},
    "early_stopping_patience": 3,
    "report_to": "none",
    "push_to_hub": False,
    "remove_unused_columns": True,
    "seed": 42,
}


def built(**given: Any) -> TrainConfig:
    return TrainConfig.build({**BASE, **given})


def test_a_block_from_a_guide_is_what_it_says() -> None:
    expected = {
        "learning_rate": 2e-5,
        "batch_size": 32,
        "micro_batch_size": 16,
        "eval_batch_size": 32,
        "epochs": 2,
        "weight_decay": 0.01,
        "report_every": 1.0,
        "metric": "f1_macro",
        "goal": "maximize",
        "warmup": {"steps": 500},
        "schedule": "cosine_with_restarts",
        "cycles": 2,
        "optimizer": "adamw",
        "beta2": 0.98,
        "epsilon": 1e-6,
        "max_grad_norm": 0.5,
        "label_smoothing": 0.1,
        "precision": "bf16",
        "gradient_checkpointing": True,
        "patience": 3,
        "seed": 42,
    }
    assert built(**GUIDE) == built(**expected)


def test_what_has_no_meaning_is_named_all_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        built(output_dir="my_model", **{**GUIDE, "push_to_hub": True, "report_to": "wandb"})
    assert caught.value.key == "output_dir"
    assert str(caught.value) == (
        "output_dir: has no meaning here, as have report_to, push_to_hub "
        "(the sweep's folder is --storage; a model is written by export)"
    )


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ({"max_steps": 100}, {"epochs": {"steps": 100}}),
        ({"max_steps": -1, "num_train_epochs": 5}, {"epochs": 5}),
        ({"warmup_ratio": 0.1}, {"warmup": 0.1}),
        ({"warmup_steps": 0.1}, {"warmup": 0.1}),
        ({"warmup_steps": 0}, {"warmup": {"steps": 0}}),
        ({"eval_strategy": "steps", "eval_steps": 50}, {"report_every": {"steps": 50}}),
        ({"eval_strategy": "steps", "eval_steps": 0.1}, {"report_every": {"fraction": 0.1}}),
        ({"eval_strategy": "steps", "logging_steps": 20}, {"report_every": {"steps": 20}}),
        ({"eval_strategy": "steps"}, {"report_every": {"steps": 500}}),
        ({"evaluation_strategy": "epoch", "save_strategy": "best"}, {"report_every": 1.0}),
        ({"eval_strategy": "steps", "eval_steps": 50, "save_steps": 100}, {"report_every": {"steps": 50}}),
        ({"save_strategy": "epoch", "logging_strategy": "epoch"}, {"report_every": 1.0}),
        ({"eval_strategy": "no"}, {"report_every": {"fraction": 1.0}}),
        ({"eval_strategy": False}, {"report_every": {"fraction": 1.0}}),
        ({"fp16": True}, {"precision": "fp16"}),
        ({"bf16": False, "fp16": False}, {"precision": "fp32"}),
        ({"lr_scheduler_type": "constant_with_warmup"}, {"schedule": "constant"}),
        ({"lr_scheduler_type": "constant", "warmup_steps": 0}, {"schedule": "constant", "warmup": {"steps": 0}}),
        (
            {"lr_scheduler_type": "cosine_with_min_lr", "lr_scheduler_kwargs": {"min_lr": 1e-6}},
            {"schedule": "cosine", "lr_end": 1e-6},
        ),
        ({"optim": "lion_32bit"}, {"optimizer": "lion"}),
        ({"gradient_accumulation_steps": 1}, {}),
    ],
)
def test_each_name_alone(given: dict[str, Any], ours: dict[str, Any]) -> None:
    assert built(**given) == built(**ours)


@pytest.mark.parametrize(
    ("given", "key", "said"),
    [
        ({"num_train_epochs": 3, "epochs": 3}, "num_train_epochs", "says the same as epochs, which is given too"),
        ({"num_train_epochs": 3, "max_steps": 9}, "max_steps", "says the same as num_train_epochs"),
        ({"num_train_epochs": 0}, "num_train_epochs", "above 0"),
        ({"per_device_train_batch_size": 0}, "per_device_train_batch_size", "greater than or equal to 1, got 0"),
        ({"warmup_steps": -5}, "warmup_steps", "got -5"),
        ({"optim": "adamw_8bit"}, "optim", "'adamw_8bit' has no meaning here (choose from adamw, adamw_torch"),
        ({"lr_scheduler_type": "reduce_lr_on_plateau"}, "lr_scheduler_type", "or write schedule"),
        (
            {"lr_scheduler_type": "constant", "warmup_steps": 10},
            "lr_scheduler_type",
            "leaves warm-up out in transformers, and warm-up is given (write constant_with_warmup",
        ),
        ({"lr_scheduler_kwargs": {"num_cycles": 2}}, "lr_scheduler_kwargs.num_cycles", "nothing to schedule linear"),
        ({"lr_scheduler_kwargs": {"eta": 2}}, "lr_scheduler_kwargs.eta", "there are num_cycles, power"),
        ({"eval_strategy": "epoch", "save_strategy": "steps"}, "save_strategy", "{'steps': 500}, not every 1 epochs"),
        ({"save_strategy": "no"}, "save_strategy", "a checkpoint is written with each report"),
        ({"logging_steps": 10}, "logging_steps", "training loss is logged with each report: write report_every"),
        ({"eval_strategy": "epoch", "logging_steps": 10}, "logging_steps", "write report_every"),
        ({"eval_strategy": "daily"}, "eval_strategy", "expected epoch, steps or no, got 'daily'"),
        ({"eval_steps": -1}, "eval_steps", "expected a number above 0, got -1"),
        ({"gradient_accumulation_steps": 4}, "gradient_accumulation_steps", "write batch_size, the rows of an update"),
        ({"fp16": True, "bf16": True}, "fp16", "and bf16 are both true"),
        ({"fp16": "yes"}, "fp16", "'yes' has no meaning here"),
        ({"load_best_model_at_end": False}, "load_best_model_at_end", "the best checkpoint is always kept"),
        ({"dataloader_num_workers": 4}, "dataloader_num_workers", "memory-mapped"),
        ({"num_train_epoch": 3}, "num_train_epoch", "did you mean num_train_epochs?"),
    ],
)
def test_complaints_name_what_was_written(given: dict[str, Any], key: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        built(**given)
    assert caught.value.key == key
    assert said in str(caught.value)


def test_parameters_have_these_names_too() -> None:
    fixed = {**BASE, "gradient_accumulation_steps": 4, "per_device_train_batch_size": 8}
    made = TrainConfig.build(fixed, {"per_device_train_batch_size": 16, "warmup_steps": 10, "optim": "sgd"})
    ours = {"batch_size": 64, "micro_batch_size": 16, "warmup": {"steps": 10}, "optimizer": "sgd"}
    assert made == built(**ours)


def test_every_training_argument_is_ours_or_in_the_table() -> None:
    from transformers import TrainingArguments

    same = {"learning_rate", "weight_decay", "max_grad_norm", "seed", "gradient_checkpointing"}
    assert same <= set(TrainConfig.model_fields)
    known = {*same, *KNOWN, *UNKNOWN}
    assert {field.name for field in fields(TrainingArguments)} - known == set()
    assert not set(KNOWN) & set(UNKNOWN)
    assert not ({*KNOWN, *UNKNOWN} - same) & set(TrainConfig.model_fields)


def test_the_table_leads_to_settings_that_there_are() -> None:
    assert {known.ours for known in KNOWN.values()} <= set(field_names())
    for optimizer in OPTIMIZERS.values():
        settings(optimizer=optimizer)
    for schedule in SCHEDULES.values():
        settings(schedule=schedule)


def test_the_guide_has_the_table() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "training.md").read_text("utf-8")
    for name, known in KNOWN.items():
        assert f"| `{name}` | `{known.ours}` | {known.said} |" in guide
    for name, unknown in UNKNOWN.items():
        assert f"| `{name}` | {unknown.mend} |" in guide
