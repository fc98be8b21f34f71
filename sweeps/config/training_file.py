"""``sweepwright-training.json`` of an exported model: with which settings it was trained, and what it came to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sweeps.errors import InputError

FILE = "sweepwright-training.json"
_FORMAT = 1


@dataclass(frozen=True)
class Training:
    """One training, as plain data.

    Attributes:
        sweep: the name of its sweep.
        params: its parameters.
        settings: all its settings, with these in their places. Nothing that lies at an absolute path is among them: it
            helps nobody elsewhere, and may tell more than its owner wants told.
        metric: what it was compared by.
        value: what it came to, at ``report``.
        trial: its id; empty for a training by itself.
    """

    sweep: str
    params: Mapping[str, Any]
    settings: Mapping[str, Any]
    metric: str
    value: float
    report: int
    trial: str = ""

    @property
    def title(self) -> str:
        """For people: ``t0007 of the sweep digits, accuracy=0.97``."""
        which = f"{self.trial} of the sweep" if self.trial else "a training of"
        return f"{which} {self.sweep}, {self.metric}={self.value:.6g}"


def write_training(out: Path, training: Training) -> None:
    """Write it into the folder of the model.

    Raises:
        OSError: it cannot be written.
    """
    facts = {"format": _FORMAT, **asdict(training)}
    for name in ("params", "settings"):
        facts[name] = _without_paths(facts[name])
    (out / FILE).write_text(json.dumps(facts, indent=2, ensure_ascii=False, default=str) + "\n", "utf-8")


def read_training(folder: Path) -> Training | None:
    """What is written in the folder of a model; ``None`` where nothing is, as in exports of earlier versions.

    Raises:
        InputError: it is damaged, or from a newer version.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    mend = "export the model again, or delete this file to go on without its configuration"
    try:
        facts = json.loads(file.read_text("utf-8"))
        if facts.pop("format") != _FORMAT:
            raise InputError("is of another version", where=str(file), mend=mend)
        training = Training(**facts)
        if not isinstance(training.params, Mapping) or not isinstance(training.settings, Mapping):
            raise TypeError("params and settings are no mappings")
        float(training.value)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"is damaged: {type(error).__name__}: {error}", where=str(file), mend=mend) from None
    return training


def _without_paths(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_paths(inner) for name, inner in value.items() if not _is_path(inner)}
    if isinstance(value, list | tuple):
        return [_without_paths(inner) for inner in value if not _is_path(inner)]
    return value


def _is_path(value: object) -> bool:
    return isinstance(value, str) and Path(value).is_absolute()
