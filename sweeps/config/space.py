"""What may vary, as a sweep file says it: ``preset``, ``parameters`` and ``constraints``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces import Parameter, preset
from search_spaces.errors import SpaceError, suggest
from search_spaces.hierarchy import with_full_parents
from search_spaces.loader import load_parameters
from search_spaces.space import SearchSpace
from sweeps.config.places import Places, show


def read_space(preset_name: object, parameters: object, constraints: object, places: Places) -> SearchSpace:
    """``preset`` and ``parameters``: the latter's replace the former's of the same name, ``name: null`` removes one.

    Conditions and ``constraints`` may be about parameters of both.

    Raises:
        InputError: an unknown preset, or a parameter or a constraint that cannot be used.
    """
    if preset_name is not None and not isinstance(preset_name, str):
        raise places.error("preset", f"expected the name of a preset, got {show(preset_name)}", "name one")
    if parameters is not None and not isinstance(parameters, Mapping):
        message = f"expected a mapping of names to ranges, got {show(parameters)}"
        raise places.error("parameters", message, "write `learning_rate: {min: 0.001, max: 0.1}` below it")
    if constraints is not None and not isinstance(constraints, list | tuple):
        message = f"expected a list of expressions, got {show(constraints)}"
        raise places.error("constraints", message, "as in ['batch_size * accumulation <= 256']")
    try:
        return SearchSpace(with_full_parents(_parameters(preset_name, dict(parameters or {}))), constraints or ())
    except SpaceError as error:
        raise places.space_error(error) from None


def _parameters(preset_name: str | None, own: Mapping[str, Any]) -> list[Parameter]:
    reused = list(preset(preset_name)) if preset_name is not None else []
    names = [parameter.name for parameter in reused]
    removed = {name for name, spec in own.items() if spec is None}
    for name in removed:
        if name not in names:
            mend = suggest(name, names) if names else "give it values or min and max; null removes a preset's"
            raise SpaceError(str(name), "is null and no preset has it", mend)
    given = load_parameters({name: spec for name, spec in own.items() if spec is not None})
    replaced = {parameter.name: parameter for parameter in given}
    kept = [replaced.pop(parameter.name, parameter) for parameter in reused if parameter.name not in removed]
    # One that is given twice stays in the list twice, and is refused.
    return [*kept, *(parameter for parameter in given if parameter.name not in names)]
