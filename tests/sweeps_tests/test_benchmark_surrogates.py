"""Published surrogates of learning curves as problems, on a made-up network; and the facts of the real one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scripts.benchmarks.search import lcbench
from scripts.benchmarks.search.lcbench import INPUTS, LcbenchTask
from scripts.benchmarks.search.replay import Replay
from scripts.benchmarks.search.reshaped import reshaped
from scripts.benchmarks.search.tasks import DEVELOPMENT, find_tasks, load_task
from sweeps.search.seeding import generator
from tests.sweeps_tests.benchmark_kit import SHARED, real


class FakeNetwork:
    """Accuracy rises with the epoch by the learning rate; time by the number of layers."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, codes: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        self.calls += 1
        assert codes.dtype == np.int32
        assert inputs.dtype == np.float32
        assert set(codes.ravel()) == {31}
        column = {name: inputs[:, i] for i, name in enumerate(INPUTS)}
        out = np.zeros((len(inputs), 6), dtype=np.float32)
        out[:, 0] = column["epoch"] * column["num_layers"]
        out[:, 1] = column["epoch"] * column["learning_rate"] * 10
        out[:, 5] = column["epoch"] / 100
        return out


@pytest.fixture
def network_folder(tmp_path: Path) -> Path:
    (tmp_path / "encoding.json").write_text(json.dumps({"OpenML_task_id": {"189908": 31}}))
    kinds = {"batch_size": (16, 512), "num_layers": (1, 5), "max_units": (64, 1024), "epoch": (1, 52)}
    floats = {
        "learning_rate": (1e-4, 1e-1),
        "momentum": (0.1, 0.99),
        "weight_decay": (1e-5, 1e-1),
        "max_dropout": (0, 1),
    }
    specs = [{"name": "OpenML_task_id", "type": "categorical", "choices": ["189908"]}]
    for kind, ranges in (("uniform_int", kinds), ("uniform_float", floats)):
        for name, (low, high) in ranges.items():
            log = name in {"batch_size", "learning_rate", "max_units"}
            specs.append({"name": name, "type": kind, "lower": low, "upper": high, "log": log})
    (tmp_path / "config_space.json").write_text(json.dumps({"hyperparameters": specs}))
    return tmp_path


PARAMS = {"batch_size": 64, "num_layers": 2, "max_units": 256, "learning_rate": 0.1}


PARAMS |= {"momentum": 0.9, "weight_decay": 0.01, "max_dropout": 0.2}


def test_a_surrogate_gives_51_points_in_one_remembered_call(network_folder: Path) -> None:
    network = FakeNetwork()
    task = LcbenchTask(network_folder, "189908", network)
    curve = task.curve(PARAMS)
    assert (task.reports, len(curve.validation), network.calls) == (51, 51, 1)
    assert curve.validation[[0, -1]] == pytest.approx([98.0, 48.0])  # epochs 2 and 52
    assert curve.test[-1] == pytest.approx(48.0)
    assert curve.seconds is not None
    assert curve.seconds[:2].tolist() == [4.0, 2.0]  # the untrained epoch is paid with the first
    assert task.curve(dict(PARAMS)) is curve
    assert len(task.space) == 7


def test_reference_points_are_quantiles_of_random_configurations_and_remembered(
    network_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(lcbench, "SAMPLES", 1000)
    store, network = tmp_path_factory.mktemp("store"), FakeNetwork()
    first = LcbenchTask(network_folder, "189908", network, store).references
    assert network.calls == 2
    # The best loss is 100 - 520 * rate, and the rate is log-uniform.
    assert first.validation.one == pytest.approx(100 - 520 * 10**-2.5, abs=3)
    assert first.validation.zero == first.validation.top == pytest.approx(100 - 52 * 10**-0.03, abs=3)
    assert first.training_seconds == pytest.approx(52 * 3, rel=0.05)
    assert LcbenchTask(network_folder, "189908", network, store).references == first
    assert network.calls == 2


def test_ten_report_points_lie_at_even_places(network_folder: Path) -> None:
    task = LcbenchTask(network_folder, "189908", FakeNetwork())
    problem = Replay(task, points=10)
    assert problem.places == [5, 10, 15, 20, 26, 31, 36, 41, 46, 51]  # the nearest to multiples of 5.1
    assert (problem.reports, problem.training, problem.seconds(PARAMS, 5)) == (10, 10.0, 1.0)
    assert problem.score(PARAMS, 1) == pytest.approx(-(100 - 6.0))  # report 5 is epoch 6
    assert Replay(task).places == list(range(1, 52))


def test_seconds_of_few_points_are_those_of_all(network_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lcbench, "SAMPLES", 500)
    task = LcbenchTask(network_folder, "189908", FakeNetwork())
    for points in (None, 10):
        problem = Replay(task, points=points, timed=True)
        assert sum(problem.seconds(PARAMS, report + 1) for report in range(problem.reports)) == 104.0


def test_parameters_that_change_nothing_are_searched_and_have_no_effect(network_folder: Path) -> None:
    plain = Replay(LcbenchTask(network_folder, "189908", FakeNetwork()))
    wide = reshaped(plain, unrelated=16)
    assert len(wide.space) == 7 + 16
    params = {**PARAMS, **{name: 0.5 for name in wide.space.names if name.startswith("unrelated")}}
    assert wide.score(params, 9) == plain.score(PARAMS, 9)


def test_parameters_with_a_condition_have_their_least_values_without_it(network_folder: Path) -> None:
    plain = Replay(LcbenchTask(network_folder, "189908", FakeNetwork()))
    conditional = reshaped(plain, conditional=True)
    rng = generator("conditions")
    drawn = [conditional.space.sample(rng) for _ in range(40)]
    without = [params for params in drawn if params["regularised"] == "no"]
    assert 5 < len(without) < 35
    assert all(("max_dropout" in params) == (params["regularised"] == "yes") for params in drawn)
    whole = {**without[0], "weight_decay": 1e-5, "max_dropout": 0.0}
    assert conditional.score(without[0], 3) == plain.score(whole, 3)


def test_a_small_space_has_so_many_configurations(network_folder: Path) -> None:
    plain = Replay(LcbenchTask(network_folder, "189908", FakeNetwork()))
    small = reshaped(plain, small=[("learning_rate", 6), ("max_dropout", 4)])
    grid = list(small.space.grid())
    assert len(grid) == 24
    assert len({small.score(params, 51) for params in grid}) == 6  # here only the rate has an effect


@real
@pytest.mark.data
def test_the_published_surrogate_has_51_points_and_learns() -> None:
    pytest.importorskip("onnxruntime")
    for place in find_tasks(SHARED):
        if place.family == "lcbench":
            task = load_task(place)
            curve = task.curve({**PARAMS, "learning_rate": 0.01})
            assert (place.name in DEVELOPMENT, len(curve.validation)) == (True, 51)
            assert curve.seconds is not None
            assert 0 < curve.validation.min() < curve.validation.max() < 100
            assert curve.seconds.min() > 0
