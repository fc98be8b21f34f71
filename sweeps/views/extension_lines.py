"""What is said before a sweep is extended: what changes, which earlier trials are used, which are not, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from sweeps.config import SweepConfig

_NAMED = 6  # trials that a line names
_LONGEST = 100
_ABSENT = object()


def extension_lines(
    before: SweepConfig,
    config: SweepConfig,
    *,
    used: Sequence[str],
    outside: Mapping[str, str],
    unfinished: Sequence[str] = (),
    reopened: Sequence[str] = (),
    new: int | None = None,
) -> Iterator[str]:
    """A few lines.

    Args:
        before: the sweep as it is.
        config: as it goes on.
        used: the earlier trials that fit.
        outside: those that do not, with the reason.
        unfinished: trials that go on.
        reopened: trials that were paused when the sweep ended, and may go on.
        new: how many new ones there can be; ``None`` where the budget says.
    """
    yield f"{config.name} is extended"
    yield from (f"  {line}" for line in _changes(before.to_mapping(), config.to_mapping(), config.space.names))
    yield f"used: {len(used)} of {len(used) + len(outside)} earlier trials"
    if outside:
        yield f"not used: {len(outside)}, which stay in the sweep with their results"
        reasons: dict[str, list[str]] = {}
        for trial, why in outside.items():
            reasons.setdefault(why, []).append(trial)
        yield from (f"  {_named(trials)}: {why}" for why, trials in reasons.items())
    if unfinished:
        yield f"go on: {_named(unfinished)}"
    if waiting := [trial for trial in reopened if trial not in unfinished]:
        yield f"may go on, since they were paused when the sweep ended: {_named(waiting)}"
    yield "new trials: as many as the budget allows" if new is None else f"new trials: {new} at most"


def _changes(before: Any, after: Any, searched: Sequence[str], key: str = "") -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        # What it had found of earlier sweeps is no setting: a line of its own says what it begins with.
        for name in dict.fromkeys(name for name in (*before, *after) if name != "past"):
            inner = f"{key}.{name}" if key else str(name)
            yield from _changes(before.get(name, _ABSENT), after.get(name, _ABSENT), searched, inner)
    elif before is _ABSENT:
        yield f"{key}: {_said(after)}"
    elif after is _ABSENT:
        yield f"{key}: {_said(before)} -> {'searched' if key.removeprefix('trainer.') in searched else 'none'}"
    elif before != after:
        yield f"{key}: {_said(before)} -> {_said(after)}"


def _said(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    text = text.removesuffix("\n").removesuffix("\n...")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _named(trials: Sequence[str]) -> str:
    more = f" and {len(trials) - _NAMED} more" if len(trials) > _NAMED else ""
    return f"{', '.join(trials[:_NAMED])}{more}"
