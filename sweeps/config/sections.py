"""The smaller sections of a sweep file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

from pydantic import ValidationError

from search_spaces.errors import suggest
from sweeps.config.early_stopping import MODES, SETTINGS, EarlyStopping, Mode, SchedulerName
from sweeps.config.places import Places, show
from sweeps.config.records import Metric, Resources
from sweeps.config.section import Section
from trainer.config import Goal
from trainer.errors import ConfigError
from trainer.explaining import explain
from trainer.requirement import Bounds
from trainer.tasks import get_task

_GOALS: Mapping[str, Goal] = {"maximize": "maximize", "minimize": "minimize", "max": "maximize", "min": "minimize"}


def read_metric(data: object, trainer: Mapping[str, Any], places: Places) -> Metric:
    """``metric``: a name, or a name and a goal. The goal comes from the task where the task knows it.

    Raises:
        InputError: unknown to the task, or against its direction; no goal for a user's own function or metrics.
    """
    section = Section({"name": data} if isinstance(data, str) else data, "metric", places, ("name", "goal", "require"))
    own_function = "function" in trainer
    goals: Mapping[str, Goal] = {} if own_function else _task_goals(trainer, places)
    if data is None:
        mend = "add metric: {name: accuracy, goal: maximize}" if own_function else f"choose from {', '.join(goals)}"
        raise places.error("metric", "is missing: trials are compared by it", mend)
    name = section.text("name", f"choose from {', '.join(goals)}" if goals else "name what the function reports")
    require = _requirement(section, places)
    if name not in goals and (own_function or trainer.get("metrics") is not None):
        return Metric(name, _GOALS[section.choice("goal", tuple(_GOALS))], require)
    if name not in goals:
        task = trainer.get("task", "text-classification")
        raise section.error("name", f"the task {task} has no metric {show(name)}", suggest(name, goals))
    goal = _GOALS[section.choice("goal", tuple(_GOALS), goals[name])]
    if goal != goals[name]:
        message = f"{name} is better when {'larger' if goals[name] == 'maximize' else 'smaller'}, got {goal}"
        raise section.error("goal", message, f"write {goals[name]}, or leave it out")
    return Metric(name, goal, require)


def _requirement(section: Section, places: Places) -> dict[str, Bounds]:
    given = section.data.get("require") or {}
    if not isinstance(given, Mapping):
        raise section.error("require", f"expected bounds by metric, got {show(given)}", "write accuracy: {min: 0.8}")
    found = {}
    for name, bounds in given.items():
        if not isinstance(bounds, Mapping):
            what = f"expected bounds, got {show(bounds)}"
            raise section.error(f"require.{name}", what, f"write {name}: {{min: {show(bounds)}}}, max or both")
        inner = Section(bounds, f"metric.require.{name}", places, ("min", "max"))
        try:
            found[str(name)] = Bounds.model_validate(dict(inner.data))
        except ValidationError as error:
            raise section.error(f"require.{name}", explain(error).message, "write {min: 0.8}, max or both") from None
    return found


def _task_goals(trainer: Mapping[str, Any], places: Places) -> Mapping[str, Goal]:
    task = trainer.get("task", "text-classification")
    if not isinstance(task, str):
        raise places.error("trainer.task", f"expected a text, got {show(task)}", "name a task")
    try:
        return get_task(task).goals
    except ConfigError as error:
        raise places.setting_error("trainer.task", error) from None


_OF_OTHERS = {
    "type": "write scheduler",
    "min_iter": "write grace, in reports",
    "grace_period": "write grace, in reports",
    "min_resource": "write grace, in reports",
    "eta": "write reduction_factor",
    "max_iter": "the trainer's epochs say where a training ends",
    "max_t": "the trainer's epochs say where a training ends",
}
"""Keys of W&B's early_terminate, of Optuna's pruners and of Ray Tune's schedulers."""


