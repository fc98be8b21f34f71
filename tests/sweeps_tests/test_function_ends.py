"""How a training function ends: finished, failed, diverged, each with its reason."""

from __future__ import annotations

import pytest

from sweeps.engine.attempt import attempt
from sweeps.engine.function_run import function_reports


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
