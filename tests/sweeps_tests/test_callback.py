"""``SweepCallback`` in a real Trainer: what is reported when, with which checkpoint, and how a trial goes on."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, EarlyStoppingCallback, Trainer, TrainingArguments

import sweeps
from sweeps import session
from sweeps.session import Session, StopTrial
from trainer.manifest import numbered, verify

STEPS = 4  # of an epoch
SIZES = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8, "vocab_size": 16}


def rows(count: int, seed: int = 0) -> list[dict]:
    draw = np.random.default_rng(seed)
    return [{"input_ids": draw.integers(0, 16, 5).tolist(), "label": int(row % 2)} for row in range(count)]


def accuracy(predictions) -> dict:
    return {"accuracy": (predictions.predictions.argmax(-1) == predictions.label_ids).mean()}


def build(tmp_path, kind: type[Trainer] = Trainer, save: bool = True, **settings) -> Trainer:
    torch.manual_seed(0)
    extra = {name: settings.pop(name) for name in ("compute_metrics", "eval_dataset", "callbacks") if name in settings}
    defaults = {"eval_strategy": "epoch", "save_strategy": "no", "num_train_epochs": 3, "logging_strategy": "no"}
    arguments = {"per_device_train_batch_size": 4, "use_cpu": True, "disable_tqdm": True, **defaults, **settings}
    return kind(
        model=BertForSequenceClassification(BertConfig(**SIZES, num_labels=2)),
        args=TrainingArguments(output_dir=str(tmp_path / "out"), **arguments),
        train_dataset=rows(4 * STEPS),
        eval_dataset=extra.pop("eval_dataset", rows(8, seed=1)),
        compute_metrics=extra.pop("compute_metrics", accuracy),
        callbacks=[sweeps.SweepCallback(save=save), *extra.pop("callbacks", [])],
    )


class Sweep:
    """Takes reports as a sweep does, and stops the trial after so many."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports: list[dict] = []
        self.at_most = 1000

    def start(self, metric: str = "eval_accuracy") -> None:
        session.enter(Session(self.folder, self.take, metric=metric, goal="maximize"))

    def take(self, report: dict) -> None:
        self.reports.append(report)
        if report["checkpoint"]:
            verify(Path(report["checkpoint"]))
        if len(self.reports) >= self.at_most:
            raise StopTrial

    @property
    def steps(self) -> list[int]:
        return [report["step"] for report in self.reports]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def sweep(tmp_path):
    made = Sweep(tmp_path / "trial")
    made.start()
    yield made
    session.enter(None)


@pytest.mark.parametrize("save", ["no", "epoch", "steps", "best"])
@pytest.mark.parametrize(
    ("strategy", "expected"), [({"eval_strategy": "epoch"}, [4, 8, 12]), ({"eval_steps": 3}, [3, 6, 9, 12])]
)
def test_each_evaluation_is_one_report_with_a_checkpoint(tmp_path, sweep, save, strategy, expected):
    more = {"metric_for_best_model": "accuracy"} if save == "best" else {"save_steps": 5}
    trainer = build(tmp_path, **{"eval_strategy": "steps", "save_strategy": save, **more, **strategy})
    trainer.train()
    assert sweep.steps == expected
    assert [report["number"] for report in sweep.reports] == list(range(1, len(expected) + 1))
    assert all(report["checkpoint"] for report in sweep.reports)
    assert sweep.reports[0]["epoch"] == pytest.approx(expected[0] / STEPS)
    assert {"eval_accuracy", "eval_loss"} <= sweep.reports[0]["metrics"].keys()
    assert "epoch" not in sweep.reports[0]["metrics"]
    for path in numbered(tmp_path / "trial" / "checkpoints").values():
        verify(path)  # the Trainer may have saved a step twice, and its files are shared
    assert not list((tmp_path / "out").glob("checkpoint-*"))


