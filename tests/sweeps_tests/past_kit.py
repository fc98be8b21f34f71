"""Earlier sweeps on a known function, for tests of what a new one makes of them."""

from __future__ import annotations

import random

from search_spaces import Float, SearchSpace
from sweeps.config.past import PastSweep, PastTrial
from sweeps.search import Params

SPACE = SearchSpace([Float("learning_rate", 1e-5, 1e-1, log=True), Float("dropout", 0.0, 0.5)])


def quality(params: Params, best: float = 0.6) -> float:
    """0 at its best, which lies at ``best`` of the learning rate's range and little dropout; negative elsewhere."""
    rate = SPACE["learning_rate"].to_unit(params["learning_rate"])
    return -((rate - best) ** 2) - 0.1 * float(params["dropout"]) ** 2


def earlier(
    name: str = "a", *, best: float = 0.6, trials: int = 40, goal: str = "maximize", space: SearchSpace = SPACE
) -> PastSweep:
    """A sweep of random trials, each with a score at its first report, the best half with one at its third."""
    rng = random.Random(name)
    drawn = [space.sample(rng) for _ in range(trials)]
    sign = 1.0 if goal == "maximize" else -1.0
    middle = sorted(quality(params, best) for params in drawn)[trials // 2]
    made = []
    for params in drawn:
        value = sign * quality(params, best)
        scores = {1: value - 0.1 * sign} | ({3: value} if sign * value >= middle else {})
        made.append(PastTrial(params, scores))
    return PastSweep(f"id-{name}", name, "score", goal, tuple(made))  # type: ignore[arg-type]
