import io
import subprocess
import sys
from types import SimpleNamespace

import pytest

from sweeps.records.builder import RecordBuilder
from sweeps.records.record import Reason, ReportRecord, State, TrialRecord
from sweeps.views.progress import Progress
from sweeps.views.tally import Tally

CONFIG = SimpleNamespace(name="digits", planned=4, metric=SimpleNamespace(name="accuracy", goal="maximize"))


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Driver:
    """Feeds a progress view with what a driver would."""

    def __init__(self, progress):
        self.progress, self.builder, self.n = progress, RecordBuilder(), 0
        self.tell("sweep", id="5eed", name="digits", metric="accuracy", goal="maximize")

    def tell(self, event, replayed=False, **fields):
        self.n += 1
        line = {"n": self.n, "time": 1000.0 + self.n, "sweep": "5eed", "event": event, **fields}
        self.builder.apply(line)
        trial = self.builder.trial(fields["trial"]) if "trial" in fields else None
        self.progress.handle({**line, "replayed": True} if replayed else line, trial)

    def start(self, trial, attempt=1, **params):
        self.tell("trial", trial=trial, params=params or {"learning_rate": 3.1e-4}, number=1)
        self.tell("state", trial=trial, state="running", attempt=attempt)

    def report(self, trial, number, value):
        self.tell("report", trial=trial, attempt=1, report=number, metrics={"accuracy": value})

    def end(self, trial, state="finished", code=None, text="", replayed=False):
        reason = {"code": code, "text": text} if code else None
        self.tell("state", trial=trial, state=state, attempt=1, reason=reason, replayed=replayed)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def stream():
    return io.StringIO()


def story(driver, clock):
    for trial in ("t0001", "t0002", "t0003"):
        driver.start(trial)
    clock.now += 60
    driver.report("t0001", 1, 0.95)
    driver.report("t0002", 1, 0.5)
    driver.report("t0002", 2, 0.4)
    driver.end("t0001", "finished", "completed")
    driver.end("t0002", "stopped", "asha", "lower third at report 2")
    driver.end("t0003", "failed", "error", "ValueError: no\nway")


def test_single_lines_where_there_is_no_terminal(stream, clock):
    story(Driver(Progress(CONFIG, stream=stream, clock=clock)), clock)
    assert stream.getvalue().splitlines() == [
        "digits: 4 trials, maximize accuracy",
        "t0001 running lr=3.1e-4",
        "t0001 report 1 accuracy=0.95 new best",
        "t0002 report 1 accuracy=0.5 best=0.95 (t0001)",
        "t0001 finished (completed) after 1 report, at best accuracy=0.95; 1 of 4 done",
        "t0002 stopped (asha) after 2 reports, at best accuracy=0.5; 2 of 4 done",
        "t0003 failed (error) after 0 reports: ValueError: no way; 3 of 4 done",
    ]


def test_a_live_table_shows_counts_best_failures_and_time_left(stream, clock):
    progress = Progress(CONFIG, stream=stream, live=True, clock=clock)
    story(Driver(progress), clock)
    progress.close()
    progress.close()
    last = stream.getvalue().rpartition("digits: maximize accuracy")[2]
    for part in ("3 of 4 done", "1 finished", "1 stopped", "1 failed", "accuracy=0.95", "t0001 at report 1", "1 error"):
        assert part in last
    assert stream.getvalue().endswith("\x1b[?25h")  # the cursor is back


def test_the_table_is_redrawn_on_change_only_and_no_more_than_four_times_a_second(stream, clock, monkeypatch):
    timers = []
    monkeypatch.setattr(
        "threading.Timer", lambda wait, draw: timers.append((wait, draw)) or SimpleNamespace(start=list, cancel=list)
    )
    progress = Progress(CONFIG, stream=stream, live=True, clock=clock)
    driver = Driver(progress)
    draws = []
    monkeypatch.setattr(progress.display, "_view", lambda: draws.append(clock.now) or "view")
    clock.now += 1
    driver.start("t0001")
    for number in range(1, 101):
        clock.now += 0.01
        driver.report("t0001", number, 0.5)
        if timers and clock.now >= draws[-1] + timers[0][0]:
            timers.pop()[1]()
    assert 4 <= len(draws) <= 5
    clock.now += 10
    while timers:
        timers.pop()[1]()
    drawn = len(draws)
    driver.progress.display.note("no change")
    assert (len(draws), timers) == (drawn, [])


