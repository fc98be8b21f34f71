"""``SweepCallback`` in a real Trainer: what is reported, and when."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import BertForSequenceClassification, EarlyStoppingCallback, Trainer

import sweeps
from sweeps import session
from sweeps.session import StopTrial
from tests.sweeps_tests.tiny_trainer import STEPS, build, rows
from trainer.manifest import numbered, verify

pytestmark = pytest.mark.usefixtures("one_thread")


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
