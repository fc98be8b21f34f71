"""Configurations to try first, as a sweep file lists them: ``points``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from search_spaces import Float, Int, Normal, preset_points
from search_spaces.errors import suggest
from search_spaces.space import SearchSpace
from search_spaces.values import alike, is_number
from sweeps.config.places import COMMAND_LINE, Places, one_line, show
from sweeps.errors import InputError


def read_points(data: object, space: SearchSpace, places: Places) -> tuple[Mapping[str, Any], ...]:
    """The points, each completed: what it leaves out is at its prior, its default or its middle, or, where
    constraints forbid that, where the space's own legal middle has it.

    Raises:
        InputError: names the point (from 1) and the key: no parameter, a value that it cannot have, one that is
            inactive there, a constraint that is broken, a point twice.
    """
    if data is None:
        return ()
    if not isinstance(data, list | tuple):
        mend = "write `- {learning_rate: 3.0e-5}` below it"
        raise places.error("points", f"expected a list of configurations, got {show(data)}", mend)
    points: list[dict[str, Any]] = []
    for index, given in enumerate(data):
        point = _Point(space, partial(_error, places, index)).read(given)
        if earlier := next((n for n, other in enumerate(points, 1) if alike(point, other)), None):
            raise _error(places, index, "", f"is the same as point {earlier}", "remove one of them")
        points.append(point)
    return tuple(points)


def read_point(given: Mapping[str, Any], space: SearchSpace, base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One configuration that somebody gives on the command line or in a call, completed as those of a file are.

    Args:
        given: values of parameters, dotted names among them.
        space: what may vary.
        base: what stands where nothing is given, as far as it is active then.

    Raises:
        InputError: as for `read_points`.
    """
    return _Point(space, _refused, widens=True).read(given, base or {})


def with_preset_points(
    points: Sequence[Mapping[str, Any]], preset: str | None, space: SearchSpace, most: int
) -> tuple[Mapping[str, Any], ...]:
    """``points``, and after them those of the preset that ``space`` has too, so that there are at most ``most`` of
    these.

    A parameter that the sweep has not taken over is left out of a point; a point with a value that the sweep has ruled
    out is left out whole.
    """
    found = list(points)
    for given in preset_points(preset) if preset else ():
        named = {name: value for name, value in given.items() if name in space.names}
        if not named or not all(space[name].contains(value) for name, value in named.items()):
            continue
        point = space.complete(named)
        new = not any(alike(point, other) for other in found)
        if new and len(found) - len(points) < most and space.broken(point) is None:
            found.append(point)
    return tuple(found)


class _Point:
    """Reads one point; ``error`` makes the complaint of a name (or none), a message and a mend. ``widens``: the space
    is a running sweep's, which an extension can widen."""

    def __init__(
        self, space: SearchSpace, error: Callable[[str, str, str], InputError], *, widens: bool = False
    ) -> None:
        self._space, self._error, self._widens = space, error, widens

    def read(self, given: object, base: Mapping[str, Any] | None = None) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            raise self._error(
                "", f"expected a mapping of parameters to values, got {show(given)}", "write {name: value}"
            )
        values = dict(self._flat(given, ""))
        for name, value in values.items():
            self._check(name, value)
        known = {**(base or {}), **values}
        point = self._space.complete(known)
        if self._space.broken(point) and not base:
            point = self._space.complete({**self._space.middle(), **known})
        for name in values:
            if name not in point:
                raise self._error(name, f"{name} is inactive there", self._how_to_activate(name))
        if broken := self._space.broken(point):
            values = {name: point[name] for name in broken.names}
            message = f"breaks the constraint {broken.text!r} with {', '.join(f'{n}={v!r}' for n, v in values.items())}"
            raise self._error("", message, "change one of these")
        return point

    def _flat(self, given: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
        """Names in full: ``model_args: {hidden: 64}`` is ``model_args.hidden: 64``, as among ``parameters``."""
        for key, value in given.items():
            name = f"{prefix}{key}"
            if isinstance(value, Mapping) and any(known.startswith(f"{name}.") for known in self._space.names):
                yield from self._flat(value, f"{name}.")
            else:
                yield name, value

    def _check(self, name: str, value: Any) -> None:
        if name not in self._space.names:
            raise self._error(name, f"{name} is no parameter of this sweep", suggest(name, self._space.names))
        parameter = self._space[name]
        if not parameter.contains(value):
            facts = ", ".join(f"{key} {fact}" for key, fact in parameter.to_mapping().items())
            fits = is_number(value) or not isinstance(parameter, Float | Int | Normal)
            wider = "; `sweeps extend` can widen it" if self._widens and fits else ""
            raise self._error(name, f"{name} cannot be {show(value)}", f"it has {facts}{wider}")

    def _how_to_activate(self, name: str) -> str:
        needed = ", ".join(f"{parent}: {value!r}" for parent, value in self._space.needed(name).items())
        return f"remove it, or add {needed}"


def _refused(name: str, message: str, mend: str) -> InputError:
    return InputError(one_line(message), where=COMMAND_LINE, key=name, mend=one_line(mend))


def _error(places: Places, index: int, name: str, message: str, mend: str) -> InputError:
    # People count from 1; the file's lines are known by the number from 0.
    key = f"points.{index}.{name}" if name else f"points.{index}"
    return places.error_at(key, "points", f"point {index + 1}: {message}", mend)
