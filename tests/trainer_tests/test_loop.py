import gc
import math
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.trainer_tests.toy import ToyTask, blobs, losses, run, settings
from trainer.errors import ConfigError, DataError, Diverged
from trainer.loop import train
from trainer.report import Report
from trainer.tasks.base import Batch


def test_learns_and_says_how(tmp_path: Path) -> None:
    reports = list(run(folder=tmp_path))
    assert [r.number for r in reports] == [1, 2, 3, 4, 5, 6]
    assert [r.step for r in reports] == [5, 10, 15, 20, 25, 30]
    assert [r.epoch for r in reports] == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    assert [r.done for r in reports] == [False] * 5 + [True]
    assert reports[-1].reason == "completed"
    assert reports[-1].metrics["accuracy"] > 0.9
    model = ToyTask().build_model(settings(), blobs())
    assert {r.trainable for r in reports} == {sum(one.numel() for one in model.parameters())}
    training = {"train_loss", "grad_norm", "learning_rate", "samples_per_second", "best_accuracy"}
    assert all(training < set(r.metrics) for r in reports)
    assert all(math.isfinite(value) for r in reports for value in r.metrics.values())
    assert reports[0].metrics["learning_rate"] == pytest.approx(0.01 * 26 / 30)


def test_best_is_the_first_best_and_carried_on() -> None:
    reports = list(run(epochs=6))
    values = [r.metrics["accuracy"] for r in reports]
    assert [r.metrics["best_accuracy"] for r in reports] == [max(values[: i + 1]) for i in range(len(values))]
    firsts = [all(v < values[i] for v in values[:i]) for i in range(len(values))]
    assert [r.is_best for r in reports] == firsts


def test_goal_of_the_task_unless_given() -> None:
    smaller = list(run(metric="loss"))
    assert smaller[-1].metrics["best_loss"] == min(losses(smaller))
    larger = list(run(metric="loss", goal="maximize"))
    assert larger[-1].metrics["best_loss"] == max(losses(larger))


def test_the_checkpoint_is_written_before_the_report_and_old_ones_go(tmp_path: Path) -> None:
    best = 0
    for report in run(folder=tmp_path, epochs=6):
        best = report.number if report.is_best else best
        assert report.checkpoint == tmp_path / "checkpoints" / f"r{report.number:04d}"
        assert report.checkpoint.is_dir()
        kept = {int(p.name[1:]) for p in (tmp_path / "checkpoints").iterdir()}
        assert {best, report.number, max(1, report.number - 1)} <= kept
        assert len(kept) <= 4
    kept = {int(p.name[1:]) for p in (tmp_path / "checkpoints").iterdir()}
    assert kept == {best, 11, 12}


def test_without_a_folder_nothing_is_written() -> None:
    reports = list(run())
    assert all(r.checkpoint is None for r in reports)


def test_patience(tmp_path: Path) -> None:
    reports = list(run(folder=tmp_path, epochs=50, patience=3))
    assert len(reports) < 100
    assert (reports[-1].done, reports[-1].reason) == (True, "patience")
    assert [r.is_best for r in reports[-4:]] == [True, False, False, False]
    resumed = train(
        settings(epochs=50, patience=3), prepared=blobs(), task=ToyTask(), folder=tmp_path, resume=True, device="cpu"
    )
    assert list(resumed) == []


def test_completed_wins_over_patience_at_the_very_end() -> None:
    whole = list(run(epochs=50, patience=3))
    again = list(run(epochs=whole[-1].epoch, patience=3, schedule="constant"))
    assert again[-1].reason in {"completed", "patience"}
    assert list(run(epochs=1, report_every=1.0, patience=1))[-1].reason == "completed"


def test_should_stop_is_asked_before_every_update(tmp_path: Path) -> None:
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 7

    reports = list(run(folder=tmp_path, should_stop=stop))
    assert [r.step for r in reports] == [5]
    assert len(asked) == 8
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["r0001"]


def test_same_seed_same_curve_and_another_seed_another() -> None:
    assert losses(run()) == losses(run())
    assert losses(run()) != losses(run(seed=1))


