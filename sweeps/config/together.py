"""What no section of a sweep file can tell alone: whether they go together."""

from __future__ import annotations

from search_spaces.errors import SpaceError
from search_spaces.space import SearchSpace
from sweeps.config.places import Places
from sweeps.config.records import FunctionTrainer, Method, SweepConfig


def check_constraints(space: SearchSpace, method: Method, places: Places) -> None:
    """Refuse constraints that leave nothing, or too little to be found by drawing.

    Raises:
        InputError: they do.
    """
    try:
        if method != "grid":
            space.check_constraints()
        space.middle()
    except SpaceError as error:
        raise places.space_error(error) from None


def check_together(config: SweepConfig, places: Places) -> None:
    """Refuse sweeps without an end or a choice, and settings that contradict each other.

    Raises:
        InputError: names the key that is to change.
    """
    _check_amount(config, places)
    _check_processes(config, places)
    _check_rungs(config, places)
    if config.carrying.warm_start and config.method == "grid":
        message = "is of no use to a grid, which tries everything"
        raise places.error("warm_start", message, "leave it out, or take auto")


def _check_processes(config: SweepConfig, places: Places) -> None:
    """Refuse several processes where none are started, and a model in parts where there is one."""
    if isinstance(config.trainer, FunctionTrainer):
        if config.resources.processes_per_trial is not None:
            message = "means nothing to a function of your own, which starts what it needs itself"
            raise places.error("resources.processes_per_trial", message, "give it GPUs: gpus_per_trial: 2")
        return
    cpus = config.resources.cpus_per_trial
    if cpus != "auto" and cpus < config.processes:
        message = f"{cpus} for the {config.processes} processes of a trial"
        raise places.error("resources.cpus_per_trial", message, f"give at least {config.processes}, or write auto")
    searched = "sharding" in config.space.names
    if config.processes == 1 and (searched or config.trainer.sharding != "none"):
        message = "spreads a model over the processes of a trial, and there is one"
        key = "parameters.sharding" if searched else "trainer.sharding"
        raise places.error(key, message, "write resources: {gpus_per_trial: 2}, or leave it out")


def _check_rungs(config: SweepConfig, places: Places) -> None:
    """Refuse to compare trials by reports that mean something else in each of them, or whose number is needed."""
    searched = {parameter.name for parameter in config.space.searched}
    if config.early_stopping.scheduler not in ("none", "patience") and "report_every" in searched:
        message = "is searched, so that equal report numbers would compare trials that were trained for different times"
        mend = "fix it (numbers of epochs, {steps: n} or {fraction: f}), or write early_stopping: none"
        raise places.error("parameters.report_every", message, mend)
    if config.scheduling.get("reports", 1) is None:
        message = "is missing: brackets are laid out by the length of a training, which is not known here"
        raise places.error("early_stopping.reports", message, "give the number of reports of a full training")


def _check_amount(config: SweepConfig, places: Places) -> None:
    """Refuse sweeps without an end or without a choice."""
    if config.method != "grid":
        if config.trials is None and not config.limits.budgeted:
            message = "is missing: such a search has no end of its own"
            raise places.error("trials", message, "add trials: 20, or budget: {trainings: 10}")
        if not config.space.searched:
            mend = "give at least one of them values, or min and max"
            raise places.error("parameters", "leave nothing to search: every trial would be the same", mend)
        return
    try:
        size = config.space.grid_size(limit=config.grid_limit)
    except SpaceError as error:
        raise places.space_error(error) from None
    if size > config.grid_limit:
        # With constraints, counting stopped at the limit.
        counted = "more" if config.space.constraints else f"{size:,} configurations, more"
        message = f"make a grid of {counted} than grid_limit={config.grid_limit:,}"
        raise places.error("parameters", message, "list fewer values, take method: random, or raise grid_limit")
