"""The live table in a real pseudo-terminal: of a sweep that runs, looked at from another process."""

import io
import sys
import threading
import time

import pytest

from sweeps.errors import Exit
from sweeps.records.ledger import Ledger
from sweeps.records.lock import SweepLock
from sweeps.views.watch import watch_sweep
from tests.sweeps_tests.terminal_kit import Terminal

METRICS = {"accuracy": 0.0, "device_memory_gb": 3.25}
PARAMS = {
    "learning_rate": 3.1e-4,
    "batch_size": 32,
    "weight_decay": 0.01,
    "optimizer": "adamw",
    "model_args.hidden": 128,
}


class Live:
    """A driver in this process: its lock, its ledger, and a clock of its own."""

    def __init__(self, folder, **facts):
        self.folder, self.now = folder, 1.7e9
        folder.mkdir()
        self.lock = SweepLock(folder)
        self.lock.__enter__()
        self.ledger = Ledger.open(folder, create=True)
        self.ledger._clock = lambda: self.now
        schedule = {"scheduler": "none", "finish": 1, "may_end_early": False}
        self.tell(
            "sweep", name="digits", metric="accuracy", goal="maximize", planned=4, limits={"devices": 1.0}, slots=2,
            schedule=schedule, attempt=1, **facts,
        )  # fmt: skip

    def tell(self, event, **fields):
        self.ledger.append(event, **fields)

    def trial(self, number, reports=0, state=None, code=None):
        """Begins, reports each 10 s, and ends."""
        trial = f"t{number:04}"
        self.tell("trial", trial=trial, params=PARAMS, number=number)
        self.tell("state", trial=trial, state="running", attempt=1, reason=None)
        for report in range(1, reports + 1):
            self.now += 10
            metrics = {**METRICS, "accuracy": 0.5 + 0.1 * report + 0.01 * number}
            self.tell(
                "report", trial=trial, attempt=1, report=report, step=report, epoch=1.0, metrics=metrics,
                progress=report / 4, checkpoint=None,
            )  # fmt: skip
        if state:
            reason = {"code": code, "text": "as planned"} if code else None
            self.tell("state", trial=trial, state=state, attempt=1, reason=reason, seconds=10.0 * reports)

    def end(self, state="finished"):
        if state:
            self.tell("sweep_end", state=state, seconds=self.now - 1.7e9)
        self.ledger.close()
        self.lock.__exit__(None, None, None)


@pytest.fixture
def live(tmp_path):
    driver = Live(tmp_path / "digits")
    yield driver
    if not driver.ledger._closed:
        driver.end()


@pytest.fixture
def terminal(live):
    opened = []

    def watch(columns, lines=30, **environment):
        command = [sys.executable, "-m", "sweeps.cli", "status", "--watch", str(live.folder)]
        opened.append(Terminal(command, columns, lines, **environment))
        return opened[-1]

    yield watch
    for one in opened:
        one.close()


def test_it_follows_a_sweep_to_its_end_and_draws_on_change_only(live, terminal):
    live.trial(1, 4, "finished", "completed")
    seen = terminal(80)
    seen.until("1 of 4 done")
    assert seen.screen.text.splitlines()[0] == "digits: maximize accuracy"
    assert "accuracy=0.91  t0001 at report 4  lr=3.1e-4 bs=32" in seen.screen.text
    live.trial(2, 2)
    seen.until("t0002")
    for part in (
        "1 of 4 done  1 running  1 finished", "so far", "▁", "0.61", "1 of 2 busy, 50% of the time; 10 s a report",
        "at most 3.2 GB on a device", "left", "(1.5 of about 4.0 trainings for 4 trials in 60 s)", "running",
    ):  # fmt: skip
        assert part in seen.screen.text, f"{part}\n{seen.screen.text}"
    seen.read(1.2)
    assert seen.read(1.5) == ""  # nothing happens, nothing is written
    live.trial(3, 1, "failed", "error")
    live.tell("note", text="something to know")
    seen.until("failures  1 error")
    seen.until("something to know")
    live.end()
    assert seen.wait() == 0
    assert seen.screen.text.endswith("digits: finished")
    assert seen.screen.text.count("digits: maximize accuracy") == 1  # drawn over, not again and again
    assert seen.screen.text.count("something to know") == 1
    assert seen.screen.cursor
    assert "\x1b[2J" not in seen.written
    assert seen.screen.wrapped == 0


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "lines"), [(40, 30), (40, 8), (132, 30)])
def test_it_fits_narrow_and_low_terminals(live, terminal, columns, lines):
    live.trial(1, 4, "finished", "completed")
    seen = terminal(columns, lines)
    seen.until("digits: maximize accuracy")
    for number in (2, 3, 4):
        live.trial(number, 2)
        seen.read(0.8)
    seen.until("3 running")
    live.end()
    assert seen.wait() == 0
    assert seen.screen.wrapped == 0
    assert max(map(len, seen.screen.rows)) <= columns
    assert seen.screen.text.count("digits: maximize accuracy") == 1
    if lines == 8:
        assert "..." in seen.screen.text
        assert len(seen.screen.text.splitlines()) <= 8