def test_lines_that_change_little_come_once_a_second(stream, clock):
    driver = Driver(Progress(CONFIG, stream=stream, clock=clock))
    driver.start("t0001")
    driver.report("t0001", 1, 0.9)
    for number in range(2, 12):
        clock.now += 0.5
        driver.report("t0001", number, 0.1)
    assert stream.getvalue().count("report") == 6


def test_quiet_is_quiet(stream, clock):
    progress = Progress(CONFIG, quiet=True, stream=stream, clock=clock)
    story(Driver(progress), clock)
    progress.close()
    assert stream.getvalue() == ""


def test_what_was_done_before_a_resume_counts_but_not_for_the_pace(stream, clock):
    progress = Progress(CONFIG, stream=stream, clock=clock)
    driver = Driver(progress)
    stream.truncate(0)
    progress._started = False
    driver.tell("trial", trial="t0001", params={}, number=1, replayed=True)
    driver.end("t0001", replayed=True)
    assert stream.getvalue() == ""
    driver.start("t0002")
    clock.now += 30
    driver.end("t0002")
    text = stream.getvalue()
    assert "digits: 4 trials, maximize accuracy, going on after 1" in text
    assert text.endswith("2 of 4 done\n")  # one trial is nothing to go by


def test_notes_and_lost_workers_are_said(stream, clock):
    driver = Driver(Progress(CONFIG, stream=stream, clock=clock))
    driver.tell("note", text="2 trials at a time")
    driver.start("t0001")
    driver.end("t0001", "pending", "worker-lost")
    driver.tell("state", trial="t0001", state="running", attempt=2)
    assert stream.getvalue().splitlines()[1:] == [
        "2 trials at a time",
        "t0001 running lr=3.1e-4",
        "t0001 pending (worker-lost)",
        "t0001 running again, attempt 2 lr=3.1e-4",
    ]


class Gone(io.StringIO):
    def write(self, text):
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("closed", [True, False])
def test_a_closed_stdout_ends_nothing(clock, live, closed):
    stream = Gone()
    if closed:
        stream.close()
    progress = Progress(CONFIG, stream=stream, live=live, clock=clock)
    story(Driver(progress), clock)
    progress.close()
    assert progress.display.output.gone


def test_a_pipe_into_head_costs_no_exit_code(tmp_path):
    code = (
        "import sys, time; from types import SimpleNamespace as N; from sweeps.views.progress import Progress\n"
        "config = N(name='digits', planned=4, metric=N(name='accuracy', goal='maximize'))\n"
        "progress = Progress(config)\n"
        "for n in range(200):\n"
        "    progress.handle({'event': 'note', 'time': 0.0, 'text': f'line {n}'}, None); time.sleep(0.002)\n"
        "print('left in the buffer'); progress.close(); sys.exit(7)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"digits: 4 trials")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 7


def test_an_encoding_that_lacks_a_letter_ends_nothing(clock):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Driver(Progress(CONFIG, stream=stream, clock=clock)).start("t0001", model="größe-🙂")
    stream.flush()
    assert b"model=gr??e-?" in stream.buffer.getvalue()


def trial(id, state=State.RUNNING, *values, code="error"):
    reports = tuple(ReportRecord(n, {"accuracy": value}, 1, 0.0) for n, value in enumerate(values, 1))
    return TrialRecord(id, {}, state, Reason(code) if state is State.FAILED else None, reports)


def test_the_tally_lets_go_of_a_best_that_failed_or_was_taken_back():
    tally = Tally("accuracy", "maximize")
    assert tally.take(trial("t0001", State.RUNNING, 0.5))
    assert tally.take(trial("t0002", State.RUNNING, 0.9))
    assert not tally.take(trial("t0003", State.RUNNING, 0.9))
    assert tally.best[0].id == "t0002"
    tally.take(trial("t0002", State.FAILED, 0.9))
    assert tally.best[0].id == "t0003"
    tally.take(trial("t0003", State.RUNNING, 0.4))
    assert (tally.best[0].id, tally.best[1].metrics["accuracy"]) == ("t0001", 0.5)
    assert tally.states == {State.RUNNING: 2, State.FAILED: 1}
    assert tally.reasons == {"error": 1}
    tally.take(trial("t0001", State.FAILED, 0.5, code="oom"))
    tally.take(trial("t0003", State.FAILED, code="oom"))
    assert tally.best is None
    assert (tally.done, tally.running, tally.reasons) == (3, [], {"error": 1, "oom": 2})
