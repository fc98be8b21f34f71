"""Checkpoints: a folder that appears whole or not at all, and that runs no code when it is read."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainer import sharding
from trainer.averaging import Average
from trainer.errors import ResumeError
from trainer.manifest import COPIED_FROM, verify, write_manifest
from trainer.optim.build import load_optimizer
from trainer.progress import Progress
from trainer.weights import Frozen, gathered, save_weights
from trainer.weights import load_weights as load_weights_of

WEIGHTS = "model.safetensors"
"""What was evaluated and is exported: with ``ema`` the averaged weights."""
TRAINED = "trained.safetensors"
"""The weights that training goes on from, where they are not those."""
STATE = "state.pt"


@dataclass(frozen=True)
class Checkpoint:
    """A verified checkpoint: where it lies, how far the run was, and the state besides the weights.

    ``copied``: it lies among a run's checkpoints as its beginning, and another run wrote it.
    """

    folder: Path
    progress: Progress
    state: dict[str, Any]
    copied: bool = False


def save(
    folder: Path,
    *,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    random_state: dict[str, Any],
    scaler: torch.amp.GradScaler | None = None,
    frozen: Frozen | None = None,
    average: Average | None = None,
    random_of_others: Sequence[dict[str, Any]] = (),
    durable: bool = False,
    writes: bool = True,
) -> None:
    """Write a checkpoint under a hidden name beside ``folder``, manifest last, then move it there.

    Whatever ended before that move leaves nothing that looks like a checkpoint. A folder already there (of an earlier
    attempt) is replaced.

    Args:
        folder: for example ``checkpoints/r0001``.
        model: tied weights are stored once.
        optimizer: any of ``torch.optim``.
        progress: how far the run is.
        random_state: of :func:`trainer.rng.capture`.
        scaler: of fp16.
        frozen: weights to leave out, since the run never changes them.
        average: of the weights, where the run keeps one.
        random_of_others: the same of the other processes that train this model, in the order of ranks.
        durable: survive a power cut too; see :func:`trainer.manifest.write_manifest`.
        writes: whether this process writes. Of several only one does; with a model in parts the others help it.

    Raises:
        OSError: the disk is full or read-only; what was there before is intact.
    """
    whole = None
    if sharding.in_parts(model):
        whole = gathered(model, frozen, keep=writes)
        moments = sharding.whole_state(optimizer, keep=writes)
    elif writes:
        moments = optimizer.state_dict()
    if not writes:
        return
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with average.in_place() if average is not None else nullcontext():
            save_weights(model, partial / WEIGHTS, frozen, whole)
        if average is not None:
            save_weights(model, partial / TRAINED, frozen)
        state: dict[str, Any] = {"optimizer": moments, "random": random_state}
        if random_of_others:
            state["random_of_others"] = list(random_of_others)
        if scaler is not None:
            state["scaler"] = scaler.state_dict()
        _write_state(state, partial / STATE)
        progress.write(partial)
        write_manifest(partial, {"number": progress.number, "step": progress.step}, durable=durable)
        if folder.exists():
            shutil.rmtree(folder)
        partial.replace(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    if durable:
        _sync_folder(folder.parent)


def load(folder: Path) -> Checkpoint:
    """Read a checkpoint whose sums are right.

    Raises:
        ResumeError: incomplete or damaged, with the file's name; or a state that holds anything but tensors and plain
            values: no pickled code is ever run.
    """
    facts = verify(folder)
    path = folder / STATE
    try:
        # On the CPU first: random states must stay there, and the optimizer moves its own to its parameters.
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, OSError, RuntimeError, EOFError, ValueError) as error:
        raise ResumeError(f"{path}: refused, it is not a state of plain tensors and values ({error})") from error
    return Checkpoint(folder, Progress.read(folder), state, copied=COPIED_FROM in facts)


def load_weights(folder: Path, model: torch.nn.Module, frozen: Frozen | None = None) -> None:
    """Put a checkpoint's weights into a model of the same shape, on the device where it is: those to be exported.

    Raises:
        ResumeError: missing, unreadable, of another architecture, or trained over other ``frozen`` weights.
    """
    load_weights_of(folder / WEIGHTS, model, frozen)


def restore(
    checkpoint: Checkpoint,
    *,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler | None = None,
    frozen: Frozen | None = None,
    average: Average | None = None,
) -> None:
    """Put weights, their average, optimizer and scaler back to where they were.

    The random states are the caller's to restore, last.

    Raises:
        ResumeError: the checkpoint is of another model or optimizer.
    """
    both = (checkpoint.folder / TRAINED).is_file()
    if both and average is not None:
        with average.in_place():
            load_weights(checkpoint.folder, model, frozen)
    load_weights_of(checkpoint.folder / (TRAINED if both else WEIGHTS), model, frozen)
    if not both and average is not None:
        average.begin_here()
    try:
        load_optimizer(optimizer, sharding.state_in_parts(optimizer, checkpoint.state["optimizer"]))
    except (KeyError, ValueError) as error:
        raise ResumeError(f"{checkpoint.folder / STATE}: does not fit the optimizer ({error})") from error
    if scaler is not None and "scaler" in checkpoint.state:
        scaler.load_state_dict(checkpoint.state["scaler"])


def _write_state(state: dict[str, Any], path: Path) -> None:
    try:
        # Through a file of Python's: given a path, torch writes by itself and says nothing of why it could not.
        with path.open("wb") as file:
            torch.save(state, file)
    except RuntimeError as error:
        if isinstance(error.__context__, OSError):
            raise OSError(f"{path}: cannot be written ({error.__context__})") from error
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
