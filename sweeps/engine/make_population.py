"""PBT and PB2 by name, from the settings of a sweep file."""

from __future__ import annotations

from typing import Any

from ray.tune.schedulers import PopulationBasedTraining

from search_spaces.space import SearchSpace
from sweeps.engine.mutations import Mutations
from sweeps.engine.pb2 import TunePB2
from sweeps.engine.population import SCORE, TIME, TunePopulation


def make_population(name: str, space: SearchSpace, *, population: int, seed: int, **settings: Any) -> TunePopulation:
    """PBT or PB2, as ``name`` says.

    Args:
        name: ``pbt`` or ``pb2``.
        space: the sweep's.
        population: how many trials there will be, without copies.
        seed: the sweep's.
        settings: as `sweeps.config.early_stopping.SETTINGS` lists them for ``name``; all of them.
    """
    common = {
        "time_attr": TIME,
        "metric": SCORE,
        "mode": "max",
        "perturbation_interval": settings["perturbation_interval"],
        "quantile_fraction": settings["quantile_fraction"],
        "log_config": False,  # it would write files of its own
    }
    if name == "pbt":
        mutations = Mutations(space, settings["mutate"])
        tune = PopulationBasedTraining(
            hyperparam_mutations=mutations.distributions,
            resample_probability=settings["resample_probability"],
            perturbation_factors=settings["perturbation_factors"],
            **common,
        )
    else:
        mutations = Mutations(space, settings["mutate"], numbers=True)
        tune = TunePB2(hyperparam_bounds=mutations.bounds, **common)
    grace, interval = settings["grace"], settings["perturbation_interval"]
    return TunePopulation(
        name, tune, mutations, space, population=population, seed=seed, grace=grace, interval=interval
    )
