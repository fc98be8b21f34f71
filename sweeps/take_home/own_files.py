"""Checkpoints of a training function of one's own: which of their files are the model, and what loads it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from trainer.manifest import MANIFEST

# What transformers.Trainer writes beside the model to go on from there, also by way of DeepSpeed and FSDP.
_TRAINER_STATE = "trainer_state.json"
_TO_GO_ON = (
    _TRAINER_STATE,
    "training_args.bin",
    "optimizer.pt",
    "optimizer.bin",
    "optimizer_*",
    "scheduler.pt",
    "scaler.pt",
    "rng_state*.pth",
    "global_step*",
    "latest",
    "zero_to_fp32.py",
)
# A file that tells the library which reads the folder.
_LIBRARIES = {
    "adapter_config.json": "peft",
    "config_sentence_transformers.json": "sentence-transformers",
}


@dataclass(frozen=True)
class OwnModel:
    """What a folder holds, by its files.

    Attributes:
        library: as the hub's model cards call it; ``torch`` where nothing tells.
        model_class: of transformers; empty where the folder does not say.
        tokenizer: whether there is one.
    """

    library: str = "torch"
    model_class: str = ""
    tokenizer: bool = False


def copy_model(checkpoint: Path, out: Path) -> OwnModel:
    """Copy a checkpoint into ``out``: all that a function saved; of a Trainer's, all that is the model.

    Raises:
        OSError: it cannot be read or written.
    """
    left = (MANIFEST, *(_TO_GO_ON if (checkpoint / _TRAINER_STATE).is_file() else ()))

    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder) == checkpoint and any(fnmatch(name, one) for one in left)]

    shutil.copytree(checkpoint, out, dirs_exist_ok=True, ignore=ignored)
    return _own_model(out)


def _own_model(folder: Path) -> OwnModel:
    for file, library in _LIBRARIES.items():
        if (folder / file).is_file():
            return OwnModel(library)
    config = _object(folder / "config.json")
    if not isinstance(config.get("model_type"), str):
        return OwnModel()
    classes = config.get("architectures")
    named = classes[0] if isinstance(classes, list) and classes and isinstance(classes[0], str) else ""
    return OwnModel("transformers", named, (folder / "tokenizer_config.json").is_file())


def _object(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
