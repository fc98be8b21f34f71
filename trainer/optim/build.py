"""The optimizer of a run, its learning rate, and its state from a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from trainer.errors import ConfigError
from trainer.optim.groups import SCALE, parameter_groups
from trainer.optim.layers import hidden_matrices
from trainer.optim.muon import MuonWithAdamW
from trainer.optim.names import optimizer_settings
from trainer.sharding import in_parts

if TYPE_CHECKING:
    from trainer.config import TrainConfig


def build_optimizer(model: torch.nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """The optimizer over the parameters that require a gradient, on whatever device they are.

    ``adam`` adds the decay to the gradient, as does ``sgd``; the others decay the weights themselves. ``adafactor`` is
    ``torch.optim.Adafactor`` with a rate that is not multiplied by the size of the weights, unless that is above 1:
    the same learning rates suit it as ``Trainer``'s. The learning rate is to be set for each update with
    :func:`set_lr`.

    Raises:
        ConfigError: the model has no layers, head or matrices that the settings speak of, or a library is not there.
    """
    apart = hidden_matrices(model) if config.optimizer == "muon" else frozenset[str]()
    groups = parameter_groups(model, config, apart)
    given, lr = optimizer_settings(config), config.learning_rate
    # Fused is one kernel for all parameters. On a CPU too: 0.1 ms for a small net where the default takes 0.3 ms.
    match config.optimizer:
        case "sgd":
            # Of weights in parts torch has no fused kind.
            return torch.optim.SGD(groups, lr=lr, fused=not in_parts(model), **given)
        case "adam":
            return torch.optim.Adam(groups, lr=lr, fused=True, **_moments(given))
        case "adafactor":
            return torch.optim.Adafactor(groups, lr=lr, eps=(1e-15, 1.0))
        case "lion":
            lion: torch.optim.Optimizer = _lion()(groups, lr=lr, betas=(given["beta1"], given["beta2"]))
            return lion
        case "muon":
            momentum = {name: given[name] for name in ("momentum", "nesterov")}
            return MuonWithAdamW(groups, lr=lr, **momentum, adamw={"fused": True, **_moments(given)})
        case "adamw":
            return torch.optim.AdamW(groups, lr=lr, fused=True, **_moments(given))


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Give every parameter group this learning rate, times the group's own scale."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group.get(SCALE, 1.0)


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Take over moments and step counts, but keep this run's settings: exploited trials (PBT) change theirs.

    Raises:
        ValueError: the state belongs to another set of parameters.
    """
    fresh = optimizer.state_dict()["param_groups"]
    if [group["params"] for group in fresh] != [group["params"] for group in state["param_groups"]]:
        raise ValueError("the optimizer state is of a model with other parameters")
    # What only the old groups have is no setting but a count of steps, as Lion keeps one.
    groups = [{**old, **new} for old, new in zip(state["param_groups"], fresh, strict=True)]
    optimizer.load_state_dict({"state": state["state"], "param_groups": groups})


def _moments(given: dict[str, Any]) -> dict[str, Any]:
    return {"betas": (given["beta1"], given["beta2"]), "eps": given["epsilon"]}


def _lion() -> Any:
    try:
        from pytorch_optimizer import Lion
    except ImportError:
        mend = "pip install 'sweepwright[optimizers]'"
        raise ConfigError("optimizer", "lion is in a library that is not installed", mend) from None
    return Lion