def test_disk_of_a_long_trial_is_bounded(tmp_path, sweep):
    build(tmp_path, num_train_epochs=8).train()
    assert len(numbered(tmp_path / "trial" / "checkpoints")) <= 3
    assert len(list((tmp_path / "trial").glob("trainer/*/checkpoint-*"))) <= 2


def test_checkpoint_is_shared_with_the_trainer_rather_than_copied(tmp_path, sweep):
    build(tmp_path, num_train_epochs=1).train()
    (own,) = (tmp_path / "trial").glob("trainer/*/checkpoint-4/model.safetensors")
    assert own.samefile(Path(sweep.reports[0]["checkpoint"]) / "model.safetensors")


def test_stop_leaves_the_trainer_at_once_and_nothing_behind(tmp_path, sweep):
    sweep.at_most = 2
    trainer = build(tmp_path, auto_find_batch_size=True)
    with pytest.raises(StopTrial):
        trainer.train()
    assert trainer.state.global_step == 8
    model = weakref.ref(trainer.model)
    del trainer
    gc.collect()
    assert model() is None


def test_stopped_trial_goes_on_from_its_checkpoint_as_if_nothing_had_happened(tmp_path, sweep):
    build(tmp_path).train()
    whole = [report["metrics"]["eval_loss"] for report in sweep.reports]
    parts = Sweep(tmp_path / "other")
    parts.at_most = 2
    parts.start()
    with pytest.raises(StopTrial):
        build(tmp_path).train(resume_from_checkpoint=sweeps.get_checkpoint())
    parts.at_most = 1000
    parts.start()
    trainer = build(tmp_path)
    trainer.train(resume_from_checkpoint=sweeps.get_checkpoint())
    assert [report["number"] for report in parts.reports] == [1, 2, 3]
    assert [report["metrics"]["eval_loss"] for report in parts.reports] == whole


def test_finished_training_that_is_resumed_reports_nothing_twice(tmp_path, sweep):
    build(tmp_path).train()
    sweep.start()
    trainer = build(tmp_path)
    trainer.train(resume_from_checkpoint=sweeps.get_checkpoint())
    trainer.evaluate()
    assert sweep.steps == [4, 8, 12]


def test_best_model_at_end_survives_an_interruption(tmp_path, sweep):
    values = iter([0.9, 0.1, 0.2, 0.3])

    def planned(_) -> dict:
        return {"accuracy": next(values)}

    chosen = {"load_best_model_at_end": True, "metric_for_best_model": "accuracy", "save_strategy": "epoch"}
    sweep.at_most = 2
    with pytest.raises(StopTrial):
        build(tmp_path, compute_metrics=planned, num_train_epochs=4, **chosen).train()
    best = Path(sweep.reports[0]["checkpoint"])
    sweep.at_most = 1000
    for folder in (tmp_path / "trial").glob("trainer/*"):
        folder.rename(tmp_path / f"gone-{folder.name}")
    sweep.start()
    trainer = build(tmp_path, compute_metrics=planned, num_train_epochs=4, save_total_limit=1, **chosen)
    trainer.train(resume_from_checkpoint=sweeps.get_checkpoint())
    assert sweep.steps == [4, 8, 12, 16]
    kept = BertForSequenceClassification.from_pretrained(best).state_dict()
    assert all(torch.equal(tensor, kept[name]) for name, tensor in trainer.model.state_dict().items())


def test_evaluation_before_training_is_no_report(tmp_path, sweep):
    trainer = build(tmp_path, num_train_epochs=1, eval_on_start=True)
    trainer.evaluate()
    trainer.train()
    assert sweep.steps == [4]


def test_evaluation_after_training_is_reported_where_there_was_none(tmp_path, sweep):
    trainer = build(tmp_path, num_train_epochs=1, eval_strategy="no")
    trainer.train()
    trainer.evaluate(rows(8, seed=2), metric_key_prefix="test")
    trainer.evaluate()
    trainer.evaluate()
    assert sweep.steps == [4]
    checkpoint = Path(sweep.reports[0]["checkpoint"])
    assert BertForSequenceClassification.from_pretrained(checkpoint).num_labels == 2
    sweep.start()
    again = build(tmp_path, num_train_epochs=1, eval_strategy="no")
    again.train(resume_from_checkpoint=sweeps.get_checkpoint())
    assert again.state.global_step == 4


