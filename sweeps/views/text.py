"""Names and numbers as people read them: short, and safe in the name of a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

WELL_KNOWN = {
    "learning_rate": "lr",
    "batch_size": "bs",
    "weight_decay": "wd",
    "warmup": "wu",
    "dropout": "do",
    "label_smoothing": "ls",
    "momentum": "mom",
    "optimizer": "opt",
}
RUN_NAME_LENGTH = 80


def short_number(value: float) -> str:
    """Three digits, as one writes hyperparameters: ``3.1e-4``, ``0.01``, ``32``, ``1.5e6``."""
    if isinstance(value, int) and abs(value) < 1_000_000:
        return str(value)
    if value == 0 or 0.01 <= abs(value) < 100_000:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def short_value(value: Any) -> str:
    """One value of a hyperparameter."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int | float):
        return short_number(value)
    return value if isinstance(value, str) else json.dumps(value, default=str, separators=(",", ":"))


def metric_text(value: float | None) -> str:
    """A metric's value: four digits, so that close trials still differ; more where these would round it up to 1."""
    if value is None:
        return "-"
    text = f"{value:.4g}"
    return f"{value:.6g}" if text == "1" and value != 1 else text


def short_names(names: Iterable[str]) -> dict[str, str]:
    """A short name for each: the well-known ones, else the last part of a dotted name; the full one where two meet."""
    full = list(names)
    brief = {name: WELL_KNOWN.get(name, name.rpartition(".")[2]) for name in full}
    taken = list(brief.values())
    return {name: short if taken.count(short) == 1 else name for name, short in brief.items()}


def short_params(params: Mapping[str, Any], names: Iterable[str] | None = None) -> list[str]:
    """``["lr=3.1e-4", "bs=32"]``: those of ``names`` that the trial has, in that order; all of its own without."""
    wanted = [name for name in (params if names is None else names) if name in params]
    return [f"{short}={short_value(params[name])}" for name, short in short_names(wanted).items()]


def run_name(trial: str, params: Mapping[str, Any], names: Iterable[str] | None = None) -> str:
    """A folder's name for a trial, the same whenever it is asked for: ``t0007 lr=3.1e-4 bs=32 wd=0.01``.

    ASCII letters, digits and ``._=+-`` only, about 80 characters: what does not fit is left out whole.
    """
    text = trial
    for part in short_params(params, names):
        safe = re.sub(r"[^A-Za-z0-9._=+-]+", "-", part).strip("-.")
        if len(text) + 1 + len(safe) <= RUN_NAME_LENGTH:
            text += f" {safe}"
    return text.rstrip(".")


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 20 min``, ``2 d 4 h``."""
    whole = round(max(seconds, 0.0))
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def counted(count: int, what: str) -> str:
    """``1 report``, ``3 reports``."""
    return f"{count} {what}{'' if count == 1 else 's'}"