def test_nothing_leaks_from_one_run_into_the_next(tmp_path: Path) -> None:
    alone = losses(run())
    list(run(seed=3, optimizer="sgd", learning_rate=0.5, batch_size=7, precision="bf16", folder=tmp_path / "a"))
    spoiled = ToyTask()
    spoiled.factor = lambda: math.nan
    with pytest.raises(Diverged):
        list(run(spoiled))
    next(run(seed=4))
    assert losses(run(folder=tmp_path / "b")) == alone


def test_evaluation_is_in_eval_mode_without_smoothing_and_without_gradients() -> None:
    seen: list[tuple[bool, bool]] = []
    task = ToyTask(lambda model, batch: seen.append((model.training, torch.is_grad_enabled())))
    first = next(run(task, label_smoothing=0.3))
    assert seen == [(True, True)] * 5 + [(False, False)]
    assert first.metrics["loss"] == pytest.approx(first.metrics["log_loss"], rel=1e-5)


def test_training_goes_on_in_train_mode_after_a_report() -> None:
    modes: list[bool] = []
    list(run(ToyTask(lambda model, _: modes.append(model.training)), epochs=1))
    assert modes == [True] * 5 + [False] + [True] * 5 + [False]


@pytest.mark.parametrize("lengths", [False, True])
def test_evaluation_sorts_by_length_and_back(lengths: bool) -> None:
    """Metrics over rows of other lengths must not depend on how they were batched."""
    one, many = (
        list(run(prepared=blobs(lengths=lengths), eval_batch_size=size, dropout=0.0))[-1].metrics for size in (7, 60)
    )
    assert one["accuracy"] == many["accuracy"]
    assert one["loss"] == pytest.approx(many["loss"], rel=1e-5)


def test_gradients_are_clipped() -> None:
    norms: list[float] = []

    class Watched(ToyTask):
        def build_model(self, *args: Any) -> nn.Module:
            model = super().build_model(*args)
            self.weights = list(model.parameters())
            return model

    task = Watched()
    start = []
    reports = []
    for report in run(task, optimizer="sgd", momentum=0.0, learning_rate=1.0, schedule="constant",
                      max_grad_norm=1e-3, report_every={"steps": 1}, epochs=0.2):  # fmt: skip
        flat = torch.cat([w.detach().flatten().clone() for w in task.weights])
        if start:
            norms.append(float((flat - start[-1]).norm()))
        start.append(flat)
        reports.append(report)
    assert norms == pytest.approx([1e-3] * len(norms), rel=0.01)
    assert all(report.metrics["grad_norm"] > 0.01 for report in reports)


def test_bf16_on_a_cpu_when_asked_for() -> None:
    seen: list[torch.dtype] = []

    class Half(ToyTask):
        def loss(self, model: nn.Module, batch: Batch, *, label_smoothing: float = 0.0) -> Any:
            loss, logits = super().loss(model, batch, label_smoothing=label_smoothing)
            seen.append(logits.dtype)
            return loss, logits

    reports = list(run(Half(), precision="bf16"))
    assert set(seen) == {torch.bfloat16}
    assert reports[-1].metrics["accuracy"] > 0.85
    seen.clear()
    next(run(Half(), precision="auto"))
    assert set(seen) == {torch.float32}


def test_fp16_on_a_cpu_is_refused() -> None:
    with pytest.raises(ConfigError, match="precision: fp16 needs a GPU"):
        next(run(precision="fp16"))


def test_no_rows_are_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        next(run(prepared=blobs(0)))


@pytest.mark.parametrize("end", ["exhausted", "closed", "diverged"])
def test_nothing_keeps_the_model_after_a_run(end: str) -> None:
    models: list[weakref.ref[nn.Module]] = []

    class Tracked(ToyTask):
        def build_model(self, *args: Any) -> nn.Module:
            model = super().build_model(*args)
            models.append(weakref.ref(model))
            return model

    task = Tracked()
    generator = run(task)
    if end == "exhausted":
        list(generator)
    elif end == "closed":
        next(generator)
        generator.close()
    else:
        task.factor = lambda: math.nan
        with pytest.raises(Diverged):
            list(generator)
    gc.collect()
    assert models[0]() is None


def test_reports_carry_no_more_than_they_say() -> None:
    report = next(run())
    assert isinstance(report, Report)
    assert all(type(value) is float for value in report.metrics.values())
