"""What every task must do. Subclass `TaskSuite`, give a configuration and a labelled file, and all of it is tested."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainer import predict
from trainer.checkpoint_scores import score
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.evaluation import evaluate
from trainer.loop import train
from trainer.precision import Compute
from trainer.sections import Steps
from trainer.tasks import get_task, task_names
from trainer.tasks.base import Batch, Prepared, Task


class TaskSuite:
    """Fixtures `settings` (what `TrainConfig.build` takes), `rows` (to predict) and `labelled` (a file with rows for
    which `settings` gives the validation split) are the subclass's."""

    name = ""
    draws = True
    """Whether a fresh model has weights that are drawn: not where its folder has all of them."""

    @pytest.fixture
    def task(self) -> Task:
        return get_task(self.name)

    @pytest.fixture
    def config(self, settings: Mapping[str, Any]) -> TrainConfig:
        return TrainConfig.build({**settings, "task": self.name})

    @pytest.fixture
    def prepared(self, task: Task, config: TrainConfig, tmp_path: Path) -> Prepared:
        return task.prepare(config, tmp_path / "cache")

    def batch(
        self, task: Task, config: TrainConfig, prepared: Prepared, rows: list[int], split: str = "train"
    ) -> Batch:
        return task.collate(prepared.splits[split], np.array(rows), config, prepared)

    def test_is_registered_under_its_name(self, task: Task) -> None:
        assert self.name in task_names()
        assert task.name == self.name
        assert get_task(self.name) is task

    def test_every_metric_has_a_direction(self, task: Task) -> None:
        assert task.goals["loss"] == "minimize"
        assert set(task.goals.values()) <= {"minimize", "maximize"}

    def test_accepts_its_settings(self, task: Task, config: TrainConfig) -> None:
        task.check(config)

    def test_refuses_an_unknown_metric_and_says_which_is_meant(self, task: Task, config: TrainConfig) -> None:
        near = max(task.goals, key=len)
        with pytest.raises(ConfigError, match=rf"metric: .*did you mean {near}\?"):
            task.check(config.model_copy(update={"metric": near[:-1]}))

    def test_prepares_train_and_validation_rows(self, prepared: Prepared) -> None:
        assert {"train", "validation"} <= set(prepared.splits) <= {"train", "validation", "test"}
        for split in prepared.splits.values():
            assert split.rows > 0
            assert split.lengths is None or split.lengths.shape == (split.rows,)

    def test_opens_what_is_there_already(
        self, task: Task, config: TrainConfig, prepared: Prepared, tmp_path: Path
    ) -> None:
        before = {path: path.stat().st_mtime_ns for path in prepared.folder.iterdir()}
        again = task.prepare(config, tmp_path / "cache")
        assert again.folder == prepared.folder
        assert {path: path.stat().st_mtime_ns for path in again.folder.iterdir()} == before
        assert (again.label_names, again.meta) == (prepared.label_names, prepared.meta)

    def test_a_folder_without_its_marker_is_made_again(
        self, task: Task, config: TrainConfig, prepared: Prepared, tmp_path: Path
    ) -> None:
        labels = sorted(prepared.folder.glob("train.*.npy"))[0]
        whole = labels.read_bytes()
        labels.write_bytes(b"torn")
        (prepared.folder / "complete").unlink()
        task.prepare(config, tmp_path / "cache")
        assert labels.read_bytes() == whole

    def test_what_a_trial_varies_does_not_prepare_again(
        self, task: Task, config: TrainConfig, prepared: Prepared, tmp_path: Path
    ) -> None:
        varied = config.model_copy(update={"learning_rate": 0.5, "batch_size": 3, "seed": 9, "epochs": 7.0})
        assert task.prepare(varied, tmp_path / "cache").folder == prepared.folder

    def test_collates_the_rows_asked_for_in_their_order(
        self, task: Task, config: TrainConfig, prepared: Prepared
    ) -> None:
        batch = self.batch(task, config, prepared, [2, 0, 1, 2])
        assert {len(tensor) for tensor in batch.values()} == {4}
        assert "labels" in batch
        for tensor in batch.values():
            assert torch.equal(tensor[0], tensor[3])

    def test_loss_is_a_sum_over_units(self, task: Task, config: TrainConfig, prepared: Prepared) -> None:
        model = self.fresh(task, config, prepared).eval()
        whole, outputs = task.loss(model, self.batch(task, config, prepared, [0, 1, 2, 3]))
        parts = [task.loss(model, self.batch(task, config, prepared, rows))[0] for rows in ([0, 1, 2], [3])]
        assert whole.shape == ()
        assert outputs.shape[0] == 4
        assert whole.item() == pytest.approx(sum(part.item() for part in parts), rel=1e-5)

    def test_label_smoothing_changes_the_loss_only(self, task: Task, config: TrainConfig, prepared: Prepared) -> None:
        model = self.fresh(task, config, prepared).eval()
        batch = self.batch(task, config, prepared, [0, 1])
        plain, outputs = task.loss(model, batch)
        smooth, same = task.loss(model, batch, label_smoothing=0.5)
        assert torch.equal(outputs, same)
        assert plain.item() != smooth.item()

    def test_the_seed_alone_decides_a_fresh_model(self, task: Task, config: TrainConfig, prepared: Prepared) -> None:
        first, other, again = (self.fresh(task, config, prepared, seed=seed) for seed in (3, 4, 3))
        assert _equal(first, again)
        assert _equal(first, other) is not self.draws

    def test_training_leaks_nothing_into_the_next_trial(
        self, task: Task, config: TrainConfig, prepared: Prepared
    ) -> None:
        first = self.fresh(task, config, prepared)
        kept = {name: tensor.clone() for name, tensor in first.state_dict().items()}
        batch = self.batch(task, config, prepared, [0, 1, 2, 3])
        optimizer = torch.optim.SGD(first.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            task.loss(first, batch)[0].backward()
            optimizer.step()
        assert not _equal(first, kept)
        assert _equal(self.fresh(task, config, prepared), kept)

    def test_the_caller_draws_the_same_numbers_after_every_build(
        self, task: Task, config: TrainConfig, prepared: Prepared
    ) -> None:
        draws = set()
        for _ in range(2):
            self.fresh(task, config, prepared)
            draws.add(float(torch.rand(())))
        assert len(draws) == 1

    def test_evaluation_gives_finite_metrics_with_known_directions(
        self, task: Task, config: TrainConfig, prepared: Prepared
    ) -> None:
        metrics = self.evaluated(task, config, prepared, self.fresh(task, config, prepared))
        assert set(metrics) <= set(task.goals)
        assert "loss" in metrics
        assert all(math.isfinite(value) for value in metrics.values())

    def test_an_export_predicts_what_the_model_did(
        self, task: Task, config: TrainConfig, prepared: Prepared, labelled: Path, rows: list[Any], tmp_path: Path
    ) -> None:
        model = self.fresh(task, config, prepared)
        logged = self.evaluated(task, config, prepared, model)
        task.export(model, config, prepared, tmp_path / "out")
        predictor = predict.load(tmp_path / "out", "cpu")
        answers = predictor.predict(rows, batch_size=3)
        assert len(answers) == len(rows)
        assert self.agree(answers, [predictor.predict([row])[0] for row in rows])
        assert predict.evaluate(tmp_path / "out", labelled) == pytest.approx(logged, rel=1e-4)

    def test_a_checkpoint_scores_what_its_run_reported(
        self, task: Task, config: TrainConfig, prepared: Prepared, tmp_path: Path
    ) -> None:
        steps = Steps(steps=2)
        short = config.model_copy(update={"epochs": steps, "report_every": steps, "learning_rate": 1e-3, "ema": 0.5})
        run = train(short, prepared=prepared, task=task, folder=tmp_path / "run", device="cpu")
        *_, last = run
        assert last.checkpoint is not None
        before = torch.get_rng_state()
        found = score(short, last.checkpoint, task=task, prepared=prepared, splits=("validation", "test"), device="cpu")
        assert torch.equal(before, torch.get_rng_state())
        assert found.keys() == {"validation", "test"} & set(prepared.splits)
        validation = found["validation"]
        reported = {name: last.metrics[name] for name in task.goals if name in last.metrics}
        assert {name: validation.metrics[name] for name in reported} == pytest.approx(reported, rel=1e-5, abs=1e-6)
        for scores in found.values():
            assert scores.rows > 0
            seen = [one.f1 for one in scores.classes.values() if one.support or one.precision or one.recall]
            if len(seen) == len(scores.classes) > 0:
                assert np.mean(seen) == pytest.approx(scores.metrics["f1_macro"])

    def test_a_damaged_export_is_one_clear_error(
        self, task: Task, config: TrainConfig, prepared: Prepared, tmp_path: Path
    ) -> None:
        with pytest.raises(ConfigError, match="no model folder"):
            predict.load(tmp_path / "nowhere")
        out = tmp_path / "out"
        task.export(self.fresh(task, config, prepared), config, prepared, out)
        weights = out / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:50])
        with pytest.raises(ConfigError, match="out"):
            predict.load(out)

    def agree(self, answers: list[Any], others: list[Any]) -> bool:
        """Whether answers are the same, whatever rows they were computed beside."""
        return answers == others

    def fresh(self, task: Task, config: TrainConfig, prepared: Prepared, seed: int = 0) -> torch.nn.Module:
        torch.manual_seed(seed)
        return task.build_model(config, prepared)

    def evaluated(
        self, task: Task, config: TrainConfig, prepared: Prepared, model: torch.nn.Module
    ) -> dict[str, float]:
        """Metrics over the validation split, by the loop's evaluation."""
        compute = Compute.choose("fp32", "cpu")
        split = prepared.splits["validation"]
        return evaluate(model, task=task, split=split, config=config, prepared=prepared, compute=compute).metrics


def _equal(model: torch.nn.Module, other: torch.nn.Module | Mapping[str, torch.Tensor]) -> bool:
    state = other.state_dict() if isinstance(other, torch.nn.Module) else other
    return all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
