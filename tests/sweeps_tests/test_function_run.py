"""A training function as an iterator of messages: in step, stopped when told to, its process left as found."""

from __future__ import annotations

import gc
import logging
import os
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from sweeps import session
from sweeps.engine import function_run
from sweeps.engine.attempt import attempt
from sweeps.engine.function_run import FunctionStuck, function_reports


@pytest.fixture(autouse=True)
def _no_thread_outlives_its_test():
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("train-"):  # one that ignored its stop puts its process in order when it ends
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def task(tmp_path, request):
    """A task for the function ``train`` of the source given."""

    def make(source: str, **settings) -> dict:
        name = f"own_{request.node.name.split('[')[0]}_{len(list(tmp_path.glob('*.py')))}"
        (tmp_path / f"{name}.py").write_text("import sweeps\n" + textwrap.dedent(source))
        return {
            "function": f"{name}:train",
            "base": str(tmp_path),
            "folder": str(tmp_path / "trial"),
            "settings": settings,
            "metric": "score",
            "goal": "maximize",
        }

    yield make
    assert session.current() is None


def scores(messages) -> list[float]:
    return [message["report"]["metrics"]["score"] for message in messages if "report" in message]


def test_reports_come_one_by_one_and_the_end_last(task):
    messages = list(function_reports(task("def train(config):\n for i in range(3): sweeps.report({'score': i})")))
    assert scores(messages) == [0, 1, 2]
    assert messages[-1]["end"]["state"] == "finished"
    assert messages[0]["report"]["pid"] == os.getpid()


def test_function_waits_at_its_report_until_the_next_message_is_wanted(task, tmp_path):
    source = f"""
    import pathlib
    def train(config):
        for i in range(3):
            sweeps.report({{'score': i}})
            pathlib.Path({str(tmp_path)!r}, f'after-{{i}}').touch()
    """
    messages = function_reports(task(source))
    next(messages)
    time.sleep(0.1)
    assert not (tmp_path / "after-0").exists()
    next(messages)
    assert (tmp_path / "after-0").exists()
    messages.close()
    assert not (tmp_path / "after-1").exists(), "it trained on after its stop"


@pytest.mark.parametrize("careless", ["except Exception", "except BaseException", "finally"])
def test_stop_is_not_swallowed(task, careless):
    source = f"""
    ends = []
    def train(config):
        for i in range(100):
            try:
                sweeps.report({{'score': i}})
            {careless}:
                pass
        ends.append(i)
    """
    messages = function_reports(task(source))
    next(messages)
    since = time.monotonic()
    messages.close()
    assert time.monotonic() - since < 5
    if careless == "finally":
        assert not any(name.startswith("train-") for name in (thread.name for thread in threading.enumerate()))


@pytest.mark.parametrize("source", ["while True: time.sleep(0.01)", "time.sleep(60)"])
def test_function_that_ignores_its_stop_is_stuck(task, source, monkeypatch):
    monkeypatch.setattr(function_run, "_LEAVE_SECONDS", 0.2)
    text = f"""
    import time
    def train(config):
        try:
            sweeps.report({{'score': 1}})
        except BaseException:
            {source}
    """.replace("while True", "for _ in range(300)").replace("sleep(60)", "sleep(3)")
    messages = attempt(task(text))
    next(messages)
    with pytest.raises(FunctionStuck, match="did not return"):
        messages.close()
    session.enter(None)


def test_function_that_returns_without_a_report_fails(task):
    (message,) = function_reports(task("def train(config): pass"))
    assert (message["end"]["state"], message["end"]["code"]) == ("failed", "no-report")


def test_function_that_was_cut_off_before_its_end_only_ends(task, tmp_path):
    made = task("""
    import os
    def train(config):
        start = sweeps.get_checkpoint()
        if start is None:
            os.makedirs(config['mine'], exist_ok=True)
            sweeps.report({'score': 1}, checkpoint=config['mine'])
    """)
    made["settings"] = {"mine": str(tmp_path / "mine")}
    killed = function_reports(made)
    next(killed)
    killed.close()
    (message,) = function_reports(made)
    assert message["end"]["state"] == "finished"


