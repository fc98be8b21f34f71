"""What the ledger says of a sweep's winner: the latest confirmation, and every look at the test split."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sweeps.records.confirmation import Confirmation, Look, confirmation_of, look_of
from sweeps.records.record import SweepRecord


class Afterwards:
    """Takes in the events `confirmation.AFTERWARDS`, and hears which trials reported after the latest of them."""

    def __init__(self) -> None:
        self._confirmation: Confirmation | None = None
        self._later: set[str] = set()
        self._looks: list[Look] = []

    def confirmed(self, event: Mapping[str, Any]) -> bool:
        """The winner was confirmed, or not."""
        self._confirmation = confirmation_of(event)
        self._later.clear()
        return True

    def tested(self, event: Mapping[str, Any]) -> bool:
        """The winner was evaluated on the test split."""
        self._looks.append(look_of(event))
        return True

    def reported(self, trial: str) -> None:
        """``trial`` has a report more than the confirmation knew."""
        self._later.add(trial)

    def complete(self, record: SweepRecord) -> SweepRecord:
        """The same sweep with all of it."""
        known = self._confirmation
        latest = known and dataclasses.replace(known, later=frozenset(self._later))
        return dataclasses.replace(record, confirmation=latest, looks=tuple(self._looks))
