"""What a person is told when a sweep begins: what was decided for them, and why."""

from __future__ import annotations

from collections.abc import Iterator

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.search import choose
from trainer.sections import Share

# Schedules whose rate at an update does not depend on how long the run is, or hardly.
_RANKS = ("asha", "hyperband", "pasha")
_FEW = 3  # times the reduction factor: with fewer trials the first rung keeps one or two
_OF_NO_LENGTH = ("constant", "step", "wsd")


def may_overlap(config: SweepConfig) -> str:
    """The warning of a sweep that continues a model and draws its own splits; empty where the file names them."""
    if isinstance(config.trainer, FunctionTrainer):
        return ""
    data = config.trainer.data
    split_off = [*(["validation"] if data.validation is None else []), *(["test"] if data.test_fraction else [])]
    if not split_off:
        return ""
    rows = " and ".join(split_off)
    return (
        f"{rows} rows are split off the data, and the model that is continued may have been trained on some of them: "
        f"their scores would flatter; name {' and '.join(f'data.{name}' for name in split_off)}"
    )


def notes(config: SweepConfig, room: int | None = None) -> Iterator[str]:
    """A line each; ``room``: for how many trials, where ``config`` does not say it, since the sweep was extended."""
    if config.continued is not None:
        yield config.continued.remark
    if config.continues and (overlap := may_overlap(config)):
        yield overlap
    planned = config.planned if room is None else room
    if config.method == "auto":
        choice = choose(config.space, planned)
        yield f"searching by {choice.method}: {choice.reason}"
    if config.processes > 1:
        yield f"each trial is trained by {config.processes} processes together"
    stopping = config.early_stopping
    if (grace := config.scheduling.get("grace", 0)) > stopping.grace:
        yield f"trials are compared from report {grace} on: before, their warm-up is not over"
    few = planned is not None and planned < _FEW * stopping.reduction_factor
    if few and stopping.scheduler in _RANKS:
        yield (
            f"{stopping.scheduler} compares {planned} trials only, and who leads at report "
            f"{max(grace, stopping.grace)} may lead by chance: a larger grace, or no early stopping, costs little"
        )
    if stopping.scheduler == "none" or isinstance(config.trainer, FunctionTrainer):
        return
    searched = {parameter.name for parameter in config.space.searched}
    every, schedule = config.trainer.report_every, config.trainer.schedule
    if "epochs" in searched and not isinstance(every, Share) and schedule not in _OF_NO_LENGTH:
        yield (
            "epochs is searched, and trials are compared after equally long training: shorter ones are further "
            f"in their {schedule} schedule then. Write report_every: {{fraction: 0.1}} to compare at equal shares of "
            "each, or schedule: wsd"
        )
