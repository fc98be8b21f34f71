"""The scheduler that a sweep names: one of ours, or Tune's own behind the same interface."""

from __future__ import annotations

from sweeps.config import SweepConfig
from sweeps.schedule import Scheduler, make_scheduler
from sweeps.search.counting import countable_size


def scheduler_of(config: SweepConfig) -> Scheduler:
    """The scheduler for a sweep. Tune's take some seconds to import, and are only where they are asked for."""
    stopping = config.early_stopping
    if not stopping.population:
        return make_scheduler(stopping.scheduler, **config.scheduling)
    from sweeps.engine.make_population import make_population

    planned = config.planned
    assert planned is not None  # refused when the file was read
    # Where the space has fewer configurations than that, nobody waits for the others.
    population = min(planned, countable_size(config.space) or planned)
    return make_population(
        stopping.scheduler, config.space, population=population, seed=config.seed, **config.scheduling
    )
