import itertools
import logging
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer.errors import ResumeError
from trainer.loop import train
from trainer.progress import history
from trainer.report import MEASURED, Report
from trainer.tasks.base import Batch

COURSE = {"epochs": 2.5, "report_every": 0.4, "batch_size": 16, "warmup": 0.1, "schedule": "cosine"}


def run(folder: Path | None, **changes: Any) -> Any:
    options = {key: changes.pop(key) for key in ("resume", "should_stop", "prepared") if key in changes}
    options.setdefault("prepared", blobs())
    return train(settings(**{**COURSE, **changes}), task=ToyTask(), folder=folder, device="cpu", **options)


def facts(reports: list[Report]) -> list[Any]:
    """Everything of a report but the wall clock."""
    return [
        (
            *(r.number, r.step, r.epoch, r.is_best, r.done, r.reason, r.checkpoint and r.checkpoint.name),
            *((k, v) for k, v in sorted(r.metrics.items()) if k not in MEASURED),
        )
        for r in reports
    ]


def weights(checkpoint: Path) -> bytes:
    return (checkpoint / "model.safetensors").read_bytes()


# Every value of each is in the fast part; all combinations are in the whole suite.
FAST = {("adamw", "plain", "micro-bf16"), ("sgd", "bucketed", "whole")}
COURSES = [
    pytest.param(*course, marks=() if course in FAST else pytest.mark.slow)
    for course in itertools.product(["adamw", "sgd"], ["plain", "bucketed"], ["whole", "micro-bf16"])
]


@pytest.mark.parametrize(("optimizer", "lengths", "batches"), COURSES)
def test_resumed_run_equals_uninterrupted_run_at_every_report_point(
    tmp_path: Path, optimizer: str, lengths: str, batches: str
) -> None:
    course: dict[str, Any] = {"optimizer": optimizer, "prepared": blobs(lengths=lengths == "bucketed")}
    if batches == "micro-bf16":
        course |= {"micro_batch_size": 5, "precision": "bf16"}
    whole = list(run(tmp_path / "whole", **course))
    assert len(whole) == 7
    for cut in range(1, 8):
        folder = tmp_path / str(cut)
        first = list(itertools.islice(run(folder, **course), cut))
        torch.manual_seed(99)
        np.random.seed(99)
        random.seed(99)
        second = list(run(folder, resume=True, **course))
        assert facts(first + second) == facts(whole)
        assert weights(folder / "checkpoints" / "r0007") == weights(tmp_path / "whole" / "checkpoints" / "r0007")
        assert [h["number"] for h in history(folder)] == list(range(1, 8))


def test_a_run_cut_off_between_reports_loses_only_that_interval(tmp_path: Path) -> None:
    whole = list(run(None))
    stop = iter([False] * 11 + [True])
    first = list(run(tmp_path, should_stop=lambda: next(stop)))
    assert len(first) == 2
    second = list(run(tmp_path, resume=True))
    assert [r.metrics["loss"] for r in first + second] == [r.metrics["loss"] for r in whole]


def test_cut_off_again_and_again(tmp_path: Path) -> None:
    whole = list(run(None))
    reports: list[Report] = []
    while not reports or not reports[-1].done:
        reports += itertools.islice(run(tmp_path, resume=True), 1)
    assert [r.metrics["loss"] for r in reports] == [r.metrics["loss"] for r in whole]


def test_the_consumer_may_use_the_random_generators(tmp_path: Path) -> None:
    disturbed = []
    for report in run(None):
        torch.rand(3), np.random.rand(), random.random()
        disturbed.append(report)
    assert facts(disturbed) == facts(list(run(None)))


def test_train_seconds_add_up_over_attempts(tmp_path: Path) -> None:
    first = list(itertools.islice(run(tmp_path), 3))
    second = list(run(tmp_path, resume=True))
    seconds = [r.train_seconds for r in first + second]
    assert seconds == sorted(seconds)
    assert seconds[2] < seconds[3]


def test_a_moved_folder_resumes(tmp_path: Path) -> None:
    list(itertools.islice(run(tmp_path / "here"), 3))
    shutil.move(tmp_path / "here", tmp_path / "there")
    second = list(run(tmp_path / "there", resume=True))
    assert second[0].number == 4
    assert history(tmp_path / "there")[0]["checkpoint"] == "checkpoints/r0001"


