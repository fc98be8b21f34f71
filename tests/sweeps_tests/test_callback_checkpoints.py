"""``SweepCallback`` in a real Trainer: which checkpoints there are, and how a stopped trial goes on."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path

import pytest
import torch
from transformers import BertForSequenceClassification

import sweeps
from sweeps.session import StopTrial
from tests.sweeps_tests.tiny_trainer import Sweep, build
from trainer.manifest import numbered, verify

pytestmark = pytest.mark.usefixtures("one_thread")


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


def test_without_saving_reports_come_before_the_next_step(tmp_path, sweep):
    sweep.at_most = 2
    trainer = build(tmp_path, save=False)
    with pytest.raises(StopTrial):
        trainer.train()
    assert trainer.state.global_step == 8
    assert [report["checkpoint"] for report in sweep.reports] == [None, None]


def test_two_trainers_of_one_trial_do_not_overwrite_each_other(tmp_path, sweep):
    for _ in range(2):
        build(tmp_path, num_train_epochs=2).train()
    assert sweep.steps == [4, 8, 4, 8]
    for path in numbered(tmp_path / "trial" / "checkpoints").values():
        verify(path)


def test_checkpoint_holds_what_a_trainer_needs_to_go_on(tmp_path, sweep):
    build(tmp_path, num_train_epochs=1).train()
    checkpoint = Path(sweep.reports[0]["checkpoint"])
    names = {path.name for path in checkpoint.iterdir()}
    assert {"model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"} <= names
    assert json.loads((checkpoint / "trainer_state.json").read_text())["global_step"] == 4
