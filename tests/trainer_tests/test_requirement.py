"""Bounds on metrics: which reports count as the best, and which checkpoints are kept for that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.trainer_tests.toy import run
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.manifest import numbered
from trainer.requirement import Bounds, fulfilled, said
from trainer.tasks import get_task


@pytest.mark.parametrize(
    ("bounds", "value", "holds"),
    [
        ({"min": 0.5}, 0.5, True),
        ({"min": 0.5}, 0.4, False),
        ({"max": 2}, 2.0, True),
        ({"max": 2}, 2.1, False),
        ({"min": 0, "max": 1}, 0.3, True),
        ({"min": 0, "max": 1}, -0.3, False),
    ],
)
def test_bounds_are_both_allowed(bounds: dict[str, float], value: float, holds: bool) -> None:
    assert Bounds(**bounds).hold(value) is holds
    assert fulfilled({"f1": Bounds(**bounds)}, {"f1": value, "loss": 9.0}) is holds
    assert not fulfilled({"other": Bounds(**bounds)}, {"f1": value})


def test_what_is_required_is_said_in_a_line() -> None:
    assert said({"f1": Bounds(min=0.5), "loss": Bounds(min=0, max=2)}) == "0.5 <= f1 and 0 <= loss <= 2"


def test_only_reports_within_bounds_are_the_best(tmp_path: Path) -> None:
    free = list(run(folder=tmp_path / "free", metric="loss"))
    losses = [report.metrics["loss"] for report in free]
    assert losses == sorted(losses, reverse=True)  # so the last one is the best
    bound = sorted(losses)[2]
    bounded = list(run(folder=tmp_path / "bounded", metric="loss", require={"loss": {"min": bound}}))
    assert [report.metrics["loss"] for report in bounded] == losses
    expected = len(losses) - 2
    assert [report.number for report in bounded if report.is_best][-1] == expected
    assert bounded[-1].metrics["best_loss"] == bound
    assert expected in numbered(tmp_path / "bounded" / "checkpoints")


def test_before_any_report_fits_there_is_no_best(tmp_path: Path) -> None:
    reports = list(run(folder=tmp_path / "run", metric="loss", require={"loss": {"max": -1}}))
    assert not any(report.is_best or "best_loss" in report.metrics for report in reports)
    assert set(numbered(tmp_path / "run" / "checkpoints")) == {len(reports), len(reports) - 1}


def test_patience_counts_what_does_not_fit() -> None:
    reports = list(run(metric="loss", require={"loss": {"max": -1}}, patience=2))
    assert (len(reports), reports[-1].reason) == (2, "patience")


@pytest.mark.parametrize(
    ("require", "data", "said"),
    [
        ({"acuracy": {"min": 0.5}}, {}, r"require\.acuracy: 'acuracy' is not a metric .*did you mean accuracy\?"),
        ({"retain_accuracy": {"min": 0.5}}, {}, r"require\.retain_accuracy: is of rows that are not there"),
        ({"retain_acc": {"min": 0.5}}, {}, r"require\.retain_acc: 'acc' is not a metric"),
    ],
)
def test_bounds_on_what_no_report_has_are_refused(require: dict[str, Any], data: dict[str, Any], said: str) -> None:
    given = {"task": "classification", "model": "net:mlp", "data": {"sklearn": "digits", **data}, "require": require}
    with pytest.raises(ConfigError, match=said):
        get_task("classification").check(TrainConfig.build(given))


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({}, "expected min, max or both"),
        ({"min": 2, "max": 1}, "min 2.0 is above max 1.0"),
        ({"least": 2}, "require.f1.least: unknown setting"),
        ({"min": "much"}, "require.f1.min: input should be a valid number"),
    ],
)
def test_bounds_that_are_none_are_refused(bounds: dict[str, Any], said: str) -> None:
    given = {"model": "m", "data": {"train": "x.csv"}, "require": {"f1": bounds}}
    with pytest.raises(ConfigError) as error:
        TrainConfig.build(given)
    assert said in str(error.value)


def test_a_metric_of_two_classes_is_refused_for_ten(tmp_path: Path) -> None:
    given = {"task": "classification", "model": "sweeps.recipes.digits_model:mlp", "data": {"sklearn": "digits"}}
    for more, text in (
        ({"metric": "f1"}, r"metric: 'f1' is of the second of two classes, and there are 10 \(write f1_macro"),
        ({"require": {"recall": {"min": 0.5}}}, r"require\.recall: .* \(write recall_macro"),
    ):
        config = TrainConfig.build({**given, **more})
        with pytest.raises(ConfigError, match=text):
            get_task("classification").prepare(config, tmp_path)
