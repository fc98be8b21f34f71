"""Trackers: what a file may say of them, how they are fed, and that they neither slow nor break a sweep."""

import json
import subprocess
import sys
import textwrap
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sweeps.config import load_sweep, read_config
from sweeps.config.extending import extended
from sweeps.config.trackers import MLflow, OwnTracker, WandB
from sweeps.errors import InputError
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import Ledger, read_events
from sweeps.records.lock import SweepLock
from sweeps.records.record import Reason, State
from sweeps.records.sweep_file import digest, rewrite_config, write_config
from sweeps.take_home.repeats import repeats_config
from sweeps.views.sink import Sinks
from sweeps.views.trackers import process
from sweeps.views.trackers.feeding import Feeder
from sweeps.views.trackers.process import TrackerProcess, last_line, main, sending
from sweeps.views.trackers.tracked import steps_of, values_of
from tests.sweeps_tests.comparing_kit import trial
from tests.sweeps_tests.study_kit import begin, play, run, sweep_config

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "own_tracker"

# One that writes down whatever it hears, beside itself.
RECORDER = """
import json, pathlib, sys

HERE = pathlib.Path(__file__).parent

class Recorder:
    def __init__(self, settings, sweep):
        self.settings = settings
        self.write({"made": sweep.name, "metric": sweep.metric, "folder": str(sweep.folder), **settings})

    def write(self, said):
        with (HERE / "heard.jsonl").open("a") as file:
            file.write(json.dumps(said) + "\\n")

    def handle(self, event, trial):
        if self.settings.get("fails_at") == event["event"]:
            raise RuntimeError("no such server")
        if self.settings.get("dies_at") == event["event"]:
            sys.exit("out of memory")
        self.write({**event, "reports": len(trial.reports) if trial else None})

    def close(self):
        self.write({"closed": True})

def make(settings, sweep):
    return Recorder(settings, sweep)

def nothing(settings, sweep):
    return None
"""


@pytest.fixture
def home(tmp_path):
    """Where the module and the sweep's folder are."""
    (tmp_path / "recorder.py").write_text(RECORDER)
    return tmp_path


def heard(home):
    return [json.loads(line) for line in (home / "heard.jsonl").read_text().splitlines()]


def config(home, *trackers, **settings):
    made = sweep_config(home, trials=4, trackers=list(trackers), **settings)
    (home / "toy").mkdir(exist_ok=True)
    write_config(home / "toy", made)
    return made


def driven(home, made, *, lines=None, patience=None):
    """A driver with its trackers, as the engine has them."""
    folder = home / "toy"
    ledger = Ledger.open(folder, create=not (folder / "records.jsonl").exists())
    after = len(ledger.past)
    ledger.close()
    patience = patience or {"finished": 30.0}
    sinks = Sinks([TrackerProcess(one, folder, after, patience) for one in made.trackers])
    with SweepLock(folder):
        study, ledger = begin(made, folder)
        with ledger:
            study._book._sink = sinks
            study.write("note", text="begun")
            play(study, slots=2, steps=lines)
            if lines is None:
                study.close()
                study.write("sweep_end", state="finished")
            else:
                study.interrupt(Reason("interrupted"))
                study.write("sweep_end", state="interrupted")
            sinks.close()
    return sinks


def test_a_file_names_trackers_in_these_ways(tmp_path):
    made = load_sweep(
        "digits",
        {"trackers": ["mlflow", {"name": "wandb", "mode": "offline", "project": "p", "tags": ["a"]},
                      {"function": "json:loads", "x": 1}]},
    )  # fmt: skip
    assert made.trackers == (
        MLflow(), WandB("p", mode="offline", tags=("a",)), OwnTracker("json:loads", {"x": 1}),
    )  # fmt: skip
    assert load_sweep("digits", ["trackers=mlflow"]).trackers == (MLflow(),)
    assert load_sweep("digits").trackers == ()
    write_config(tmp_path, made)
    assert read_config(tmp_path).trackers == made.trackers


