"""A ledger's events handed to a sink, by whoever reads the ledger: a tracker's own process, or a command afterwards."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from sweeps.records.builder import RecordBuilder
from sweeps.records.events import Event
from sweeps.views.sink import Sink

logger = logging.getLogger(__name__)


class Feeder:
    """Tells a sink of events, in order, with the trial as it is after each.

    A sink that has a method ``flush()`` is asked to send what it has after each batch. What a sink raises is logged,
    the first time with its trace, and it is told of the next event all the same.

    Args:
        sink: is told.
        after: the number of the last event that was there before: those up to it are ``replayed``.
        silent: log nothing; ``failure`` says it.
    """

    def __init__(self, sink: Sink, after: int = 0, *, silent: bool = False) -> None:
        self._sink, self._after, self._builder = sink, after, RecordBuilder()
        self._silent, self._said = silent, False
        self._batches = hasattr(sink, "flush")
        self.failure = ""  # what the sink raised last; of one that sends in batches, where it has not managed since

    def feed(self, batches: Iterable[list[Event]]) -> None:
        """Hand on all of them, and close the sink."""
        try:
            for batch in batches:
                self._forgive()
                for event in batch:
                    self._tell(event)
                if self._batches:
                    self._call(self._sink.flush)  # type: ignore[attr-defined]  # it has one
        finally:
            self._forgive()
            self._call(self._sink.close)

    def _forgive(self) -> None:
        """One that sends in batches sends with the next one what it could not."""
        if self._batches:
            self.failure = ""

    def _tell(self, event: Event) -> None:
        self._builder.apply(event)
        said: dict[str, Any] = {"replayed": True} if event["n"] <= self._after else {}
        trial = self._builder.trial(event["trial"]) if "trial" in event else None
        self._call(self._sink.handle, {**event, **said}, trial)
        if event.get("extension"):  # all trials are others now, though no event names them
            for id in self._builder.ids:
                extended = {"event": "extended", "trial": id, "time": event["time"], **said}
                self._call(self._sink.handle, extended, self._builder.trial(id))

    def _call(self, method: Any, *arguments: Any) -> None:
        try:
            method(*arguments)
        except Exception as error:  # whatever a service or somebody's own code may raise
            self.failure = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            if not self._silent:
                logger.warning("%s", self.failure, exc_info=None if self._said else error)
            self._said = True
