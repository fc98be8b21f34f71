"""The archive as a table and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sweeps.records.archive import Remembered
from sweeps.views.text import short_value


def archive_json(entries: Sequence[Remembered]) -> list[dict[str, Any]]:
    """Each sweep; ``finished`` is in ISO 8601, ``best`` the best score of any trial at a rung or its end."""
    return [
        {
            "id": entry.sweep.id,
            "name": entry.sweep.name,
            "finished": _when(entry).isoformat(),
            "fingerprint": entry.fingerprint.to_mapping(),
            "metric": entry.sweep.metric,
            "goal": entry.sweep.goal,
            "trials": len(entry.sweep.trials),
            "best": _best(entry),
            "cost": dict(entry.cost),
        }
        for entry in entries
    ]


def archive_view(entries: Sequence[Remembered], folder: Path) -> RenderableType:
    """A row for each sweep, the latest first."""
    if not entries:
        return Text(f"{folder} remembers no sweep yet: those that finish are remembered, but for archive: off")
    table = Table("id", "name", "finished", "task", "trials", "best", box=None, pad_edge=False)
    for entry in entries:
        sweep = entry.sweep
        best = f"{sweep.metric}={short_value(_best(entry))}"
        when = f"{_when(entry):%Y-%m-%d %H:%M}"
        table.add_row(sweep.id, sweep.name, when, entry.fingerprint.task, str(len(sweep.trials)), best)
    return Group(table, Text(f"in {folder}", style="dim"))


def _best(entry: Remembered) -> float:
    scores = [score for trial in entry.sweep.trials for score in trial.scores.values()]
    return max(scores) if entry.sweep.goal == "maximize" else min(scores)


def _when(entry: Remembered) -> datetime:
    return datetime.fromtimestamp(entry.finished, UTC)