def test_a_relative_database_is_beside_the_file_and_of_a_command_line_here(tmp_path, monkeypatch):
    from tests.sweeps_tests.sweep_texts import GOOD

    uri = "sqlite:///m.db"
    (tmp_path / "sweep.yaml").write_text(f"{GOOD}trackers:\n  - {{name: mlflow, tracking_uri: '{uri}'}}\n")
    assert load_sweep(tmp_path / "sweep.yaml").trackers[0].tracking_uri == f"sqlite:///{tmp_path}/m.db"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    given = load_sweep("digits", [f"trackers=[{{name: mlflow, tracking_uri: '{uri}'}}]"])
    assert given.trackers[0].tracking_uri == f"sqlite:///{tmp_path}/here/m.db"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("[wnadb]", "trackers.0.name: expected one of mlflow, wandb, got 'wnadb'; did you mean wandb?"),
        ("[{name: mlflow, trackin_uri: x}]", "trackers.0.trackin_uri: unknown key; did you mean tracking_uri?"),
        ("[{name: wandb, mode: offlin}]", "trackers.0.mode: expected one of online, offline, disabled, got 'offlin'"),
        ("[{name: wandb, api_key: x}]", "trackers.0.api_key: looks like a secret"),
        ("[{name: mlflow, tracking_uri: 'https://me:pw@host'}]", "holds a password"),
        ("[{project: x}]", "trackers.0: has neither name nor function"),
        ("3", "trackers: expected a list of trackers, got 3"),
        ("[3]", "trackers.0: expected a tracker, got 3"),
        ("[mlflow, mlflow]", "trackers.1: is there twice: mlflow"),
        ("['nowhere:make']", "trackers.0.function: there is no module nowhere"),
        ("['json:mkae']", "trackers.0.function: there is no mkae in"),
        ("[{name: wandb, tags: x}]", "trackers.0.tags: expected a list of texts"),
    ],
)
def test_what_cannot_be_is_one_line(cli, given, said):
    answer = cli("run", "digits", f"trackers={given}")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert said in answer.err
    assert "pw" not in answer.err


def test_a_package_that_is_missing_is_named_with_its_extra(cli, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = cli("run", "digits", "trackers=[mlflow]").err
    assert "trackers.0: mlflow is not installed; pip install 'sweepwright[mlflow]'" in said


def test_wandb_online_needs_somebody_logged_in(cli, monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert "there is no key for it" in cli("validate", "digits", "trackers=[wandb]").err
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert load_sweep("digits", ["trackers=[wandb]"]).trackers[0].offline
    monkeypatch.delenv("WANDB_MODE")
    (tmp_path / "netrc").write_text("machine api.wandb.ai\n  login user\n  password x\n")
    assert load_sweep("digits", ["trackers=[wandb]"]).trackers[0].online


def test_trackers_are_no_part_of_what_a_sweep_is(home):
    with_one, without = config(home, "recorder:make"), config(home)
    assert digest(with_one) == digest(without)
    run(without, home / "toy")
    rewrite_config(home / "toy", with_one)
    from sweeps.records.sweep_file import read_config as checked

    assert checked(home / "toy").trackers == (OwnTracker("recorder:make"),)
    assert checked(home / "toy").space == without.space


def test_an_extension_may_bring_others(home):
    made = config(home)
    run(made, home / "toy")
    changed = extended(made, home / "toy" / "sweep.yaml", ["trials=+2", "trackers=[mlflow]"])
    assert changed.trackers == (MLflow(),)


def test_repeats_are_not_tracked():
    made = load_sweep("digits", ["trackers=[mlflow]"])
    point = {**made.space.middle(), "seed": 1}
    assert repeats_config(made, "repeats-1", [point]).trackers == ()


def test_a_tracker_hears_every_event_in_order_with_its_trial(home):
    made = config(home, {"function": "recorder:make", "colour": "red"})
    driven(home, made)
    first, *events, last = heard(home)
    assert first == {"made": "toy", "metric": "score", "folder": str(home / "toy"), "colour": "red"}
    assert last == {"closed": True}
    assert [event["n"] for event in events] == [event["n"] for event in read_events(home / "toy")[0]]
    counts = [event["reports"] for event in events if event["event"] == "report" and event["trial"] == "t0001"]
    assert counts == [1, 2, 3, 4]
    assert not any(event.get("replayed") for event in events[2:])


def test_after_a_resume_earlier_events_are_replayed(home):
    made = config(home, "recorder:make")
    driven(home, made, lines=5)
    known = len(read_events(home / "toy")[0])
    (home / "heard.jsonl").unlink()
    driven(home, made)
    events = [event for event in heard(home) if "event" in event]
    assert [event.get("replayed", False) for event in events] == [event["n"] <= known for event in events]
    assert read_sweep(home / "toy").state == "finished"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"function": "recorder:nothing"}, "gave NoneType, which is no sink"),
        ({"function": "recorder:make", "fails_at": "report"}, "RuntimeError: no such server"),
        ({"function": "recorder:make", "dies_at": "report"}, "out of memory"),
    ],
)
def test_one_that_fails_does_not_end_the_sweep_and_is_said_once(home, caplog, settings, said):
    made = config(home, settings)
    driven(home, made)
    assert [one.state for one in read_sweep(home / "toy").trials] == [State.FINISHED] * 4
    (warning,) = [record.getMessage() for record in caplog.records if "tracker" in record.getMessage()]
    assert said in warning
    assert f"sweeps track {home / 'toy'} sends the rest" in warning


