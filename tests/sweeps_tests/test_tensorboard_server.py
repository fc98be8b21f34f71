"""What a real TensorBoard server makes of a sweep's event files, while the sweep runs and after it."""

import pytest

from tests.sweeps_tests.board_kit import plain_board, until
from tests.sweeps_tests.tensorboard_kit import NAME, PARAMS, Sweep


@pytest.fixture
def sweep(tmp_path):
    return Sweep(tmp_path)


@pytest.fixture(params=["true", "false"], ids=["data-server", "python"])
def board(sweep, request):
    with plain_board(sweep.folder / "tensorboard", fast=request.param) as board:
        yield board


@pytest.mark.slow
def test_a_real_tensorboard_has_every_trial_also_while_it_runs(sweep, board):
    for number, state in enumerate(["finished", "stopped", "failed", "paused", None], 1):
        sweep.start(number)
        sweep.report(1, number / 10, number)
        sweep.report(2, number / 20, number)
        if state:
            sweep.state(state, number, seconds=10.0 * number)
    sweep.start(6)
    expected = {
        f"t000{n}": {"best/accuracy": n / 10, "validation/accuracy": n / 20, "trial/seconds": 10.0 * n,
                     "trial/state": state}
        for n, state in enumerate([5, 4, -1, 2], 1)
    } | {
        # 6 running, and on a worker since its start, of which two events are reports
        "t0005": {"best/accuracy": 0.5, "validation/accuracy": 0.25, "trial/seconds": 2.0, "trial/state": 1},
        "t0006": {"trial/seconds": 0.0, "trial/state": 1},
    }  # fmt: skip
    until(lambda: board.metrics() == expected)
    groups = board.groups()
    assert {name: group["sessions"][0].get("status", "STATUS_UNKNOWN") for name, group in groups.items()} == {
        "t0001": "STATUS_SUCCESS", "t0002": "STATUS_SUCCESS", "t0003": "STATUS_FAILURE",
        "t0004": "STATUS_UNKNOWN", "t0005": "STATUS_UNKNOWN", "t0006": "STATUS_UNKNOWN",
    }  # fmt: skip
    assert groups["t0006"]["hparams"] == {**PARAMS, "optimizer": "none", "epochs": 3}

    experiment = board.experiment()
    columns = {info["name"]: info for info in experiment["hparamInfos"]}
    assert columns["learning_rate"]["domainInterval"] == {"minValue": 1e-6, "maxValue": 1e-3}
    assert columns["optimizer"]["domainDiscrete"] == ["adamw", "sgd", "none"]
    assert columns["freeze"]["domainDiscrete"] == [True, False]
    assert "epochs" not in columns
    shown = [info["displayName"] for info in experiment["metricInfos"]]
    assert shown == ["best accuracy", "last accuracy", "seconds", "state"]

    # Training and validation on one chart; a metric that comes later gets a chart too.
    charts = board.charts()
    assert list(charts) == ["accuracy", "loss: training and validation", "best accuracy so far", "learning rate"]
    run, (tags,) = f"t0001 {NAME}", charts["loss: training and validation"]
    curves = board.get("plugin/custom_scalars/scalars", run=run, tag=tags)["tag_to_events"]
    assert {tag: [step for _, step, _ in points] for tag, points in curves.items()} == {
        "loss/train": [10, 20], "loss/validation": [10, 20],
    }  # fmt: skip
    sweep.report(1, 0.6, 6, train_accuracy=0.9)
    until(lambda: "accuracy: training and validation" in board.charts())
    until(lambda: board.metrics()["t0006"]["best/accuracy"] == 0.6)

    # What is superseded while it is watched goes away there too, and a row goes on to its end.
    sweep.state("pending", 5)
    sweep.state("running", 5, attempt=2)
    sweep.report(2, 0.99, 5, attempt=2)
    query = {"tag": "validation/accuracy", "run": f"t0005 {NAME}"}
    curve = [(10, 0.5), (20, 0.99)]
    until(lambda: [(step, round(v, 4)) for _, step, v in board.get("plugin/scalars/scalars", **query)] == curve)
    sweep.state("finished", 5, attempt=2)
    until(lambda: board.metrics()["t0005"]["trial/state"] == 5)
    until(lambda: board.groups()["t0005"]["sessions"][0].get("status") == "STATUS_SUCCESS")
    assert len(board.get("runs")) == 7  # and the root
