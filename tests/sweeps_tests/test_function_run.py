"""A training function as an iterator of messages: in step, and stopped when told to."""

from __future__ import annotations

import os
import threading
import time

import pytest

from sweeps import session
from sweeps.engine import function_run
from sweeps.engine.attempt import attempt
from sweeps.engine.function_run import FunctionStuck, function_reports


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
