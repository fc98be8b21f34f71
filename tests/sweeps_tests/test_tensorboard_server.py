"""What a real TensorBoard server makes of a sweep's event files."""

import json
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.sweeps_tests.tensorboard_kit import NAME, PARAMS, Sweep


@pytest.fixture
def sweep(tmp_path):
    return Sweep(tmp_path)


def groups_by_name(server, logs):
    request = urllib.request.Request(
        f"{server}/data/plugin/hparams/session_groups",
        data=json.dumps(
            {"experimentName": "", "startIndex": 0, "sliceSize": 100, "colParams": [],
             "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]}
        ).encode(),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=10) as answer:
        return {group["name"].split()[0]: group for group in json.load(answer)["sessionGroups"]}


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


@pytest.fixture(params=["true", "false"], ids=["data-server", "python"])
def server(sweep, request):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "tensorboard.main",
        "--logdir",
        str(sweep.folder / "tensorboard"),
        "--port",
        str(port),
    ]
    command += ["--host", "127.0.0.1", f"--load_fast={request.param}", "--reload_interval", "1"]
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def until(check, seconds=40):
    deadline = time.monotonic() + seconds
    while True:
        try:
            if result := check():
                return result
        except (OSError, KeyError, IndexError):
            pass
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.3)


@pytest.mark.slow
def test_the_hparams_table_of_a_real_tensorboard_has_every_trial_also_while_it_runs(sweep, server):
    for number, state in enumerate(["finished", "stopped", "failed", None], 1):
        sweep.start(number)
        sweep.report(1, number / 10, number)
        sweep.report(2, number / 20, number)
        if state:
            sweep.state(state, number)
    sweep.start(5)
    groups = until(lambda: len(found := groups_by_name(server, sweep.folder)) == 5 and found)
    metrics = {
        name: {metric["name"]["tag"]: round(metric["value"], 4) for metric in group.get("metricValues", [])}
        for name, group in groups.items()
    }
    assert metrics == {
        **{f"t000{n}": {"best/accuracy": n / 10, "last/accuracy": n / 20} for n in (1, 2, 3, 4)}, "t0005": {},
    }  # fmt: skip
    assert {name: group["sessions"][0].get("status", "STATUS_UNKNOWN") for name, group in groups.items()} == {
        "t0001": "STATUS_SUCCESS", "t0002": "STATUS_SUCCESS", "t0003": "STATUS_FAILURE",
        "t0004": "STATUS_UNKNOWN", "t0005": "STATUS_UNKNOWN",
    }  # fmt: skip
    assert groups["t0005"]["hparams"] == {**PARAMS, "optimizer": "none", "epochs": 3}
    experiment = urllib.request.Request(f"{server}/data/plugin/hparams/experiment", data=b'{"experimentName": ""}')
    experiment.add_header("Content-Type", "application/json")
    columns = {info["name"]: info for info in fetch(experiment)["hparamInfos"]}
    assert columns["learning_rate"]["domainInterval"] == {"minValue": 1e-6, "maxValue": 1e-3}
    assert columns["optimizer"]["domainDiscrete"] == ["adamw", "sgd", "none"]
    assert columns["freeze"]["domainDiscrete"] == [True, False]
    assert "epochs" not in columns

    # What is superseded while it is watched goes away there too.
    sweep.state("pending", 4)
    sweep.state("running", 4, attempt=2)
    sweep.report(2, 0.99, 4, attempt=2)
    run = urllib.request.quote(f"t0004 {NAME}")
    query = f"{server}/data/plugin/scalars/scalars?tag=last%2Faccuracy&run={run}"
    until(lambda: [(step, round(value, 4)) for _, step, value in fetch(query)] == [(10, 0.4), (20, 0.99)])
