"""The shared trainer's settings, tried at every end of every parameter before anything starts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from search_spaces.errors import suggest
from search_spaces.parameters import Categorical, Constant, Parameter
from search_spaces.space import SearchSpace
from sweeps.config.places import Places, show
from sweeps.config.records import Metric
from sweeps.config.rehearsal import Rehearsal, importable
from sweeps.config.settings import fixed_at, lay_over
from sweeps.errors import InputError
from trainer.config import TrainConfig, field_names
from trainer.errors import ConfigError
from trainer.familiar_names import KNOWN
from trainer.sections import SECTIONS

# Inside a range, so that a continuous one over a whole-number setting is noticed.
_INSIDE = (0.37, 0.618)
# For complaints that come without one, by a part of them.
_MENDS = {
    "report_every: input": "give a number of epochs, {steps: 50} or {fraction: 0.1}",
    "fractional part": "give whole numbers, or add q: 1 to a range",
    "unable to parse": "give a number, without quotes or units",
    "valid string": "quote it: YAML reads bare numbers, and yes, no, on and off, as no texts",
    "finite number": "give a plain number",
    "valid dictionary": "write key: value pairs",
    "no data:": "as in data: {train: train.csv, label: label}",
    "one source only": "remove all but one",
    "is not there": "paths in a file start from its folder, those on the command line from the current one",
}
_SET_ELSEWHERE = {
    "require": "set metric: {name: ..., require: ...} at the top level",
    "metric": "set metric: {name: ..., goal: ...} at the top level",
    "goal": "set metric: {name: ..., goal: ...} at the top level",
}


def read_task_trainer(
    data: Mapping[str, Any],
    space: SearchSpace,
    metric: Metric,
    seed: int,
    base: Path,
    places: Places,
    *,
    outside: bool = True,
) -> TrainConfig:
    """The ``trainer`` section without a ``function``: settings with every searched one at its middle.

    ``outside``: whether data files, model folders and modules must be there.

    Raises:
        InputError: a setting or a parameter that is unknown, fixed and searched, or can be illegal.
    """
    for name, mend in _SET_ELSEWHERE.items():
        if name in data:
            raise places.error(f"trainer.{name}", "belongs to the sweep, not to its trainer", mend)
    _check_names(space, data, places)
    settings = {"seed": seed, **data, "metric": metric.name, "goal": metric.goal, "require": metric.require}
    middle = space.middle()
    rehearsal = Rehearsal(base, outside)
    with importable(base):
        try:
            config = rehearsal.config(lay_over(settings, middle))
        except KeyError as error:
            message = "is not a mapping, but parameters lie inside it"
            raise places.error(f"trainer.{error.args[0]}", message, "write key: value pairs") from None
        except ConfigError as error:
            raise _blame(error, middle, places) from None
        for parameter in space:
            for value in _probes(parameter):
                params = space.complete({**middle, **space.needed(parameter.name), parameter.name: value}, priors=False)
                if space.broken(params) is not None:
                    continue  # not in this company, at least
                try:
                    rehearsal.config(lay_over(settings, params))
                except ConfigError as error:
                    raise _blame_parameter(error, parameter, value, places) from None
    return config


def _check_names(space: SearchSpace, data: Mapping[str, Any], places: Places) -> None:
    for name in space.names:
        key = f"parameters.{name}"
        if name in {"task", "weights", *_SET_ELSEWHERE}:
            raise places.error(key, "cannot be searched: trials would not compare", "run a sweep for each")
        if name not in field_names() and not name.startswith("model_args."):
            mend = suggest(name, [*field_names(), *KNOWN]) if "." not in name else _suggest_inner(name)
            raise places.error(key, "is no setting of the trainer", mend)
        if fixed_at(data, name):
            mend = "remove one of the two; `null` under parameters removes a preset's"
            raise places.error(key, f"is searched, and fixed as trainer.{name} too", mend)


def _suggest_inner(name: str) -> str:
    head = name.partition(".")[0]
    if head in SECTIONS:
        return suggest(name, [known for known in field_names() if known.startswith(f"{head}.")])
    return "a model's own arguments are model_args.<name>, the data's settings data.<name>"


def _probes(parameter: Parameter) -> Iterator[Any]:
    yield from parameter.ends
    if not isinstance(parameter, Categorical | Constant):
        yield from (parameter.from_unit(u) for u in _INSIDE)


def _blame(error: ConfigError, middle: Mapping[str, Any], places: Places) -> InputError:
    searched = error.key in middle
    # What the sweep says of its metric is checked with the trainer's settings, of which it becomes one.
    section = "parameters" if searched else "metric" if error.key.startswith("require.") else "trainer"
    key = f"{section}.{error.key}"
    return places.error(key, _plainly(error.message), error.mend or _mend(error, "give a legal value"))


def _blame_parameter(error: ConfigError, parameter: Parameter, value: Any, places: Places) -> InputError:
    told = "" if error.key == parameter.name else f"with {show(value)}, {error.key}: "
    otherwise = (
        "list legal values only" if isinstance(parameter, Categorical) else "keep the range inside what is legal"
    )
    mend = error.mend or _mend(error, otherwise)
    return places.error(f"parameters.{parameter.name}", told + _plainly(error.message), mend)


def _plainly(message: str) -> str:
    """pydantic's words in the sweep file's."""
    return re.sub(" or instance of (DataConfig|Generation)", "", message).replace("a valid dictionary", "a mapping")


def _mend(error: ConfigError, otherwise: str) -> str:
    for part, mend in _MENDS.items():
        if part in f"{error.key}: {error.message}":
            return mend
    return otherwise