def read_early_stopping(data: object, places: Places) -> EarlyStopping:
    """``early_stopping``: a scheduler's name, or a mapping with it.

    Raises:
        InputError: an unknown scheduler, or a setting that it does not have.
    """
    if data is None:
        return EarlyStopping()
    if isinstance(data, bool):
        message = f"expected one of {', '.join(SETTINGS)}, got the boolean {data}"
        raise places.error("early_stopping", message, "write asha or median" if data else "write none")
    if isinstance(data, str):
        data = {"scheduler": data}
    defaults = EarlyStopping()
    known = tuple(field.name for field in fields(defaults))
    section = Section(data, "early_stopping", places, known, _OF_OTHERS)
    scheduler = cast("SchedulerName", section.choice("scheduler", tuple(SETTINGS)))
    for name in known[1:]:
        if section.has(name) and name not in SETTINGS[scheduler]:
            raise section.error(name, f"means nothing to {scheduler}", "remove it")
    return EarlyStopping(
        scheduler,
        grace=cast("int", section.whole("grace", defaults.grace, least=1)),
        reduction_factor=section.number("reduction_factor", defaults.reduction_factor, above=1),
        min_trials=cast("int", section.whole("min_trials", defaults.min_trials, least=1)),
        mode=cast("Mode", section.choice("mode", MODES, defaults.mode)),
        reports=section.whole("reports", defaults.reports, least=1),
        patience=cast("int", section.whole("patience", defaults.patience, least=1)),
        min_delta=section.number("min_delta", defaults.min_delta, least=0),
        perturbation_interval=cast("int", section.whole("perturbation_interval", 2, least=1)),
        quantile_fraction=_share(section, "quantile_fraction", defaults.quantile_fraction, most=0.5),
        resample_probability=_share(section, "resample_probability", defaults.resample_probability, most=1),
        perturbation_factors=_factors(section, defaults.perturbation_factors),
        mutate=_names(section),
    )


def _share(section: Section, name: str, default: float, *, most: float) -> float:
    value = section.number(name, default, least=0)
    if value > most:
        raise section.error(name, f"expected a number from 0 to {most:g}, got {show(value)}", f"give at most {most:g}")
    return value


def _factors(section: Section, default: tuple[float, ...]) -> tuple[float, ...]:
    if not section.has("perturbation_factors"):
        return default
    values = section.data["perturbation_factors"]
    legal = isinstance(values, list | tuple) and len(values) > 0
    if not legal or not all(
        isinstance(one, int | float) and not isinstance(one, bool) and 0 < one < float("inf") for one in values
    ):
        message = f"expected a list of numbers above 0, got {show(values)}"
        raise section.error("perturbation_factors", message, "write [1.2, 0.8]")
    return tuple(float(one) for one in values)


def _names(section: Section) -> tuple[str, ...]:
    if not section.has("mutate"):
        return ()
    names = section.data["mutate"]
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        message = f"expected a list of names of parameters, got {show(names)}"
        raise section.error("mutate", message, "write [learning_rate, weight_decay], or leave it out")
    if twice := next((name for place, name in enumerate(names) if name in names[:place]), None):
        raise section.error("mutate", f"names {twice} twice", "remove one")
    return tuple(names)


def read_resources(data: object, places: Places) -> Resources:
    """``resources`` of a trial.

    Raises:
        InputError: numbers that no machine can serve.
    """
    known = tuple(field.name for field in fields(Resources))
    section = Section(data, "resources", places, known)
    gpus: Any = section.data.get("gpus_per_trial", "auto")
    cpus: Any = section.data.get("cpus_per_trial", "auto")
    for name, value in (("gpus_per_trial", gpus), ("cpus_per_trial", cpus)):
        if isinstance(value, str) and value[:1].isalpha() and value != "auto":
            raise section.error(name, f"expected a number or auto, got {show(value)}", suggest(value, ["auto"]))
    if gpus not in ("auto", None):
        gpus = section.number("gpus_per_trial", 0, least=0)
        if gpus > 1 and gpus != int(gpus):
            raise section.error("gpus_per_trial", f"above 1 it must be whole, got {gpus}", "round it")
    if cpus not in ("auto", None):
        cpus = section.whole("cpus_per_trial", 1, least=1)
    found = Resources(
        "auto" if gpus is None else gpus,
        "auto" if cpus is None else cpus,
        section.whole("max_parallel", None, least=1),
        section.whole("processes_per_trial", None, least=1),
    )
    _check_processes(found, section)
    return found


def _check_processes(found: Resources, section: Section) -> None:
    """Refuse GPUs that are not one for each process, nor none."""
    name, count = "processes_per_trial", found.processes
    if found.gpus_per_trial not in ("auto", 0) and max(1, found.gpus_per_trial) != count:
        message = f"{count} processes with {found.gpus_per_trial:g} GPUs; each has one of its own"
        mend = f"leave it out, or write gpus_per_trial: {count}, or 0 to compute on CPUs"
        raise section.error(name, message, mend)
