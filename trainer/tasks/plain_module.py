"""Modules that people write themselves, as models of a task: what they are called with, exported and built again."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer import hooks
from trainer.errors import ConfigError

if TYPE_CHECKING:
    import torch

    from trainer.config import TrainConfig

FILE = "model.json"


def check_arguments(config: TrainConfig, *, given: Sequence[str] = ("inputs", "classes"), mend: str) -> None:
    """Refuse a function that cannot be called with what comes from the data and ``model_args``; imports no torch.

    Args:
        config: its ``model`` is to be ``module:function``.
        given: keyword arguments that come from the data.
        mend: what to do where ``model`` is no function.

    Raises:
        ConfigError: names the setting.
    """
    if not hooks.is_hook(config.model):
        what = f"expected module:function, a function that builds a torch.nn.Module, got {config.model!r}"
        raise ConfigError("model", what, mend)
    check_takes(config, hooks.parameters(config.model), given, config.model)


def check_takes(config: TrainConfig, takes: hooks.Parameters, given: Sequence[str], title: str) -> None:
    """As ``check_arguments``, for what a function called ``title`` takes.

    Raises:
        ConfigError: names the setting.
    """
    own = [name for name in takes.names if name not in given]
    for name in given:
        if not takes.accepts(name):
            listed = " and ".join(f"{known}=..." for known in given)
            raise ConfigError("model", f"{title} takes no {name}", f"it is called with {listed}")
        if name in config.model_args:
            raise ConfigError(f"model_args.{name}", "comes from the data", "leave it out")
    for name in config.model_args:
        if not takes.accepts(name):
            close = difflib.get_close_matches(name, own, n=1)
            guess = f"did you mean {close[0]}? " if close else ""
            mend = f"{guess}it takes {', '.join(takes.names)}"
            raise ConfigError(f"model_args.{name}", f"{title} takes no such argument", mend)


def set_dropout(model: torch.nn.Module, config: TrainConfig, given: Mapping[str, Any]) -> None:
    """``config.dropout`` for a module whose function did not take it.

    Raises:
        ConfigError: there is none to set.
    """
    from trainer import model as models

    if config.dropout is not None and "dropout" not in given and not models.set_dropout(model, config.dropout):
        raise ConfigError("dropout", f"{config.model} takes no dropout, and its module has none to set")


def export(model: torch.nn.Module, function: str, given: Mapping[str, Any], out: Path, **facts: Any) -> None:
    """``model.safetensors`` and ``model.json``: how to build the module, and ``facts``, how to feed it."""
    from safetensors.torch import save_model

    from trainer.tasks import exported

    folder = hooks.root(hooks.resolve(function))
    out.mkdir(parents=True, exist_ok=True)
    save_model(model, str(out / "model.safetensors"))
    build = {"function": function, "arguments": dict(given), "folder": str(folder) if folder else None}
    exported.write_json(out / FILE, {**build, **facts})


def load_weights(model: torch.nn.Module, folder: Path, function: str) -> None:
    """The weights of an export into the module that its function built.

    Raises:
        ConfigError: they are missing or damaged, or do not fit.
    """
    from safetensors.torch import load_model

    try:
        load_model(model, str(folder / "model.safetensors"))
    except Exception as error:
        raise ConfigError("folder", f"{folder}: the weights do not fit {function}: {error}") from error