def test_one_that_hangs_is_given_up_after_a_while(home, caplog):
    (home / "hangs.py").write_text("import time\ndef make(settings, sweep):\n    time.sleep(1000)\n")
    made = config(home, "hangs:make")
    started = time.monotonic()
    driven(home, made, patience={"finished": 1.0})
    assert time.monotonic() - started < 20
    assert "was not done in time" in caplog.text


def test_the_process_ends_with_its_driver_though_that_was_killed(home):
    config(home, "recorder:make")
    program = textwrap.dedent(f"""
        import os, signal, sys, time
        from pathlib import Path
        from sweeps.config import read_config
        from sweeps.views.trackers.process import TrackerProcess
        from tests.sweeps_tests.study_kit import begin
        folder = Path({str(home / "toy")!r})
        config = read_config(folder)
        study, ledger = begin(config, folder)
        sink = TrackerProcess(config.trackers[0], folder, 0)
        study._book._sink = sink
        study.start()
        while not Path({str(home / "heard.jsonl")!r}).exists():
            time.sleep(0.05)
        print(sink._process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=Path.cwd())
    import psutil

    pid, deadline = int(done.stdout), time.monotonic() + 20
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert heard(home)[-1] == {"closed": True}


def test_the_driver_does_next_to_nothing(home):
    made = config(home, "recorder:make")
    sink = TrackerProcess(made.trackers[0], home / "toy", 0)
    (home / "toy" / "records.jsonl").touch()
    sink.handle({"event": "note"}, None)
    started = time.perf_counter()
    for number in range(1000):
        sink.handle({"event": "report", "report": number}, None)
    assert (time.perf_counter() - started) / 1000 < 0.001
    sink.close()


def test_no_two_send_at_once(home):
    made = config(home, "recorder:make")
    run(made, home / "toy")
    with (
        sending(home / "toy", made.trackers[0], timeout=0),
        pytest.raises(InputError, match="another process sends"),
        sending(home / "toy", made.trackers[0], timeout=0),
    ):
        pass
    with sending(home / "toy", made.trackers[0], timeout=0):
        pass


class Batches:
    """Sends in batches, and cannot at first."""

    def __init__(self):
        self.pending, self.sent, self.works = [], [], False

    def handle(self, event, trial):
        self.pending.append(event["n"])

    def flush(self):
        if not self.works:
            raise OSError("refused")
        self.sent += self.pending
        self.pending.clear()

    def close(self):
        self.flush()


def test_what_could_not_be_sent_is_sent_with_the_next_batch(home, caplog):
    made = config(home)
    run(made, home / "toy")
    events, sink = read_events(home / "toy")[0], Batches()
    feeder = Feeder(sink)

    def batches():
        yield events[:5]
        yield events[5:9]
        sink.works = True
        yield events[9:]

    feeder.feed(batches())
    assert sink.sent == [event["n"] for event in events]
    assert feeder.failure == ""
    assert sum(bool(record.exc_info) for record in caplog.records) == 1
    again = Feeder(Batches())
    again.feed([events])
    assert again.failure == "OSError: refused"


def test_steps_rise_though_a_trainer_does_not_count():
    counted = trial(1, {}, 0.1, 0.2, 0.3)
    assert [step for _, step in steps_of(counted.reports)] == [1, 2, 3]
    from dataclasses import replace

    assert [step for _, step in steps_of([replace(one, step=0) for one in counted.reports])] == [1, 2, 3]
    odd = replace(counted.reports[0], metrics={"f1@5 (macro)": 1.0, "a/b c.d-e": 2.0})
    assert set(values_of(odd)) == {"f1_5 _macro_", "a/b c.d-e", "epoch", "report"}


def test_the_process_says_what_is_wrong_and_leaves_with_1(home, monkeypatch, capsys):
    monkeypatch.setattr(process.os, "nice", lambda _: 0)
    monkeypatch.setattr(process, "_listen", lambda over: None)
    with pytest.raises(SystemExit) as caught:
        main([str(home / "none"), '{"function": "recorder:make"}', "0"])
    assert "no sweep here" in str(caught.value.code)
    (home / "x.log").write_text("first\nlast\n\n")
    assert last_line(home / "x.log") == "last"
    assert last_line(home / "none.log") == ""


@pytest.fixture
def chat():
    said = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", said
    server.shutdown()
    server.server_close()


def test_the_example_of_the_guide(cli, finished, chat, monkeypatch):
    url, said = chat
    assert (EXAMPLE / "notify.py").read_text() in (EXAMPLE.parents[1] / "trackers.md").read_text()
    assert load_sweep(EXAMPLE / "sweep.yaml").trackers == (OwnTracker("notify:make", {"least": 0.8}),)
    monkeypatch.setenv("NOTIFY_URL", url)
    monkeypatch.setattr(sys, "path", [str(EXAMPLE), *sys.path])
    done = cli("track", finished, "notify:make", "least=0.5")
    assert (done.code, done.out) == (0, "3 trials are in notify:make\n")
    assert said[0].startswith("digits: t0001 has accuracy=")
    assert said[-1] == "digits: finished"
    values = [float(line.partition("accuracy=")[2].split()[0]) for line in said[:-1]]
    assert values == sorted(values)
    monkeypatch.setenv("NOTIFY_URL", "http://127.0.0.1:9")
    refused = cli("track", finished, "notify:make", "least=0.5")
    assert refused.code == 1
    assert "notify:make did not take all of it: URLError" in refused.err
    assert refused.err.count("\n") == 1


def test_track_refuses_what_it_cannot_do(cli, finished):
    for arguments, said in (
        (["none"], "no sweep here"),
        ([finished], "the sweep's file names no tracker; as in `sweeps track"),
        ([finished, "wnadb"], "did you mean wandb?"),
        ([finished, "mlflow", "trackin_uri=x"], "did you mean tracking_uri?"),
        ([finished, "mlflow", "x"], "expected key=value"),
    ):
        answer = cli("track", *arguments)
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1), arguments
        assert said in answer.err


def test_resume_takes_trackers_and_nothing_else(cli, home, monkeypatch):
    driven(home, config(home), lines=3)
    before = (home / "toy" / "sweep.yaml").read_text()
    said = cli("resume", home / "toy", "trials=9")
    assert said.code == 2
    assert "trials: only trackers can be others when a sweep is resumed; `sweeps extend" in said.err
    assert "did you mean wandb" in cli("resume", home / "toy", "trackers=[wnadb]").err
    assert (home / "toy" / "sweep.yaml").read_text() == before
