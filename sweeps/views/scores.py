"""Scores of a model: metrics, one a line, and each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from trainer.per_class import ClassScore


def metrics_table(metrics: Mapping[str, float]) -> RenderableType:
    """Metrics, one a line."""
    table = Table.grid(padding=(0, 2))
    for name, value in metrics.items():
        table.add_row(Text(name, style="dim"), Text(f"{value:.6g}" if isinstance(value, float) else str(value)))
    return table


def scores_json(metrics: Mapping[str, float], classes: Mapping[str, ClassScore]) -> dict[str, Any]:
    """Metrics by name; ``per_class`` has precision, recall, f1 and support of each class, where there are classes."""
    return (
        {**metrics, "per_class": {name: asdict(score) for name, score in classes.items()}} if classes else {**metrics}
    )


def scores_view(metrics: Mapping[str, float], classes: Mapping[str, ClassScore]) -> RenderableType:
    """Metrics, one a line, and below them the classes."""
    if not classes:
        return metrics_table(metrics)
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="dim")
    table.add_column("class")
    for name in ("precision", "recall", "f1", "support"):
        table.add_column(name, justify="right")
    for name, score in classes.items():
        shares = (f"{value:.3f}" for value in (score.precision, score.recall, score.f1))
        table.add_row(Text(name), *shares, f"{score.support:,}")
    return Group(metrics_table(metrics), Text(""), table)
