"""Hyperparameter sweeps for fine-tuning.

``Sweep(...).run()`` runs one, ``load(path)`` gives back an exported model. A training function of one's own calls
``report`` and ``get_checkpoint``; a ``transformers.Trainer`` script adds a ``SweepCallback``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweeps.api import Result, Sweep, open_sweep
    from sweeps.callback import SweepCallback
    from sweeps.session import get_checkpoint, report
    from trainer.predict import load

__version__ = "0.1.0"
__all__ = ["Result", "Sweep", "SweepCallback", "get_checkpoint", "load", "open_sweep", "report"]

# Imported on first use: a worker that only reports needs no driver, and no one needs transformers for `sweeps list`.
_HOMES = {
    "Result": "sweeps.api",
    "Sweep": "sweeps.api",
    "open_sweep": "sweeps.api",
    "SweepCallback": "sweeps.callback",
    "get_checkpoint": "sweeps.session",
    "report": "sweeps.session",
    "load": "trainer.predict",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
