"""W&B's distributions by name: which keys each takes and which parameter it makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import SpaceError, suggest
from search_spaces.parameters import Categorical, Constant, Float, Int, Normal, Parameter

Spec = Mapping[str, Any]
LARGEST_EXPONENT = 700.0  # exp() overflows at 709


@dataclass(frozen=True)
class Distribution:
    """One of W&B's names: the keys it must and may have, and how a parameter is made of them."""

    make: Callable[[str, Spec], Parameter]
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


def build(name: str, kind: str, spec: Spec) -> Parameter:
    """The parameter ``name`` with the distribution ``kind``; ``spec`` is the entry without ``distribution``.

    Raises:
        SpaceError: a key is missing, does not belong to the distribution, or has an unusable value.
    """
    distribution = DISTRIBUTIONS[kind]
    for key in distribution.must:
        if key not in spec:
            raise SpaceError(name, f"{kind} needs {key}", f"it takes {', '.join(distribution.must)}")
    allowed = (*distribution.must, *distribution.may)
    for key in spec:
        if key not in allowed:
            quantised = f"did you mean q_{kind}?" if key == "q" and f"q_{kind}" in DISTRIBUTIONS else ""
            raise SpaceError(name, f"{key} does not belong to {kind}", quantised or suggest(key, allowed))
    return distribution.make(name, spec)


def number(name: str, spec: Spec, key: str, default: float | None = None) -> Any:
    """A number of an entry. Texts such as ``1e-4`` count: plain YAML 1.1 readers leave them as texts."""
    value = spec.get(key, default)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise SpaceError(name, f"{key} must be a number, got {value!r}", "texts go into values") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SpaceError(name, f"{key} must be a number, got {value!r}", "give a number, without quotes")
    return value


def _extras(name: str, spec: Spec) -> dict[str, Any]:
    found: dict[str, Any] = {key: spec[key] for key in ("points",) if key in spec}
    return found | {key: number(name, spec, key) for key in ("default", "prior") if key in spec}


def _exponential(name: str, key: str, exponent: float) -> float:
    if not abs(exponent) <= LARGEST_EXPONENT:
        message = f"{key} is an exponent of e here and {exponent!r} is too large"
        raise SpaceError(name, message, "log_uniform_values takes the values themselves")
    return math.exp(exponent)


def _constant(name: str, spec: Spec) -> Parameter:
    return Constant(name, spec["value"])


def _categorical(name: str, spec: Spec) -> Parameter:
    extras = {key: spec[key] for key in ("probabilities", *_OF_CHOICES) if key in spec}
    return Categorical(name, spec["values"], **extras)


def _int_uniform(name: str, spec: Spec) -> Parameter:
    low, high = number(name, spec, "min"), number(name, spec, "max")
    # 1e3 is a float to YAML and a whole number to whoever wrote it.
    low, high = (int(bound) if isinstance(bound, float) and bound.is_integer() else bound for bound in (low, high))
    return Int(name, low, high, **_extras(name, spec))


def _uniform(name: str, spec: Spec, *, log: bool = False) -> Parameter:
    return Float(name, number(name, spec, "min"), number(name, spec, "max"), log=log, **_extras(name, spec))


def _log_values(name: str, spec: Spec) -> Parameter:
    return _uniform(name, spec, log=True)


def _quantised(name: str, spec: Spec, *, log: bool = False) -> Parameter:
    low, high, step = number(name, spec, "min"), number(name, spec, "max"), number(name, spec, "q", 1)
    if not isinstance(step, int):
        return Float(name, low, high, log=log, step=step, **_extras(name, spec))
    # A whole q makes whole numbers, as in W&B; multiples of it between real bounds lie between whole ones.
    for key, bound in (("min", low), ("max", high)):
        if not math.isfinite(bound):
            raise SpaceError(name, f"{key} must be a finite number, got {bound!r}", "give one")
    if low > high:
        raise SpaceError(name, f"needs min <= max, got min={low!r} and max={high!r}", "swap them")
    if log and low <= 0:
        raise SpaceError(name, f"a logarithmic range needs min > 0, got min={low!r}", "start above 0")
    if math.ceil(low) > math.floor(high):
        raise SpaceError(name, f"no multiple of q={step} lies from {low!r} to {high!r}", "take a smaller q")
    return Int(name, math.ceil(low), math.floor(high), log=log, step=step, **_extras(name, spec))


