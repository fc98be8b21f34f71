"""One attempt at one trial, as a worker gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Assignment:
    """What a worker needs to know besides the sweep's own facts.

    Attributes:
        trial: the trial's id.
        attempt: counts from 1; reports of an earlier attempt are refused from here on.
        settings: the trial's whole configuration, a plain dict.
    """

    trial: str
    attempt: int
    settings: Mapping[str, Any]
