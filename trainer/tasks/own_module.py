"""Calling modules that people write for data of their own, and their losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.data.own_rows import INPUTS, TARGETS, part
from trainer.errors import ConfigError
from trainer.model import on_trial
from trainer.own_functions import OwnLoss, summed
from trainer.precision import out_of_memory
from trainer.tasks.base import Batch

_LOSS = "own_loss"


def attach_loss(model: torch.nn.Module, spec: str | None, base: Path | None = None) -> None:
    """Keep the loss function with the model that it is for: whoever has the one has the other."""
    setattr(model, _LOSS, None if spec is None else OwnLoss(spec, base))


def loss(model: torch.nn.Module, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Summed loss, and the outputs ``(rows, ...)`` that metrics are made of.

    Raises:
        ConfigError: the module or the loss function gives something else.
    """
    rows = len(next(iter(batch.values())))
    inputs, targets = part(batch, INPUTS), part(batch, TARGETS)
    own: OwnLoss | None = getattr(model, _LOSS)
    if own is None:
        outputs = _call(model, inputs, targets if isinstance(targets, Mapping) else {"labels": targets})
        return summed(_own_loss_of(outputs), rows, f"the loss of {type(model).__name__}"), leading(outputs, rows)
    outputs = _in_full(_call(model, inputs))
    return own(outputs, inputs if targets is None else targets, inputs, rows), leading(outputs, rows)


def outputs(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """What the module makes of the inputs alone ``(rows, ...)``."""
    return leading(_in_full(_call(model, part(batch, INPUTS))), len(next(iter(batch.values()))))


def outputs_of(model: torch.nn.Module, batch: Batch) -> np.ndarray:
    """What metrics would be made of, in evaluation mode; draws nothing from the generators of others."""
    with on_trial(model):
        _, kept = loss(model, batch)
    found: np.ndarray = (kept.float() if kept.is_floating_point() else kept).numpy()
    return found


def rehearse(model: torch.nn.Module, batch: Batch, function: str, loss_function: str | None) -> None:
    """Refuse a module or a loss that fails on these rows, before anything is trained.

    Raises:
        ConfigError: says on what it fails.
    """
    with on_trial(model):
        try:
            summed_loss, _ = loss(model, batch)
        except ConfigError:
            raise
        except Exception as error:
            if isinstance(error, RuntimeError) and out_of_memory(error):
                raise
            shapes = ", ".join(f"{name} {tuple(value.shape)}" for name, value in batch.items())
            with_loss = f" with {loss_function}" if loss_function else ""
            what = f"the module of {function}{with_loss} fails on {shapes}: {type(error).__name__}: {error}"
            raise ConfigError("model", what) from error
    if not summed_loss.requires_grad and not any(parameter.requires_grad for parameter in model.parameters()):
        raise ConfigError("model", f"the module of {function} has nothing to train")


def leading(outputs: Any, rows: int) -> torch.Tensor:
    """Of what a module returns, the tensor that metrics are made of: the ``logits``, or the first ``(rows, ...)``.

    Raises:
        ConfigError: there is none.
    """
    for candidate in _candidates(outputs):
        if isinstance(candidate, torch.Tensor) and candidate.shape[:1] == (rows,):
            return candidate
    what = f"the module gives {type(outputs).__name__} without a tensor of {rows} rows for {rows} rows"
    raise ConfigError("model", what, "return a tensor (rows, ...), or several with such a one")


def _candidates(outputs: Any) -> Sequence[Any]:
    if isinstance(outputs, Mapping):
        return [outputs["logits"]] if "logits" in outputs else list(outputs.values())
    return list(outputs) if isinstance(outputs, tuple | list) else [outputs]


def _call(model: torch.nn.Module, inputs: Any, more: Mapping[str, Any] | None = None) -> Any:
    if isinstance(inputs, Mapping):
        return model(**inputs, **(more or {}))
    return model(inputs, **(more or {}))


def _own_loss_of(outputs: Any) -> Any:
    found = outputs.get("loss") if isinstance(outputs, Mapping) else getattr(outputs, "loss", None)
    if found is None:
        what = f"is missing, and the module's outputs ({type(outputs).__name__}) have none of their own"
        raise ConfigError("loss", what, "name a function: loss: module:function")
    return found


def _in_full(outputs: Any) -> Any:
    """Floats in float32 whatever the precision: a loss in half of it loses small differences."""
    if isinstance(outputs, torch.Tensor):
        return outputs.float() if outputs.is_floating_point() else outputs
    if type(outputs) in (tuple, list):
        return type(outputs)(_in_full(one) for one in outputs)
    if type(outputs) is dict:
        return {name: _in_full(one) for name, one in outputs.items()}
    return outputs