def _quantised_log_values(name: str, spec: Spec) -> Parameter:
    return _quantised(name, spec, log=True)


def _exponents(name: str, spec: Spec) -> Spec:
    low, high = number(name, spec, "min"), number(name, spec, "max")
    if low > high:
        raise SpaceError(name, f"needs min <= max, got min={low!r} and max={high!r}", "swap them")
    return {**spec, "min": _exponential(name, "min", low), "max": _exponential(name, "max", high)}


_MOST_LIKELY_A_VALUE = 0.5
"""Bounds of log_uniform above 0 and up to this one are taken for values by mistake: nobody searches from 1 to 1.6."""


def _log_exponents(name: str, spec: Spec) -> Parameter:
    low, high = number(name, spec, "min"), number(name, spec, "max")
    if 0 < low < high <= _MOST_LIKELY_A_VALUE:
        where = f"all values would lie from {math.exp(low):.4g} to {math.exp(high):.4g}"
        message = f"min {low:g} and max {high:g} are exponents here, as in W&B, and {where}"
        raise SpaceError(name, message, "for values write distribution: log_uniform_values")
    return _log_values(name, _exponents(name, spec))


def _quantised_log_exponents(name: str, spec: Spec) -> Parameter:
    return _quantised_log_values(name, _exponents(name, spec))


def _inverse_log_exponents(name: str, spec: Spec) -> Parameter:
    # log(1/X) uniform from min to max is log(X) uniform from -max to -min.
    low, high = number(name, spec, "min"), number(name, spec, "max")
    return _log_exponents(name, {**spec, "min": -high, "max": -low})


def _normal(name: str, spec: Spec, *, log: bool = False, quantised: bool = False) -> Parameter:
    mu, sigma = number(name, spec, "mu", 0.0), number(name, spec, "sigma", 1.0)
    step = number(name, spec, "q", 1) if quantised else None
    return Normal(name, mu, sigma, log=log, step=step, **_extras(name, spec))


def _log_normal(name: str, spec: Spec) -> Parameter:
    return _normal(name, spec, log=True)


def _quantised_normal(name: str, spec: Spec) -> Parameter:
    return _normal(name, spec, quantised=True)


def _quantised_log_normal(name: str, spec: Spec) -> Parameter:
    return _normal(name, spec, log=True, quantised=True)


_BOUNDS, _OURS, _MOMENTS = ("min", "max"), ("default", "points", "prior"), ("mu", "sigma")
_OF_CHOICES = ("default", "prior", "ordinal")

DISTRIBUTIONS: Mapping[str, Distribution] = {
    "constant": Distribution(_constant, ("value",)),
    "categorical": Distribution(_categorical, ("values",), _OF_CHOICES),
    "categorical_w_probabilities": Distribution(_categorical, ("values", "probabilities"), _OF_CHOICES),
    "int_uniform": Distribution(_int_uniform, _BOUNDS, _OURS),
    "uniform": Distribution(_uniform, _BOUNDS, _OURS),
    "q_uniform": Distribution(_quantised, _BOUNDS, ("q", *_OURS)),
    "log_uniform": Distribution(_log_exponents, _BOUNDS, _OURS),
    "log_uniform_values": Distribution(_log_values, _BOUNDS, _OURS),
    "q_log_uniform": Distribution(_quantised_log_exponents, _BOUNDS, ("q", *_OURS)),
    "q_log_uniform_values": Distribution(_quantised_log_values, _BOUNDS, ("q", *_OURS)),
    "inv_log_uniform": Distribution(_inverse_log_exponents, _BOUNDS, _OURS),
    # log(1/X) uniform from log(1/max) to log(1/min): the same values with the same shares.
    "inv_log_uniform_values": Distribution(_log_values, _BOUNDS, _OURS),
    "normal": Distribution(_normal, (), (*_MOMENTS, *_OURS)),
    "q_normal": Distribution(_quantised_normal, (), (*_MOMENTS, "q", *_OURS)),
    "log_normal": Distribution(_log_normal, (), (*_MOMENTS, *_OURS)),
    "q_log_normal": Distribution(_quantised_log_normal, (), (*_MOMENTS, "q", *_OURS)),
}

KEYS = (
    *("value", "values", "probabilities", "distribution", "min", "max", "mu", "sigma", "q", "parameters"),
    *_OURS,
    "ordinal",
    "when",
)