@pytest.mark.slow
def test_a_terminal_that_becomes_narrower_shows_no_leavings(live, terminal):
    live.trial(1, 4, "finished", "completed")
    live.trial(2, 2)
    seen = terminal(100)
    seen.until("1 running")
    seen.read(0.5)
    for columns in (50, 40, 90):
        seen.resize(columns)
        live.trial(10 + columns, 1)
        seen.until(f"t00{10 + columns}" if columns < 90 else "t0100")
        seen.read(0.5)
        assert seen.screen.text.count("digits: maximize accuracy") == 1
        assert seen.screen.text.count("\nbest ") == 1


def test_ctrl_c_leaves_and_the_sweep_goes_on(live, terminal):
    live.trial(1, 1)
    seen = terminal(80)
    seen.until("1 running")
    seen.interrupt()
    assert seen.wait() == 130
    assert seen.screen.text.splitlines()[-1] == "digits: it goes on"
    assert "Traceback" not in seen.written
    assert seen.screen.cursor


@pytest.mark.slow
def test_an_encoding_without_blocks_gets_plain_signs(live, terminal):
    live.trial(1, 4)
    seen = terminal(80, PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    seen.until("so far")
    live.end()
    seen.wait()
    line = next(row for row in seen.screen.text.splitlines() if row.startswith("so far"))
    assert "#" in line
    assert line.isascii()
    assert "?" not in line


def watched(folder, **how):
    stream = io.StringIO()
    code = watch_sweep(folder, stream=stream, live=False, **how)
    return code, stream.getvalue().splitlines()


def test_without_a_terminal_it_is_a_line_for_each_event(live):
    live.trial(1, 4, "finished", "completed")
    looks = []

    def pause(_):
        looks.append(len(looks))
        if len(looks) == 1:
            live.trial(2, 2, "stopped", "asha")
        elif len(looks) == 2:
            live.end("interrupted")

    code, lines = watched(live.folder, pause=pause)
    assert code is Exit.DONE
    assert lines == [
        "digits: 4 trials, maximize accuracy, 1 done so far",
        "t0002 running lr=3.1e-4 bs=32 wd=0.01 opt=adamw hidden=128",
        "t0002 stopped (asha) after 2 reports, at best accuracy=0.72; 2 of 4 done, "
        "about 72 s (1.5 of about 3.3 trainings for 4 trials in 60 s)",
        "digits: interrupted",
    ]


def test_a_driver_that_died_ends_it(live):
    live.trial(1, 1)
    code, lines = watched(live.folder, pause=lambda _: live.end(None) if not live.ledger._closed else None)
    assert code is Exit.DONE
    assert lines[-1] == "digits: interrupted"


def test_a_sweep_that_is_over_is_shown_at_once(live):
    live.trial(1, 4, "finished", "completed")
    live.end()
    code, lines = watched(live.folder, pause=lambda _: pytest.fail("waits for a sweep that is over"))
    assert (code, lines) == (Exit.DONE, ["digits: 4 trials, maximize accuracy, 1 done so far", "digits: finished"])


def test_watching_is_not_for_programs(cli, live):
    said = cli("status", "--watch", "--json", live.folder)
    assert (said.code, said.err) == (2, "sweeps: command line: --watch and --json; leave one of them out\n")


def test_what_others_print_goes_above(tmp_path):
    code = (
        "import sys, time\n"
        "from sweeps.views.frame import Frame\n"
        "from sweeps.views.output import Output\n"
        "frame = Frame(Output(sys.stdout))\n"
        "frame.start()\n"
        "frame.draw('one\\ntwo')\n"
        "print('printed')\n"
        "print('warned', file=sys.stderr)\n"
        "frame.draw('one\\nthree')\n"
        "sys.stdout.write('half')\n"
        "frame.draw('one\\nfour')\n"
        "frame.close()\n"
        "print('after')\n"
    )
    seen = Terminal([sys.executable, "-c", code], 40)
    assert seen.wait() == 0
    assert seen.screen.text.splitlines() == ["printed", "warned", "half", "one", "four", "after"]
    seen.close()


def test_threads_may_print_while_it_is_drawn(live):
    """Drawn by a timer's thread, told by another one: nothing breaks."""
    stream = io.StringIO()
    stop = threading.Event()

    def drive():
        for number in range(1, 30):
            live.trial(number, 2, "finished", "completed")
            time.sleep(0.005)
        live.end()
        stop.set()

    thread = threading.Thread(target=drive)
    thread.start()
    code = watch_sweep(live.folder, stream=stream, live=True, pause=lambda _: time.sleep(0.01))
    thread.join()
    assert code is Exit.DONE
    assert stop.is_set()
    assert "29 finished" in stream.getvalue()
