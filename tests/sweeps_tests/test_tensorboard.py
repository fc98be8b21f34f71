import json
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from search_spaces import Categorical, Constant, Float, Int, Normal, SearchSpace
from sweeps.records.builder import RecordBuilder
from sweeps.views.domains import domains_of
from sweeps.views.sink import Sinks
from sweeps.views.tensorboard import TensorBoardSink
from sweeps.views.text import run_name

SPACE = SearchSpace(
    (
        Float("learning_rate", 1e-6, 1e-3, log=True),
        Int("batch_size", 8, 64),
        Categorical("optimizer", ("adamw", "sgd", None)),
        Categorical("freeze", (True, False)),
        Categorical("model_args.hidden", (32, 64)),
        Normal("noise"),
        Constant("epochs", 3),
    )
)
PARAMS = {
    "learning_rate": 3.1e-4, "batch_size": 32, "optimizer": None, "freeze": True,
    "model_args.hidden": 64, "noise": -1.5, "epochs": 3,
}  # fmt: skip
NAME = "lr=3.1e-4 bs=32 opt=none freeze=true hidden=64 noise=-1.5"


class Sweep:
    """A driver in small: events go to a builder and to a sink; ``restart`` is a new driver on the same folder."""

    def __init__(self, folder, goal="maximize"):
        self.folder, self.goal, self.events = folder, goal, []
        self.restart()

    def restart(self):
        self.builder, self.sink = (
            RecordBuilder(),
            TensorBoardSink(self.folder / "tensorboard", "accuracy", self.goal, SPACE),
        )
        for event in self.events:
            self.show({**event, "replayed": True})
        self.tell("sweep", id="5eed", name="digits", metric="accuracy", goal=self.goal)

    def show(self, event):
        self.builder.apply(event)
        self.sink.handle(event, self.builder.trial(event["trial"]) if "trial" in event else None)

    def tell(self, event, **fields):
        n = len(self.events) + 1
        self.events.append({"n": n, "time": 1000.0 + n, "sweep": "5eed", "event": event, **fields})
        self.show(self.events[-1])

    def start(self, number=1, attempt=1):
        self.tell("trial", trial=f"t{number:04}", params=PARAMS, number=number)
        self.state("running", number, attempt)

    def state(self, state, number=1, attempt=1):
        self.tell("state", trial=f"t{number:04}", state=state, attempt=attempt)

    def report(self, report, value, number=1, attempt=1):
        metrics = {"accuracy": value, "best_accuracy": 1.0, "loss": 1 - value, "train_loss": 0.5, "learning_rate": 1e-3}
        self.tell(
            "report", trial=f"t{number:04}", attempt=attempt, report=report, step=10 * report, epoch=report / 2,
            metrics=metrics,
        )  # fmt: skip

    def curve(self, tag, number=1):
        (run,) = (self.folder / "tensorboard").glob(f"t{number:04}*")
        accumulator = EventAccumulator(str(run))
        accumulator.Reload()
        return [(event.step, round(event.value, 4)) for event in accumulator.Scalars(tag)]


@pytest.fixture
def sweep(tmp_path):
    return Sweep(tmp_path)


def test_curves_have_the_tags_people_look_for(sweep):
    sweep.start()
    sweep.report(1, 0.5)
    sweep.report(2, 0.75)
    sweep.report(3, 0.7)
    assert sweep.curve("last/accuracy") == sweep.curve("validation/accuracy") == [(10, 0.5), (20, 0.75), (30, 0.7)]
    assert sweep.curve("best/accuracy") == [(10, 0.5), (20, 0.75), (30, 0.75)]
    assert sweep.curve("loss/validation") == [(10, 0.5), (20, 0.25), (30, 0.3)]
    assert sweep.curve("loss/train") == [(10, 0.5), (20, 0.5), (30, 0.5)]
    assert sweep.curve("train/learning_rate")[0] == (10, 0.001)
    assert sweep.curve("train/epoch")[-1] == (30, 1.5)


def test_the_best_of_a_metric_to_minimize_falls(tmp_path):
    sweep = Sweep(tmp_path, goal="minimize")
    sweep.start()
    for report, value in enumerate([0.5, 0.75, 0.25], 1):
        sweep.report(report, value)
    assert [value for _, value in sweep.curve("best/accuracy")] == [0.5, 0.5, 0.25]


def test_steps_are_unique_after_a_worker_was_killed(sweep):
    sweep.start()
    for report in (1, 2, 3, 4):
        sweep.report(report, report / 10)
    sweep.state("pending")
    sweep.state("running", attempt=2)
    sweep.report(3, 0.35, attempt=2)
    sweep.report(4, 0.99, attempt=1)  # the old attempt is late: not a word of it
    sweep.report(3, 0.35, attempt=2)
    sweep.report(4, 0.45, attempt=2)
    assert sweep.curve("last/accuracy") == [(10, 0.1), (20, 0.2), (30, 0.35), (40, 0.45)]


