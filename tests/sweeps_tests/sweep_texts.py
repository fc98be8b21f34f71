"""A small sweep file to spoil, and what every complaint about it must be like."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sweeps.config import load_sweep
from sweeps.errors import Exit, InputError

GOOD = """\
name: demo
trainer:
  task: classification
  model: sweeps.recipes.digits_model:mlp
  data: {sklearn: digits}
  epochs: 2
metric: accuracy
parameters:
  learning_rate: {min: 0.001, max: 0.1}
trials: 4
"""
LR = "  learning_rate: {min: 0.001, max: 0.1}"
OWN = """\
name: own
trainer: {function: "mytrain:train", rate: 1}
metric: {name: score, goal: max}
parameters: {depth: [1, 2]}
trials: 3
"""

# With all that a space can have: conditions, constraints, priors and points.
CONDITIONED = """\
name: demo
trainer: {task: classification, model: "sweeps.recipes.digits_model:mlp", data: {sklearn: digits}}
metric: accuracy
parameters:
  optimizer: {values: [adamw, sgd]}
  momentum: {min: 0.0, max: 0.95, when: {optimizer: sgd}, prior: 0.9}
  learning_rate: {distribution: log_uniform_values, min: 1e-4, max: 1e-1}
  batch_size: {values: [16, 32, 64]}
  model_args: {parameters: {hidden: {values: [32, 64]}, layers: {min: 1, max: 3, when: {hidden: 64}}}}
constraints:
  - "optimizer == 'sgd' or learning_rate <= 1e-2"
  - "batch_size * model_args.hidden <= 2048"
points:
  - {learning_rate: 1e-3}
  - optimizer: sgd
    learning_rate: 0.05
    model_args: {hidden: 64, layers: 2}
trials: 4
"""

# The same for Sweep(...), with one parameter more.
DEMO: dict[str, Any] = {
    "name": "demo",
    "trainer": {"task": "classification", "model": "sweeps.recipes.digits_model:mlp", "data": {"sklearn": "digits"}},
    "metric": "accuracy",
    "parameters": {"learning_rate": {"min": 0.001, "max": 0.1}, "model_args.hidden": [32, 64]},
    "trials": 4,
}

# What is replaced in GOOD, by what; line (0: the file as a whole), key, part of the message (the value), of the mend.
Case = tuple[str, str, int, str, str, str]


def refused(path: Path, overrides: Sequence[str] = ()) -> InputError:
    """The complaint about a file: one line, soon."""
    started = time.process_time()  # of this process alone: the machine may be busy
    with pytest.raises(InputError) as caught:
        load_sweep(path, overrides)
    assert time.process_time() - started < 1.0
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 1000
    assert caught.value.exit_code == Exit.BAD_INPUT
    return caught.value


def check_case(case: Case, folder: Path) -> None:
    """Spoils GOOD in ``folder`` as the case says, and compares the complaint."""
    old, new, line, key, message, mend = case
    assert old in GOOD
    (folder / "mytrain.py").write_text("def train(config):\n    raise SystemExit('was imported')\n")
    path = folder / "sweep.yaml"
    path.write_text(GOOD.replace(old, new, 1))
    error = refused(path)
    assert error.where == (f"{path}:{line}" if line else str(path))
    assert error.key[:40] == key[:40]
    assert message in error.message
    assert mend in error.mend


def written(folder: Path, text: str, name: str = "sweep.yaml") -> Path:
    """A file with this text in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path
