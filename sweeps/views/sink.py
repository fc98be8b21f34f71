"""What listens to a sweep while it runs. A sink that fails is no reason to stop: what counts is in the ledger."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sweeps.records.record import TrialRecord

logger = logging.getLogger(__name__)


class Sink(Protocol):
    """Hears of every event just after it was written to the ledger, in order, from one thread at a time.

    On resuming, the events of earlier drivers come first, each with ``"replayed": True`` added.
    """

    def handle(self, event: Mapping[str, Any], trial: TrialRecord | None) -> None:
        """Takes one event, and the trial it is about as it is after it (``None``: it is about no trial)."""

    def close(self) -> None:
        """No more is to come."""


class Sinks:
    """Hands every event to several sinks; what one of them raises is logged, once for each, and goes no further."""

    def __init__(self, sinks: Iterable[Sink]) -> None:
        self._sinks = list(sinks)
        self._said: set[int] = set()

    def handle(self, event: Mapping[str, Any], trial: TrialRecord | None) -> None:
        """Takes one event; never raises."""
        for sink in self._sinks:
            try:
                sink.handle(event, trial)
            except Exception as error:  # noqa: BLE001 - a view of the sweep must not end it
                self._complain(sink, error)

    def close(self) -> None:
        """Closes all of them; never raises."""
        for sink in self._sinks:
            try:
                sink.close()
            except Exception as error:  # noqa: BLE001 - as above
                self._complain(sink, error)

    def _complain(self, sink: Sink, error: Exception) -> None:
        if id(sink) not in self._said:
            self._said.add(id(sink))
            logger.warning("%s fails, the sweep goes on: %r", type(sink).__name__, error, exc_info=error)
