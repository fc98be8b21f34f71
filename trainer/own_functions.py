"""Losses and metrics that people write themselves, named ``module:function``: how they are called, and held to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer import hooks
from trainer.errors import ConfigError

if TYPE_CHECKING:
    import torch

_TAKES = 2  # outputs and targets


def check(spec: str, key: str) -> None:
    """Refuse a function that cannot be called with outputs and targets. Imports no torch where its source tells.

    Raises:
        ConfigError: names the setting.
    """
    takes = hooks.parameters(spec, key=key)
    more = [name for name in takes.required[_TAKES:] if name != "inputs"]
    if len(takes.names) < _TAKES or more:
        what = f"{spec} takes {', '.join(takes.names) or 'nothing'}"
        raise ConfigError(key, what, "it is called with outputs and targets, and with inputs=... where it takes it")


class OwnLoss:
    """``loss(outputs, targets)``: a scalar is the mean over the rows, ``(rows,)`` one loss each."""

    def __init__(self, spec: str, base: Path | None = None) -> None:
        self._spec = spec
        self._function = hooks.resolve(spec, base, key="loss")
        self._takes_inputs = "inputs" in hooks.parameters(spec, base, key="loss").names

    def __call__(self, outputs: Any, targets: Any, inputs: Any, rows: int) -> torch.Tensor:
        """The loss summed over the rows, a scalar.

        Raises:
            ConfigError: the function returns something else.
        """
        found = self._function(outputs, targets, **({"inputs": inputs} if self._takes_inputs else {}))
        return summed(found, rows, self._spec)


def summed(loss: Any, rows: int, title: str) -> torch.Tensor:
    """A mean, or one loss a row, as the sum over ``rows``.

    Raises:
        ConfigError: it is neither.
    """
    import torch

    if not isinstance(loss, torch.Tensor):
        raise ConfigError("loss", f"{title} returned {type(loss).__name__}", "return a tensor")
    if loss.shape == ():
        return loss.float() * rows
    if loss.shape == (rows,):
        return loss.float().sum()
    what = f"{title} returned shape {tuple(loss.shape)} for {rows} rows"
    raise ConfigError("loss", what, "return the mean over the rows, or one number for each")


class OwnMetrics:
    """``metrics(outputs, targets)`` over a whole split: a mapping from names to numbers."""

    def __init__(self, spec: str, base: Path | None = None) -> None:
        self._spec = spec
        self._function = hooks.resolve(spec, base, key="metrics")
        self._takes_inputs = "inputs" in hooks.parameters(spec, base, key="metrics").names

    def __call__(self, outputs: Any, targets: Any, inputs: Any) -> dict[str, float]:
        """What the function says of arrays ``(rows, ...)``.

        Raises:
            ConfigError: it returns something else, or a metric called ``loss``.
        """
        found = self._function(outputs, targets, **({"inputs": inputs} if self._takes_inputs else {}))
        if not isinstance(found, Mapping):
            raise ConfigError("metrics", f"{self._spec} returned {type(found).__name__}", "return {name: number}")
        if "loss" in found:
            raise ConfigError("metrics", f"{self._spec} returned 'loss', which is there already", "name it otherwise")
        numbers = {}
        for name, value in found.items():
            try:
                numbers[str(name)] = float(value)
            except (TypeError, ValueError):
                what = f"{self._spec} returned {type(value).__name__} for {name!r}"
                raise ConfigError("metrics", what, "return a number") from None
        return numbers
