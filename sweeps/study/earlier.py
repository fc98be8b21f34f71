"""What a ledger's extensions say of the trials before them, known before the ledger is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sweeps.records.record import State
from sweeps.search.base import Params

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Earlier:
    """How earlier trials look in a sweep's latest configuration.

    Searcher and scheduler are made for that one, so they hear of earlier trials as it has them, from the beginning.

    Attributes:
        params: of trials whose parameters are others now.
        outside: trials that do not fit, with the reason: neither searcher nor scheduler hears of them.
        undone: lines of the ledger that an extension has taken back: ends of trials that it opened again, and that the
            sweep was to be wound up.
        extended: whether there was any extension.
        planned: how many trials there will be in all, where an extension said so, without those in ``extra``.
        extra: trials that somebody asked for before the latest extension.
        after: the number of the last suggestion before the latest extension.
        tried: the parameters of all suggestions up to there that fit.
        prior_from: the number of the suggestion from which priors fade.
    """

    params: Mapping[str, Params] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)
    undone: frozenset[int] = frozenset()
    extended: bool = False
    planned: int | None = None
    extra: frozenset[str] = frozenset()
    after: int = 0
    tried: tuple[Params, ...] = ()
    prior_from: int | None = None

    @classmethod
    def of(cls, events: Iterable[Event]) -> Earlier:
        """What ``events``, all of them, say."""
        params: dict[str, Params] = {}
        ends: dict[str, int] = {}
        made: dict[str, Params] = {}
        undone: set[int] = set()
        windings: set[int] = set()
        asked_for: set[str] = set()
        latest: Event | None = None
        suggested = after = 0
        before: tuple[str, ...] = ()
        extra: frozenset[str] = frozenset()
        for event in events:
            match event["event"]:
                case "trial":
                    made[event["trial"]] = event["params"]
                    suggested = max(suggested, int(event.get("number", 0)))
                    asked_for |= {event["trial"]} if "command" in event else set()
                case "twin":
                    suggested = max(suggested, int(event["number"]))
                case "state" if State(event["state"]).final:
                    ends[event["trial"]] = event["n"]
                case "command" if event["command"] == "finish":
                    windings.add(event["n"])
                case "sweep" if extension := event.get("extension"):
                    undone |= windings
                    latest, after, before = event, suggested, tuple(made)
                    extra = frozenset(asked_for)
                    params |= extension["params"]
                    undone |= {ends[trial] for trial in extension["reopened"]}
        if latest is None:
            return cls()
        said = latest["extension"]
        outside = said["outside"]
        tried = tuple(params.get(trial, made[trial]) for trial in before if trial not in outside)
        planned = None if latest["planned"] is None else latest["planned"] - len(extra)
        return cls(params, outside, frozenset(undone), True, planned, extra, after, tried, said["prior_from"])
