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
        # Messages about the file or the model's folder begin with its name.
        key = (
            "" if error.key in {"file", "folder"} else f"--{error.key}" if error.key in {"text", "label"} else error.key
        )
        raise InputError(error.message, key=key, mend=error.mend) from error