@pytest.mark.parametrize(
    ("line", "state", "text"),
    [
        ("raise ValueError('bad rows')", "failed", "ValueError: bad rows"),
        ("import sys; sys.exit()", "finished", ""),
        ("raise SystemExit(0)", "finished", ""),
        ("raise SystemExit(3)", "failed", "SystemExit(3)"),
        ("raise KeyboardInterrupt", "failed", "KeyboardInterrupt"),
        ("raise MemoryError", "failed", "MemoryError"),
        ("sweeps.report({'score': float('nan')})", "diverged", "score is nan"),
        ("sweeps.report({'score': 'high'})", "failed", "must be a number"),
    ],
)
def test_ends_of_functions(task, line, state, text):
    source = f"def train(config):\n sweeps.report({{'score': 1}})\n {line}"
    *_, last = attempt(task(source))
    assert last["end"]["state"] == state
    assert text in last["end"]["text"]


def test_divergence_counts_even_where_the_function_catches_everything(task):
    source = """
    def train(config):
        try:
            sweeps.report({'score': float('inf')})
        except BaseException:
            raise RuntimeError('something else')
    """
    *_, last = attempt(task(source))
    assert last["end"]["state"] == "diverged"


def test_function_that_is_not_there_is_one_clear_failure(task):
    made = task("def tain(config): pass")
    (message,) = attempt(made)
    assert message["end"]["state"] == "failed"
    assert "did you mean tain" in message["end"]["text"]


def test_process_is_left_as_it_was_found(task, tmp_path, monkeypatch):
    monkeypatch.setenv("KEPT", "1")
    source = f"""
    import os
    def train(config):
        os.chdir({str(tmp_path)!r})
        os.environ.update(LEAKED='1', KEPT='2')
        sweeps.report({{'score': 1}})
    """
    before = Path.cwd()
    list(function_reports(task(source)))
    assert (Path.cwd(), os.environ["KEPT"], "LEAKED" in os.environ) == (before, "1", False)


def test_accelerator_of_one_trial_does_not_decide_the_precision_of_the_next(task):
    source = """
    from accelerate import Accelerator
    def train(config):
        accelerator = Accelerator(mixed_precision=config['precision'], cpu=True)
        assert accelerator.mixed_precision == config['precision']
        sweeps.report({'score': 1})
    """
    made = task(source)
    for precision in ("bf16", "no"):
        *_, last = attempt({**made, "settings": {"precision": precision}})
        assert last["end"]["state"] == "finished", last


def test_trial_draws_the_same_numbers_whichever_trials_its_process_had(task):
    made = task("""
    import random, numpy, torch
    def train(config):
        sweeps.report({'score': random.random(), 'n': numpy.random.rand(), 't': torch.rand(1)})
    """)
    first, second, other = (
        next(attempt({**made, "settings": settings}))["report"]["metrics"] for settings in ({}, {}, {"seed": 1})
    )
    assert first == second != other


def test_nothing_of_a_stopped_or_failed_trial_is_left_in_memory(task, monkeypatch):
    # pytest keeps every record that was logged, and with it the error and all that its frames hold.
    monkeypatch.setattr(logging.getLogger("sweeps.engine.attempt"), "disabled", True)
    made = task("""
    import weakref
    alive = []
    class Model: pass
    def train(config):
        model = Model()
        model.cycle = model
        alive.append(weakref.ref(model))
        for i in range(9):
            sweeps.report({'score': i})
            if config.get('fail'): raise ValueError
    """)
    for settings in ({}, {"fail": True}):
        messages = attempt({**made, "settings": settings})
        list(zip(range(2), messages, strict=False))
        messages.close()
    del messages
    gc.collect()
    alive = sys.modules[made["function"].partition(":")[0]].alive
    assert [reference() for reference in alive] == [None, None]


def test_threads_of_a_function_may_report(task):
    source = """
    import threading
    def train(config):
        threads = [threading.Thread(target=sweeps.report, args=({'score': i},)) for i in range(5)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
    """
    messages = list(function_reports(task(source)))
    assert sorted(scores(messages)) == [0, 1, 2, 3, 4]
    assert [message["report"]["number"] for message in messages[:-1]] == [1, 2, 3, 4, 5]


def test_relative_paths_of_a_function_start_from_its_sweep_file(tmp_path, monkeypatch):
    base = tmp_path / "base"
    base.mkdir()
    (base / "rows.txt").write_text("0.25")
    (base / "reads_beside.py").write_text(
        "import sweeps\nfrom pathlib import Path\n"
        "def train(config):\n    sweeps.report({'score': float(Path('rows.txt').read_text())})\n"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    task = {"function": "reads_beside:train", "base": str(base), "folder": str(tmp_path / "trial"), "settings": {}}
    messages = list(function_reports(task))
    assert messages[0]["report"]["metrics"] == {"score": 0.25}
    assert Path.cwd() == elsewhere