def test_evaluation_after_training_is_not_reported_a_second_time(tmp_path, sweep):
    trainer = build(tmp_path, num_train_epochs=1)
    trainer.train()
    trainer.evaluate()
    trainer.evaluate(rows(8, seed=2), metric_key_prefix="test")
    assert sweep.steps == [4]


def test_several_evaluation_sets_are_one_report(tmp_path, sweep):
    sweep.start(metric="eval_b_accuracy")
    build(tmp_path, num_train_epochs=1, eval_dataset={"a": rows(4), "b": rows(8)}).train()
    assert sweep.steps == [4]
    assert {"eval_a_accuracy", "eval_b_accuracy"} <= sweep.reports[0]["metrics"].keys()


def test_loss_that_is_not_finite_ends_the_trial(tmp_path, sweep):
    with pytest.raises(StopTrial):
        build(tmp_path, compute_metrics=lambda _: {"accuracy": float("nan")}).train()
    assert session.current().diverged.what == "eval_accuracy"
    assert sweep.reports == []


def test_without_saving_reports_come_before_the_next_step(tmp_path, sweep):
    sweep.at_most = 2
    trainer = build(tmp_path, save=False)
    with pytest.raises(StopTrial):
        trainer.train()
    assert trainer.state.global_step == 8
    assert [report["checkpoint"] for report in sweep.reports] == [None, None]


def test_last_report_is_not_lost_when_the_trainer_stops_early(tmp_path, sweep):
    values = iter([0.9, 0.1, 0.2])
    trainer = build(
        tmp_path,
        save=False,
        compute_metrics=lambda _: {"accuracy": next(values)},
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
        callbacks=[EarlyStoppingCallback(early_stopping_patience=1)],
    )
    trainer.train()
    assert sweep.steps == [4, 8]


def test_two_trainers_of_one_trial_do_not_overwrite_each_other(tmp_path, sweep):
    for _ in range(2):
        build(tmp_path, num_train_epochs=2).train()
    assert sweep.steps == [4, 8, 4, 8]
    for path in numbered(tmp_path / "trial" / "checkpoints").values():
        verify(path)


def test_trainers_that_inherit_work_alike(tmp_path, sweep):
    class Preference(Trainer):
        """As TRL's do: a loss of its own, and metrics that it adds to what is logged."""

        def compute_loss(self, model, inputs, return_outputs=False, **_kwargs):
            outputs = model(**inputs)
            loss = outputs.loss * 2
            return (loss, outputs) if return_outputs else loss

        def log(self, logs, *args, **kwargs) -> None:
            logs["eval_rewards/margins"] = 1.5
            super().log(logs, *args, **kwargs)

    build(tmp_path, kind=Preference, num_train_epochs=1).train()
    assert sweep.reports[0]["metrics"]["eval_rewards/margins"] == 1.5


def test_outside_of_a_sweep_nothing_is_changed(tmp_path, caplog):
    trainer = build(tmp_path, num_train_epochs=1)
    trainer.train(resume_from_checkpoint=sweeps.get_checkpoint())
    trainer.evaluate()
    assert trainer.args.output_dir == str(tmp_path / "out")
    assert not list((tmp_path / "out").glob("checkpoint-*"))
    assert "no sweep is running" not in caplog.text


def test_checkpoint_holds_what_a_trainer_needs_to_go_on(tmp_path, sweep):
    build(tmp_path, num_train_epochs=1).train()
    checkpoint = Path(sweep.reports[0]["checkpoint"])
    names = {path.name for path in checkpoint.iterdir()}
    assert {"model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"} <= names
    assert json.loads((checkpoint / "trainer_state.json").read_text())["global_step"] == 4
