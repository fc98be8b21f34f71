"""What a training function leaves to the next trial in its process: nothing."""

from __future__ import annotations

import gc
import logging
import os
import sys
from pathlib import Path

from sweeps.engine.attempt import attempt
from sweeps.engine.function_run import function_reports


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
