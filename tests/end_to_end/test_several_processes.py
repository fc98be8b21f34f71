"""A sweep whose trials are trained by two processes each: killed while they train, resumed, and its model exported."""

from __future__ import annotations

import pytest
import yaml

import sweeps
from tests.end_to_end.harness import check_invariants, events, gone, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.slow]

MODEL = """
from torch import nn


def build(inputs, classes, dropout=0.0):
    print("a net is built")
    return nn.Sequential(nn.Linear(inputs, 16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, classes))
"""


def test_a_killed_sweep_leaves_no_process_and_is_resumed_to_its_end(tmp_path, drive):
    (tmp_path / "nets.py").write_text(MODEL)
    content = {
        "name": "pairs",
        "trainer": {
            "task": "classification",
            "model": "nets:build",
            "data": {"sklearn": "digits", "scaling": "minmax", "limit": 400},
            "epochs": 8,
            "dropout": 0.1,
            "batch_size": 20,
        },
        "metric": "accuracy",
        "method": "random",
        "parameters": {"learning_rate": {"min": 0.001, "max": 0.02}, "sharding": ["none", "full"]},
        "early_stopping": {"scheduler": "asha", "grace": 2, "reduction_factor": 2},
        "trials": 2,
        "resources": {"gpus_per_trial": 0, "processes_per_trial": 2, "max_parallel": 1},
    }
    (tmp_path / "pairs.yaml").write_text(yaml.safe_dump(content))
    folder = tmp_path / "runs" / "pairs"
    driver = drive("run", "pairs.yaml")
    wait_for(lambda: events(folder, "report"), 120, "a report")
    children = driver.kill()
    assert len([one for one in children if one.is_running()]) >= 3  # a worker and its two, beside Ray's own
    assert gone(children, within=30)
    again = drive("resume", str(folder))
    assert again.wait(240) == 0, again.output
    check_invariants(folder, trials=2)
    assert (folder / "trials/t0002/log.txt").read_text().count("a net is built") >= 2
    assert "each trial is trained by 2 processes together" in [event["text"] for event in events(folder, "note")]
    best = sweeps.open_sweep(folder).best
    assert best.value > 0.5
    exported = best.export(tmp_path / "model")
    assert len(sweeps.load(exported).predict([[0.0] * 64])) == 1
