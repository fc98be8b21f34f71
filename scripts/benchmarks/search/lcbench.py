"""LCBench (Zimmer et al. 2021) through YAHPO Gym's surrogate (Pfisterer et al. 2022)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from scripts.benchmarks.search.curve import Curve, Reference, References, bests
from scripts.benchmarks.search.network import Network
from scripts.benchmarks.search.remembered import remembered
from search_spaces import Float, Int, Parameter, SearchSpace
from sweeps.search import Params
from sweeps.search.seeding import generator

TASK, EPOCH = "OpenML_task_id", "epoch"
INPUTS = (EPOCH, "batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units", "max_dropout")
TIME, ACCURACY, TEST_BALANCED = 0, 1, 5  # columns of the output
SAMPLES = 20_000
BATCH = 500
KEPT = 50_000  # curves


class LcbenchTask:
    """One OpenML task: a curve is epochs 2 to 52, since epoch 1 is the untrained network.

    The validation loss is 100 - accuracy. The test loss is 100 * (1 - balanced accuracy), for lack of the plain one.

    Args:
        folder: where ``encoding.json`` and ``config_space.json`` lie.
        task: the OpenML id.
        network: the surrogate.
        store: a folder in which reference points are remembered: they take 20,000 curves.
    """

    family = "lcbench"

    def __init__(self, folder: Path, task: str, network: Network, store: Path | None = None) -> None:
        codes = json.loads((folder / "encoding.json").read_text())[TASK]
        if task not in codes:
            raise ValueError(f"{folder}: no task {task}; there are {', '.join(sorted(codes))}")
        hyperparameters = json.loads((folder / "config_space.json").read_text())["hyperparameters"]
        self.name = task
        self.space = SearchSpace([_parameter(one) for one in hyperparameters if one["name"] not in (TASK, EPOCH)])
        last = next(one["upper"] for one in hyperparameters if one["name"] == EPOCH)
        self._epochs = np.arange(1, last + 1)
        self.reports = last - 1
        self._code, self._network, self._folder, self._store = codes[task], network, folder, store
        self._curves: dict[tuple[Any, ...], Curve] = {}

    def curve(self, params: Params) -> Curve:
        """All epochs of a configuration in one call, remembered."""
        key = tuple(params[name] for name in INPUTS[1:])
        if key not in self._curves:
            if len(self._curves) >= KEPT:
                self._curves.clear()
            self._curves[key] = self.evaluate([params])[0]
        return self._curves[key]

    def evaluate(self, configurations: Sequence[Params]) -> list[Curve]:
        """A curve for each configuration, by one call of the network."""
        count, epochs = len(configurations), len(self._epochs)
        inputs = np.empty((count, epochs, len(INPUTS)), dtype=np.float32)
        inputs[:, :, 0] = self._epochs
        for column, name in enumerate(INPUTS[1:], start=1):
            inputs[:, :, column] = np.array([params[name] for params in configurations], dtype=np.float32)[:, None]
        codes = np.full((count * epochs, 1), self._code, dtype=np.int32)
        outputs = self._network(codes, inputs.reshape(count * epochs, -1)).reshape(count, epochs, -1)
        return [_curve(output.astype(np.float64)) for output in outputs]

    @cached_property
    def references(self) -> References:
        """Of the best values of 20,000 random configurations: 0 is their top 1%, 1 their median."""
        made_of = {"task": self.name, "samples": SAMPLES}
        numbers = remembered(self._store, self._folder, made_of, self._reference_numbers)
        return References(Reference(*numbers[:3]), Reference(*numbers[3:6]), numbers[6])

    def _reference_numbers(self) -> list[float]:
        curves = [curve for batch in self._samples() for curve in self.evaluate(batch)]
        points = []
        for losses in bests(curves):
            top = float(np.quantile(losses, 0.01))
            points += [top, float(np.median(losses)), top]
        return [*points, float(np.mean([np.sum(curve.seconds) for curve in curves if curve.seconds is not None]))]

    def _samples(self) -> Iterator[list[Params]]:
        rng = generator("lcbench", "references")
        for _ in range(0, SAMPLES, BATCH):
            yield [self.space.sample(rng) for _ in range(BATCH)]


def _curve(output: np.ndarray[Any, np.dtype[np.float64]]) -> Curve:
    # Time is since the start. A network's fit of it need not rise: an interval takes a thousandth of all at least.
    since = np.maximum.accumulate(np.maximum(output[:, TIME], 0.0))
    seconds = np.diff(since)
    seconds[0] += since[0]  # what comes before the first epoch is paid with it
    seconds = np.maximum(seconds, max(since[-1], 1e-3) / 1000)
    return Curve(100.0 - output[1:, ACCURACY], 100.0 * (1.0 - output[1:, TEST_BALANCED]), seconds)


def _parameter(spec: dict[str, Any]) -> Parameter:
    kind = {"uniform_int": Int, "uniform_float": Float}[spec["type"]]
    return kind(spec["name"], spec["lower"], spec["upper"], log=spec["log"])
