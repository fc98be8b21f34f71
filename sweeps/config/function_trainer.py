"""A user's own training function and what is passed to it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search_spaces.space import SearchSpace
from sweeps.config.module_files import check_form, check_function
from sweeps.config.places import Places
from sweeps.config.records import FunctionTrainer
from sweeps.config.settings import fixed_at, lay_over
from trainer.errors import ConfigError


def read_function_trainer(
    data: Mapping[str, Any], space: SearchSpace, base: Path, places: Places, *, outside: bool = True
) -> FunctionTrainer:
    """The ``trainer`` section with a ``function`` in it; its other keys are passed through.

    ``outside``: whether the module must be there.

    Raises:
        InputError: no ``module:function``, none that can be found, or a name that is both fixed and searched.
    """
    function = data["function"]
    try:
        check_form(function, "function")
        if outside:
            check_function(function, base, "function")
    except ConfigError as error:
        raise places.setting_error("trainer.function", error) from None
    settings = copy.deepcopy({key: value for key, value in data.items() if key != "function"})
    for name in space.names:
        if fixed_at(data, name):
            message = f"is searched, and fixed as trainer.{name} too"
            raise places.error(f"parameters.{name}", message, f"remove trainer.{name}")
    try:
        lay_over(settings, {parameter.name: parameter.middle for parameter in space})
    except KeyError as error:
        mend = "rename one of them"
        raise places.error(f"trainer.{error.args[0]}", "is not a mapping, but parameters lie inside it", mend) from None
    return FunctionTrainer(function, settings)
