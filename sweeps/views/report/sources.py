"""What a report is made from: all that a sweep's folder says, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from search_spaces.space import SearchSpace
from sweeps.records.best import Best
from sweeps.records.chronicle import Chronicle
from sweeps.records.record import SweepRecord


@dataclass(frozen=True)
class Sources:
    """One sweep as read.

    Attributes:
        folder: as the user wrote it; commands name it so.
        chronicle: its ledger.
        space: its present search space.
        sweep_yaml: the text of its resolved configuration.
        best: its best trial; ``None`` with ``why_not`` in words.
        file: the configuration that the best trial was trained by.
        own_function: whether a function of the user's own trains.
        data: the variants of ``data.json``; empty where there is none.
        made: seconds since 1970, when it was read.
    """

    folder: Path
    chronicle: Chronicle
    space: SearchSpace
    sweep_yaml: str
    best: Best | None = None
    why_not: str = ""
    file: Path | None = None
    own_function: bool = False
    data: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    made: float = 0.0

    @property
    def record(self) -> SweepRecord:
        """The sweep."""
        return self.chronicle.record

    @property
    def devices(self) -> float:
        """Devices of a trial: seconds on a worker are so many device seconds."""
        return float(self.record.limits.get("devices", 1.0))
