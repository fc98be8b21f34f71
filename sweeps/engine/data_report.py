"""What is known of the data before the first trial: warnings, and a file in the sweep's folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from sweeps.engine.preparation import Variant
from trainer.config import TrainConfig
from trainer.continuing import remarks
from trainer.data import report, report_checks
from trainer.tasks.base import Prepared

DATA = "data.json"


def write(folder: Path, variants: Sequence[Variant]) -> None:
    """Write the reports of all variants into ``data.json``, whole or not at all.

    Each variant has ``params``, the parameters that make the difference, and ``splits`` and ``cleaning`` as in
    ``trainer.data.report.DataReport``.
    """
    found = [(one.params, report.read(one.prepared.folder)) for one in variants]
    said = [{"params": dict(params), **one.to_mapping()} for params, one in found if one is not None]
    if not said:
        return
    beside = folder / f".{DATA}.new"
    beside.write_text(json.dumps({"variants": said}, ensure_ascii=False, indent=2) + "\n", "utf-8")
    beside.replace(folder / DATA)


def notes(variants: Sequence[Variant]) -> Iterator[str]:
    """A line of warning each; the same one once, and what is said of one of several variants with its parameters."""
    seen: set[str] = set()
    for one in variants:
        for text in warnings(one.settings, one.prepared):
            if text not in seen:
                seen.add(text)
                where = " ".join(f"{name}={value}" for name, value in one.params.items())
                yield f"data{f' ({where})' if where else ''}: {text}"


def warnings(settings: TrainConfig, prepared: Prepared) -> list[str]:
    """What the report of prepared data says against training on them with these settings."""
    found = report.read(prepared.folder)
    of_classes = remarks(settings, prepared)
    if found is None:
        return of_classes
    limit = length_limit(settings, prepared)
    return of_classes + list(report_checks.warnings(found, cut=cut_share(prepared, limit), at=limit))


def length_limit(settings: TrainConfig, prepared: Prepared) -> int | None:
    """Tokens per row at most; ``None`` where rows are no texts."""
    limit: int | None = settings.max_length or prepared.meta.get("max_length")
    return limit


def cut_share(prepared: Prepared, limit: int | None) -> float:
    """The share of the train rows that are longer than ``limit`` tokens."""
    lengths = prepared.splits["train"].lengths
    return 0.0 if lengths is None or limit is None else float((lengths > limit).mean())