@pytest.mark.parametrize("lost", [0, 1, 30])
def test_steps_are_unique_after_a_driver_was_killed_and_resumed(sweep, lost):
    sweep.start()
    for report in (1, 2, 3):
        sweep.report(report, report / 10)
    (path,) = sweep.folder.glob("tensorboard/t0001*/*")
    path.write_bytes(path.read_bytes()[: path.stat().st_size - lost])  # FAULTS row 54: a torn record at its end
    sweep.restart()
    assert sweep.curve("last/accuracy") == [(10, 0.1), (20, 0.2), (30, 0.3)]
    sweep.state("running", attempt=2)
    sweep.report(3, 0.35, attempt=2)
    sweep.report(4, 0.4, attempt=2)
    sweep.state("finished", attempt=2)
    assert sweep.curve("last/accuracy") == [(10, 0.1), (20, 0.2), (30, 0.35), (40, 0.4)]
    assert len(list(sweep.folder.glob("tensorboard/t0001*"))) == 1


def test_an_open_tensorboard_forgets_what_is_superseded(sweep):
    sweep.start()
    sweep.report(1, 0.1)
    sweep.report(2, 0.2)
    (run,) = sweep.folder.glob("tensorboard/t0001*")
    open_one = EventAccumulator(str(run))
    open_one.Reload()
    sweep.restart()
    sweep.state("running", attempt=2)
    sweep.report(2, 0.9, attempt=2)
    open_one.Reload()
    assert [(event.step, round(event.value, 4)) for event in open_one.Scalars("last/accuracy")] == [
        (10, 0.1),
        (20, 0.9),
    ]


def test_a_finished_trial_is_written_again_only_if_its_end_is_missing(sweep):
    for number in (1, 2):
        sweep.start(number)
        sweep.report(1, 0.5, number)
        sweep.state("finished", number)
    whole, torn = (path for (path,) in (list(sweep.folder.glob(f"tensorboard/t000{n}*/*")) for n in (1, 2)))
    torn.write_bytes(torn.read_bytes()[:-10])
    sweep.restart()
    assert whole.stat().st_size > 0
    assert torn.stat().st_size == 0
    assert sweep.curve("last/accuracy", 2) == [(10, 0.5)]


def test_a_clock_set_back_does_not_reorder_files(sweep, monkeypatch):
    sweep.start()
    sweep.report(1, 0.1)
    sweep.report(2, 0.2)
    monkeypatch.setattr(time, "time", lambda: 1.0)
    sweep.restart()
    sweep.state("running", attempt=2)
    sweep.report(2, 0.3, attempt=2)
    assert sweep.curve("last/accuracy") == [(10, 0.1), (20, 0.3)]


def test_only_running_trials_hold_a_file_open(sweep):
    for number in range(1, 6):
        sweep.start(number)
        sweep.report(1, 0.5, number)
        sweep.state("paused" if number % 2 else "stopped", number)
    sweep.start(6)
    assert [trial for trial, run in sweep.sink._runs.items() if run.file] == ["t0006"]
    sweep.state("running", 1)
    sweep.report(2, 0.6, 1)
    assert sweep.curve("last/accuracy", 1) == [(10, 0.5), (20, 0.6)]
    sweep.sink.close()
    assert not any(run.file for run in sweep.sink._runs.values())


def test_a_report_is_written_in_under_a_millisecond(sweep):
    sweep.start()
    sweep.report(1, 0.5)
    began = time.perf_counter()
    for report in range(2, 202):
        sweep.report(report, 0.5)
    assert (time.perf_counter() - began) / 200 < 1e-3


def test_steps_stay_unique_where_a_trainer_counts_none(sweep):
    sweep.start()
    for report in (1, 2, 3):
        sweep.tell("report", trial="t0001", attempt=1, report=report, metrics={"accuracy": 0.5})
    assert [step for step, _ in sweep.curve("last/accuracy")] == [0, 1, 2]


def test_a_sink_that_fails_is_said_once_and_ends_nothing(sweep, caplog):
    class Broken:
        def handle(self, event, trial):
            raise OSError(28, "No space left on device")

        def close(self):
            raise OSError(28, "No space left on device")

    heard = []
    sinks = Sinks([Broken(), sweep.sink, type("Heard", (), {"handle": lambda *e: heard.append(e), "close": print})()])
    for _ in range(3):
        sinks.handle({"event": "note", "time": 1.0, "text": "hi"}, None)
    sinks.close()
    assert len(heard) == 3
    assert caplog.text.count("Broken fails, the sweep goes on") == 1


def test_run_names_are_short_safe_and_stable():
    names = list(domains_of(SPACE))
    assert run_name("t0007", PARAMS, names) == f"t0007 {NAME}"
    assert run_name("t0007", {"lr": 1e-4}) == "t0007 lr=1e-4"
    assert run_name("t0001", {"a.rate": 0.5, "b.rate": 1.0}) == "t0001 a.rate=0.5 b.rate=1"
    wild = run_name("t0001", {"model": "../héllo/\0 wörld\n", "many": "x" * 300, "last": 1})
    assert wild == "t0001 model=..-h-llo-w-rld last=1"
    assert len(run_name("t0001", {f"parameter_{n}": n for n in range(50)})) <= 80


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
