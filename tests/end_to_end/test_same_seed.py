"""The same seed twice: the same configurations in the same order, and equal curves as far as both went."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.harness import events
from trainer.report import MEASURED

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SHORT = ("trials=6", "trainer.epochs=4", "trainer.report_every=1")
GRID = "parameters={learning_rate: [0.001, 0.01, 0.03], batch_size: [32, 64]}"
METHODS = {
    "random": ("method=random",),
    "grid": ("method=grid", GRID),
    # What a Bayesian search proposes depends on the order of results, which is certain with one trial at a time.
    "bayesian": ("method=bayesian", "resources={max_parallel: 1}"),
}
OF_THE_CLOCK = MEASURED


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_sweep(tmp_path, drive, method):
    folders = []
    for name in ("one", "two"):
        driver = drive("run", "digits", *METHODS[method], *SHORT, "--name", name, "--seed", "11", "-q")
        assert driver.wait() == 0, driver.output
        folders.append(tmp_path / "runs" / name)
    one, two = (configurations(folder) for folder in folders)
    assert one == two
    assert len(one) == 6
    assert len({json.dumps(params) for _, params in one}) == 6
    first, second = (curves(folder) for folder in folders)
    common = first.keys() & second.keys()
    assert len(common) >= 6
    assert {key: first[key] for key in common} == {key: second[key] for key in common}
    if method == "bayesian":
        assert first.keys() == second.keys()


def configurations(folder):
    return [(event["trial"], event["params"]) for event in events(folder, "trial")]


def curves(folder):
    return {
        (event["trial"], event["report"]): {
            name: value for name, value in event["metrics"].items() if name not in OF_THE_CLOCK
        }
        for event in events(folder, "report")
    }
