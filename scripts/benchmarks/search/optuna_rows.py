"""Rows of Optuna's samplers and pruners: alone, with ASHA of ours, or as one study with its own pruner."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from optuna.pruners import HyperbandPruner
from optuna.samplers import CmaEsSampler, GPSampler, TPESampler
from optuna.trial import TrialState

from scripts.benchmarks.search.optuna_searcher import OptunaSearcher
from scripts.benchmarks.search.row import HERE, OURS, Pair, Row, Setting
from sweeps.schedule import Decision, Scheduler, make_scheduler

FILES = (f"{HERE}/optuna_searcher.py", f"{HERE}/optuna_rows.py", "sweeps/search/optuna_space.py")


class OptunaPruning(Scheduler):
    """The pruner of the searcher's own study."""

    name = "optuna"

    def __init__(self, searcher: OptunaSearcher) -> None:
        self._searcher = searcher

    def report(self, trial: str, report: int, score: float) -> Decision:
        return Decision.STOP if self._searcher.should_prune(int(trial[1:])) else Decision.CONTINUE


def sampler_alone(name: str, label: str, sampler: Callable[[int], Any], module: str = "optuna") -> Row:
    """A sampler without early stopping; ``module`` is what it needs besides."""

    def make(setting: Setting) -> Pair:
        return Pair(OptunaSearcher(setting.space, sampler(setting.seed)), make_scheduler("none"))

    return Row(name, label, make, FILES, lambda: "" if find_spec(module) else f"{module} is not installed")


def tpe_with_asha(name: str, label: str, stopped: TrialState) -> Row:
    """TPE and ASHA as Ray Tune has them; trials that ASHA stopped are told as ``stopped``."""

    def make(setting: Setting) -> Pair:
        searcher = OptunaSearcher(setting.space, TPESampler(seed=setting.seed), stopped=stopped)
        return Pair(searcher, make_scheduler("asha", reduction_factor=4))

    return Row(name, label, make, (*FILES, OURS[1]))


def tpe_with_hyperband(name: str, label: str) -> Row:
    """Optuna's own early stopping, within one study."""

    def make(setting: Setting) -> Pair:
        pruner = HyperbandPruner(min_resource=1, max_resource=setting.reports, reduction_factor=3)
        sampler = TPESampler(seed=setting.seed)
        searcher = OptunaSearcher(setting.space, sampler, stopped=TrialState.PRUNED, pruner=pruner)
        return Pair(searcher, OptunaPruning(searcher))

    return Row(name, label, make, FILES)


OPTUNA_ROWS = (
    sampler_alone("tpe-alone", "Optuna's TPE alone", lambda seed: TPESampler(seed=seed)),
    sampler_alone("gp-alone", "Optuna's Gaussian process alone", lambda seed: GPSampler(seed=seed)),
    sampler_alone("cma-alone", "Optuna's CMA-ES alone", lambda seed: CmaEsSampler(seed=seed), "cmaes"),
    tpe_with_hyperband("tpe-hyperband", "Optuna's TPE + its HyperbandPruner"),
    tpe_with_asha("tpe-asha-complete", "TPE + ASHA, stopped trials told COMPLETE (Ray Tune)", TrialState.COMPLETE),
    tpe_with_asha("tpe-asha-pruned", "TPE + ASHA, stopped trials told PRUNED", TrialState.PRUNED),
)