def test_falls_back_past_a_damaged_checkpoint(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    whole = list(run(None))
    list(itertools.islice(run(tmp_path), 4))
    damaged = tmp_path / "checkpoints" / "r0004" / "model.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    second = list(run(tmp_path, resume=True))
    assert [r.number for r in second] == [4, 5, 6, 7]
    assert [r.metrics["loss"] for r in second] == [r.metrics["loss"] for r in whole[3:]]
    assert "r0004/model.safetensors: damaged" in caplog.text


def test_refuses_to_start_again_silently_where_all_is_damaged(tmp_path: Path) -> None:
    list(itertools.islice(run(tmp_path), 3))
    for folder in (tmp_path / "checkpoints").iterdir():
        (folder / "manifest.json").unlink()
    with pytest.raises(ResumeError, match="no checkpoint is whole; delete checkpoints/ to start again"):
        next(run(tmp_path, resume=True))


def test_only_the_first_checkpoint_damaged_is_one_interval_lost(tmp_path: Path) -> None:
    list(itertools.islice(run(tmp_path), 1))
    (tmp_path / "checkpoints" / "r0001" / "manifest.json").unlink()
    assert [r.number for r in run(tmp_path, resume=True)] == list(range(1, 8))


def test_resuming_what_has_not_begun_starts_it(tmp_path: Path) -> None:
    assert next(run(tmp_path, resume=True)).number == 1
    with pytest.raises(ResumeError, match="without a folder"):
        next(run(None, resume=True))


def test_a_finished_run_yields_nothing_but_has_its_history(tmp_path: Path) -> None:
    whole = list(run(tmp_path))
    assert list(run(tmp_path, resume=True)) == []
    assert [h["metrics"] for h in history(tmp_path)] == [r.metrics for r in whole]
    assert history(tmp_path)[-1]["reason"] == "completed"


def test_a_finished_run_goes_on_with_more_epochs(tmp_path: Path) -> None:
    course = {"schedule": "constant", "warmup": 0.0}
    list(run(tmp_path, epochs=1.2, **course))
    more = list(run(tmp_path, resume=True, **course))
    assert facts(more) == facts(list(run(tmp_path / "whole", **course)))[3:]


def test_a_report_that_was_never_delivered_is_in_the_history(tmp_path: Path) -> None:
    attempt = run(tmp_path)
    delivered = next(attempt)
    lost = next(attempt)
    attempt.close()
    recovered = [h for h in history(tmp_path) if h["number"] > delivered.number]
    assert [(h["number"], h["metrics"], h["checkpoint"]) for h in recovered] == [
        (lost.number, lost.metrics, "checkpoints/r0002")
    ]


def test_another_runs_checkpoint_with_other_settings(tmp_path: Path) -> None:
    source = list(itertools.islice(run(tmp_path / "a"), 2))[-1]
    assert source.checkpoint is not None
    ours = list(run(tmp_path / "b", resume=source.checkpoint, learning_rate=0.003, weight_decay=0.2))
    assert ours[0].number == 3
    assert ours[0].metrics["learning_rate"] < 0.003
    assert (tmp_path / "a" / "checkpoints" / "r0002").is_dir()


def test_going_back_removes_what_is_superseded(tmp_path: Path) -> None:
    reports = list(itertools.islice(run(tmp_path), 4))
    earlier = tmp_path / "checkpoints" / "r0003"
    attempt = run(tmp_path, resume=earlier, learning_rate=0.02)
    assert next(attempt).number == 4
    attempt.close()
    kept = sorted(p.name for p in (tmp_path / "checkpoints").iterdir())
    assert "r0004" in kept
    assert history(tmp_path)[3]["metrics"]["loss"] != reports[3].metrics["loss"]


@pytest.mark.parametrize(("name", "value"), [("optimizer", "sgd"), ("batch_size", 8), ("seed", 1)])
def test_settings_that_fix_the_course_may_not_change(tmp_path: Path, name: str, value: Any) -> None:
    next(run(tmp_path))
    with pytest.raises(ResumeError, match=rf"{name} was .* and is now"):
        next(run(tmp_path, resume=True, **{name: value}))


def test_other_data_is_refused(tmp_path: Path) -> None:
    next(run(tmp_path))
    with pytest.raises(ResumeError, match="150 training rows, now 140"):
        next(run(tmp_path, resume=True, prepared=blobs(140)))


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    class Wide(ToyTask):
        def build_model(self, config: Any, prepared: Any) -> nn.Module:
            return nn.Sequential(nn.Linear(8, 99), nn.Linear(99, 3))

    next(run(tmp_path))
    with pytest.raises(ResumeError, match="does not fit"):
        next(train(settings(**COURSE), prepared=blobs(), task=Wide(), folder=tmp_path, resume=True, device="cpu"))


def test_a_back_off_before_the_cut_is_reproduced(tmp_path: Path) -> None:
    """Memory that ran short once does so again after a resume only where it did in the whole run."""

    def hook(model: nn.Module, batch: Batch) -> None:
        if model.training and len(batch["labels"]) > 8:
            raise torch.OutOfMemoryError

    def attempt(folder: Path, resume: bool = False) -> Any:
        course = settings(**COURSE)
        return train(course, prepared=blobs(), task=ToyTask(hook), folder=folder, resume=resume, device="cpu")

    whole = list(attempt(tmp_path / "whole"))
    first = list(itertools.islice(attempt(tmp_path / "cut"), 2))
    assert facts(first + list(attempt(tmp_path / "cut", resume=True))) == facts(whole)
