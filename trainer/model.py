"""Models that people write themselves: plain modules, built by a function of theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from trainer import hooks
from trainer.data.tables import shown
from trainer.errors import ConfigError

if TYPE_CHECKING:
    from trainer.config import TrainConfig

# Not layerdrop and drop_path: those leave out whole layers, and are settings of their own.
_DROPOUT_FIELD = re.compile(r"(^|_)dropout(_|$)|_pdrop$")
_DROPOUTS = (torch.nn.modules.dropout._DropoutNd,)


def arguments(config: TrainConfig, shape: tuple[int, ...], classes: int) -> dict[str, Any]:
    """The keyword arguments that ``config.model`` is called with.

    ``inputs`` is the number of features, or the shape of a row with more than one dimension; ``classes`` the
    number of classes; then ``model_args``, and ``dropout`` where it is set and the function takes it.
    """
    inputs: int | tuple[int, ...] = shape[0] if len(shape) == 1 else shape
    given: dict[str, Any] = {"inputs": inputs, "classes": classes, **config.model_args}
    if config.dropout is not None and hooks.parameters(config.model).accepts("dropout"):
        given["dropout"] = config.dropout
    return given


Probe = tuple[tuple[torch.Tensor, ...], tuple[int, ...]]
"""What a module is tried on, and the shape that is expected of it."""


def build(
    function: str, given: dict[str, Any], base: Path | None = None, *, probe: Probe | None = None
) -> torch.nn.Module:
    """Call the function and try the module it returns: by default on two rows of zeros, for logits of ``classes``.

    Raises:
        ConfigError: an argument is missing, the function fails, or what it returns is no classifier of these shapes.
    """
    model = construct(function, given, base)
    _try(model, function, given, probe or _zeros(given))
    return model


def construct(function: str, given: dict[str, Any], base: Path | None = None) -> torch.nn.Module:
    """Call the function.

    Raises:
        ConfigError: an argument is missing, the function fails, or what it returns is no module.
    """
    needed = hooks.parameters(function, base).required
    missing = [name for name in needed if name not in given]
    if missing:
        raise ConfigError(f"model_args.{missing[0]}", "is missing", f"{function} has no default for it")
    try:
        model = hooks.resolve(function, base)(**given)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError("model", f"{function}({_call(given)}) failed: {type(error).__name__}: {error}") from error
    if not isinstance(model, torch.nn.Module):
        raise ConfigError("model", f"{function} returned {type(model).__name__}, not a torch.nn.Module")
    return model


def rebuild(function: str, given: dict[str, Any], folder: str | None, *, probe: Probe | None = None) -> torch.nn.Module:
    """As ``build``, for an export: the function from the current folder or the import path, then from ``folder``.

    Raises:
        ConfigError: as ``build``; names the file that has to be there.
    """
    base = base_of(function, folder)
    given = {
        name: tuple(value) if name == "inputs" and isinstance(value, list) else value for name, value in given.items()
    }
    return build(function, given, base, probe=probe)


def base_of(function: str, folder: str | None) -> Path:
    """Where an export's function is imported from: the current folder or the import path, else ``folder``.

    Raises:
        ConfigError: it is not there; names the file that has to be.
    """
    try:
        hooks.resolve(function, Path.cwd())
    except ConfigError:
        if folder is None or not Path(folder).is_dir():
            module = function.partition(":")[0]
            raise ConfigError(
                "model",
                f"{function} built this model and cannot be imported",
                f"run where {module}.py lies, or put its folder into PYTHONPATH",
            ) from None
        return Path(folder)
    return Path.cwd()


def _zeros(given: dict[str, Any]) -> Probe:
    inputs = given["inputs"]
    shape = (inputs,) if isinstance(inputs, int) else tuple(inputs)
    return (torch.zeros(2, *shape),), (2, given["classes"])


@contextmanager
def on_trial(model: torch.nn.Module) -> Iterator[None]:
    """In evaluation mode and without gradients inside, as it was afterwards.

    Forked: whether a model is tried must not change the draws that follow.
    """
    training = model.training
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            model.train(training)


def _try(model: torch.nn.Module, function: str, given: dict[str, Any], probe: Probe) -> None:
    rows, expected = probe
    with on_trial(model):
        try:
            out = model(*rows)
        except Exception as error:
            shapes = " and ".join(str(tuple(part.shape[1:])) for part in rows)
            what = f"the module of {function}({_call(given)}) fails on rows of shape {shapes}"
            raise ConfigError("model", f"{what}: {type(error).__name__}: {error}") from error
    if not isinstance(out, torch.Tensor) or tuple(out.shape) != expected:
        found = tuple(out.shape) if isinstance(out, torch.Tensor) else type(out).__name__
        raise ConfigError(
            "model", f"the module of {function} gives {found} for two rows", f"expected logits of shape {expected}"
        )


def set_dropout(model: torch.nn.Module, p: float) -> int:
    """Give every dropout of a model the probability ``p``.

    Reaches dropout modules, the numbers that functional attention dropout reads, and the fields of a
    Hugging Face configuration, so that an export says what was trained.

    Returns:
        How many places were set.
    """
    count = 0
    for module in model.modules():
        if isinstance(module, _DROPOUTS):
            module.p = p
            count += 1
        for name, value in list(vars(module).items()):
            if isinstance(value, float) and is_dropout_field(name):
                setattr(module, name, p)
                count += 1
    config = getattr(model, "config", None)
    for name, value in list(vars(config).items()) if config is not None else []:
        # A missing one (BERT's classifier_dropout) means the general one.
        if isinstance(value, float | int | None) and not isinstance(value, bool) and is_dropout_field(name):
            setattr(config, name, p)
    return count


def is_dropout_field(name: str) -> bool:
    """Whether a setting of that name is a dropout probability."""
    return _DROPOUT_FIELD.search(name) is not None


def _call(given: dict[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in given.items())
