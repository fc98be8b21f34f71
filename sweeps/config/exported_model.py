"""An exported model, as the folder says it: what a sweep can continue from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.config.training_file import Training, read_training
from sweeps.errors import InputError

KEY = "--init-from"
_FACTS, _MODULE = "sweepwright.json", "model.json"


@dataclass(frozen=True)
class Export:
    """An exported model.

    Attributes:
        folder: absolute.
        task: of the shared trainer; empty for what a function of one's own has saved.
        function: ``module:function`` that builds it; empty for a Hugging Face model.
        training: what it was trained with; ``None`` where its export does not say.
    """

    folder: Path
    task: str = ""
    function: str = ""
    training: Training | None = None


def read_export(folder: str | Path) -> Export:
    """The model that was exported into ``folder``.

    Raises:
        InputError: no such folder, none of ours, or damaged.
    """
    path = Path(folder).expanduser().resolve()
    if not path.is_dir():
        raise complaint(path, "there is no such folder", "name what `sweeps export` has written")
    facts = _object(path / _FACTS)
    training = read_training(path)
    if facts is None:
        if training is None:
            raise complaint(path, "is no exported model", "name what `sweeps export` has written")
        return Export(path, training=training)
    task = facts.get("task")
    if not isinstance(task, str):
        raise complaint(path / _FACTS, "is damaged: it names no task", "export the model again")
    module = _object(path / _MODULE)
    if module is not None and not isinstance(module.get("function"), str):
        raise complaint(path / _MODULE, "is damaged: it names no function", "export the model again")
    _check_weights(path)
    return Export(path, task, str(module["function"]) if module else "", training)


def module_arguments(folder: Path) -> Mapping[str, Any]:
    """What the plain module of an export was built with; empty where it does not say.

    Raises:
        InputError: its file is damaged.
    """
    found = (_object(folder / _MODULE) or {}).get("arguments")
    return found if isinstance(found, Mapping) else {}


def _check_weights(folder: Path) -> None:
    """Refuse a folder without weights, and files that were cut off."""
    from safetensors import SafetensorError, safe_open

    index = _object(folder / "model.safetensors.index.json")
    named = set(index["weight_map"].values()) if index and isinstance(index.get("weight_map"), dict) else set()
    files = sorted(named) or ["model.safetensors"]
    for name in files:
        file = folder / name
        try:
            with safe_open(file, framework="np"):
                pass
        except FileNotFoundError:
            raise complaint(folder, f"holds no weights: {name} is not there", "export the model again") from None
        except (OSError, SafetensorError) as error:
            raise complaint(file, f"is damaged: {error}", "export the model again") from None


def _object(file: Path) -> dict[str, Any] | None:
    """A JSON object; ``None`` where there is no such file."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise complaint(file, f"is damaged: {error}", "export the model again") from None
    if not isinstance(found, dict):
        raise complaint(file, "is damaged: it holds no object", "export the model again")
    return found


def complaint(path: Path, message: str, mend: str) -> InputError:
    """About an export."""
    return InputError(message, where=str(path), key=KEY, mend=mend)
