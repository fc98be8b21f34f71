"""Scores an exported model on labelled rows."""

from __future__ import annotations

from pathlib import Path

from sweeps.errors import InputError
from trainer.errors import ConfigError


def evaluate_export(model: Path, data: Path, *, text: str | None = None, label: str | None = None) -> dict[str, float]:
    """Metrics of the export ``model`` on the rows of the file ``data``.

    Raises:
        InputError: no export there, or rows that do not fit it.
    """
    from trainer.predict import evaluate

    try:
        return evaluate(model, data, text=text, label=label)
    except ConfigError as error:
        raise InputError(error.message, key=error.key, mend=error.mend) from error
