"""Which trials to count for importance under early stopping: rules, on functions whose truth is known (decision 0018).

Each cell is the share of the importance that stands by the wrong parameter, and in how many sweeps the right one comes
first. The truth is PED-ANOVA of 4,000 configurations that were all trained to their ends.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import mean

import numpy as np

from scripts.benchmarks.search.simulator import SimulatedTrial, simulate
from search_spaces import SearchSpace
from search_spaces.parameters import Categorical, Float, Int
from sweeps.schedule import make_scheduler
from sweeps.search import Params, make_searcher
from sweeps.views.report.ped_anova import column_of, importances

REPORTS, RUNGS, NOISE = 27, (1, 3, 9, 27), 0.01
SPACE = SearchSpace(
    [
        Float("lr", 1e-5, 1e-1, log=True),
        Float("wd", 0, 1),
        Float("do", 0, 0.5),
        Int("layers", 1, 4),
        Categorical("opt", ["a", "b", "c"]),
        Float("dummy", 0, 1),
        Categorical("dummy_choice", ["x", "y"]),
    ]
)
Key = tuple[float, ...]


def aligned(at: Mapping[str, float], done: float) -> float:
    """The same parameters matter early and late."""
    return 1 - 0.5 * math.exp(-4 * done) - 2 * (at["lr"] - 0.6) ** 2 - 0.5 * (at["wd"] - 0.3) ** 2 - 0.15 * at["opt"]


def late(at: Mapping[str, float], done: float) -> float:
    """What matters most matters only late."""
    fades, grows = 1.5 * (at["lr"] - 0.6) ** 2 * (1 - 0.7 * done), 2 * done**2 * (at["wd"] - 0.3) ** 2
    return 1 - 0.5 * math.exp(-4 * done) - fades - grows - 0.15 * at["opt"] * done


def crossing(at: Mapping[str, float], done: float) -> float:
    """Dropout learns more slowly, and ends better."""
    drop = at["do"]
    return (0.6 + 0.4 * drop) * (1 - math.exp(-(8 - 6 * drop) * done)) - (at["lr"] - 0.6) ** 2 - 0.1 * at["layers"]


class Problem:
    """Curves of one of these functions, with noise."""

    reports = REPORTS

    def __init__(self, function: Callable[..., float], seed: int) -> None:
        self._function, self._rng = function, random.Random(seed)

    def clean(self, params: Params, report: int) -> float:
        """Without noise."""
        at = {"lr": SPACE["lr"].to_unit(params["lr"]), "wd": params["wd"], "do": 2 * params["do"]}
        at |= {"layers": (params["layers"] - 1) / 3, "opt": {"a": 0.0, "b": 0.5, "c": 1.0}[params["opt"]]}
        return self._function(at, report / REPORTS)

    def score(self, params: Params, report: int) -> float:
        return self.clean(params, report) + self._rng.gauss(0, NOISE)

    def seconds(self, params: Params, report: int) -> float:
        return 1.0


def _beaten(trials: Sequence[SimulatedTrial], one: SimulatedTrial) -> int:
    at = [(min(len(one.scores), len(other.scores)), other) for other in trials]
    return sum(max(one.scores[:report]) > max(other.scores[:report]) for report, other in at)


# By rule: who counts, and what is sorted by (the smallest is the best).
RULES: dict[str, tuple[Callable[[SimulatedTrial], bool], Callable[[Sequence[SimulatedTrial], SimulatedTrial], Key]]] = {
    "finished only": (lambda one: len(one.scores) == REPORTS, lambda _, one: (-max(one.scores),)),
    "second rung": (lambda one: len(one.scores) >= RUNGS[1], lambda _, one: (-max(one.scores[: RUNGS[1]]),)),
    "first rung": (lambda _: True, lambda _, one: (-one.scores[0],)),
    "best value of each": (lambda _: True, lambda _, one: (-max(one.scores),)),
    "how far, then value": (lambda _: True, lambda _, one: (-len(one.scores), -max(one.scores))),
    "others beaten": (lambda _: True, lambda every, one: (-_beaten(every, one),)),
}


def shares(params: Sequence[Params], best_first: Sequence[int], top: int) -> np.ndarray:
    """Of the importance, by parameter."""
    sets = np.zeros((1, len(params)), dtype=bool)
    sets[0, list(best_first[:top])] = True
    found = importances([column_of(one, [(each[one.name],) for each in params]) for one in SPACE.searched], sets)[:, 0]
    return found / (found.sum() or 1.0)


def truth(function: Callable[..., float]) -> np.ndarray:
    rng, problem = random.Random(1), Problem(function, 0)
    params = [SPACE.sample(rng) for _ in range(4000)]
    order = sorted(range(len(params)), key=lambda place: -problem.clean(params[place], REPORTS))
    return shares(params, order, len(params) // 10)


def error(rule: str, trials: Sequence[SimulatedTrial], true: np.ndarray, quantile: float) -> tuple[float, bool] | None:
    """What stands by the wrong parameter, and whether the right one comes first; ``None`` with too few trials."""
    counts, key = RULES[rule]
    kept = [one for one in trials if counts(one)]
    if len(kept) < 3:
        return None
    order = sorted(range(len(kept)), key=lambda place: key(kept, kept[place]))
    top = max(math.ceil(quantile * len(kept)), min(5, len(kept) - 1))
    found = shares([one.params for one in kept], order, top)
    return float(abs(found - true).sum() / 2), bool(found.argmax() == true.argmax())


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/benchmark_views importance", description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--method", default="random")
    parser.add_argument("--trials", type=int, nargs="+", default=[20, 40, 100, 300])
    arguments = parser.parse_args()
    for function in (aligned, late, crossing):
        true = truth(function)
        named = ", ".join(f"{one.name} {share:.2f}" for one, share in zip(SPACE.searched, true, strict=True))
        print(f"\n{function.__name__}: {named}\n\n| | {' | '.join(map(str, arguments.trials))} |")
        print(f"|---|{'---|' * len(arguments.trials)}")
        sweeps = {trials: [_sweep(function, arguments.method, trials, s) for s in range(arguments.seeds)]
                  for trials in arguments.trials}  # fmt: skip
        for rule in RULES:
            for quantile in (0.1, 0.2):
                cells = [_cell([error(rule, one, true, quantile) for one in sweeps[t]]) for t in arguments.trials]
                print(f"| {rule}; best {quantile:.0%} | {' | '.join(cells)} |", flush=True)
    return 0


def _sweep(function: Callable[..., float], method: str, trials: int, seed: int) -> list[SimulatedTrial]:
    searcher = make_searcher(method, SPACE, seed=seed, rungs=RUNGS)
    scheduler = make_scheduler("asha", grace=1, reduction_factor=3)
    return simulate(searcher, scheduler, Problem(function, seed), workers=4, trials=trials).trials


def _cell(found: Sequence[tuple[float, bool] | None]) -> str:
    known = [one for one in found if one is not None]
    if not known:
        return "-"
    return f"{mean(wrong for wrong, _ in known):.2f} ({mean(first for _, first in known):.0%})"


if __name__ == "__main__":
    sys.exit(main())
