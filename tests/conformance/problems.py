"""Learning curves in closed form, with what makes real ones hard."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from search_spaces import Categorical, Float, Int, SearchSpace
from sweeps.search import Params
from sweeps.search.seeding import generator

NETWORK = SearchSpace(
    [
        Float("learning_rate", 1e-5, 1.0, log=True),
        Float("momentum", 0.0, 0.99),
        Float("weight_decay", 1e-6, 1e-1, log=True),
        Int("layers", 1, 6),
        Categorical("activation", ["relu", "tanh", "gelu"]),
        Float("dropout", 0.0, 0.8),
    ]
)


@dataclass(frozen=True)
class SmallNetwork:
    """As if a small network were trained: score in [0, 1], its best close to 1.

    The best learning rate depends on the number of layers. Small learning rates start slowly and may win in
    the end; large ones with much momentum diverge after a few reports. Deeper networks take longer. Every
    report has noise of its own, fixed by the configuration and ``seed``.
    """

    reports: int = 27
    noise: float = 0.01
    seed: int = 0

    def quality(self, params: Params) -> float:
        """What a training converges to, without noise."""
        rate = math.log10(params["learning_rate"])
        lost = 0.06 * (rate + 2.5 + 0.2 * (params["layers"] - 3)) ** 2
        lost += 0.5 * (params["momentum"] - 0.85) ** 2
        lost += 0.02 * (math.log10(params["weight_decay"]) + 3.5) ** 2
        lost += 0.01 * (params["layers"] - 4) ** 2
        lost += {"relu": 0.03, "tanh": 0.08, "gelu": 0.0}[params["activation"]]
        lost += 0.3 * (params["dropout"] - 0.15) ** 2
        return math.exp(-2 * lost)

    def score(self, params: Params, report: int) -> float:
        """The score at ``report``; NaN once a training has diverged."""
        rate = math.log10(params["learning_rate"])
        if rate > -0.7 and params["momentum"] > 0.7 and report >= 3:
            return math.nan
        slowness = 2.0 + 2.0 * max(0.0, -2.0 - rate)
        wobble = generator(self.seed, json.dumps(params, sort_keys=True), report).gauss(0.0, self.noise)
        return self.quality(params) * (1 - math.exp(-report / slowness)) + wobble

    def seconds(self, params: Params, report: int) -> float:
        """Virtual seconds of training before ``report``."""
        return float(1.0 + 0.2 * params["layers"])


FINE_TUNING = SearchSpace(
    [
        Float("learning_rate", 1e-6, 1e-2, log=True),
        Categorical("batch_size", [16, 32, 64]),
        Float("weight_decay", 0.0, 0.3),
        Float("warmup", 0.0, 0.1),
        Float("dropout", 0.0, 0.3),
    ]
)


@dataclass(frozen=True)
class Collapsing:
    """As if an encoder were fine-tuned at a rate that is too high: first reports mislead.

    The higher the learning rate, the better the first report, as it is in small data. But from half a decade above
    the best rate on a training collapses to less than chance soon after; and at low rates first reports are chance.
    """

    reports: int = 9
    seed: int = 0

    def quality(self, params: Params) -> float:
        """What a training converges to, without noise and collapse; 0.62 at best."""
        lost = 0.5 * self._above(params) ** 2 + 2 * (params["dropout"] - 0.05) ** 2
        lost += (params["weight_decay"] - 0.05) ** 2 + 0.1 * (params["batch_size"] == 64)
        return 0.62 * math.exp(-lost)

    def score(self, params: Params, report: int) -> float:
        """The score at ``report``, with noise that is fixed by the configuration and ``seed``."""
        key = json.dumps(params, sort_keys=True)
        noise = generator(self.seed, key, report).gauss(0.0, 1.0)
        done, above = report / self.reports, self._above(params)
        if above > 0.5 + 0.1 * generator(self.seed, key).gauss(0.0, 1.0) and done > 0.15:
            return 0.01 + 0.003 * noise
        pace = 9 * done * 10 ** (0.7 * above) * math.sqrt(32 / params["batch_size"])
        learnt = self.quality(params) * (1 - math.exp(-((pace / 4) ** 1.6)))
        return 0.018 + 0.001 * noise + learnt * (1 + 0.05 * noise)

    def seconds(self, params: Params, report: int) -> float:
        """Virtual seconds of training before ``report``."""
        return 1.0

    def _above(self, params: Params) -> float:
        """Decades above the best rate, which the seed moves."""
        return math.log10(params["learning_rate"]) + 3.1 - 0.15 * (self.seed % 4)
