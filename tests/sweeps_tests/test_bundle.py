"""Quick reports travel together; nobody waits for a slow one, and nothing passes a decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sweeps.engine.bundle import bundle


class Run:
    """An attempt whose reports take the given seconds each; the last says that it is done."""

    def __init__(self, *seconds: float, end: dict[str, Any] | None = None) -> None:
        self.seconds, self.end, self.now = seconds, end, 0.0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for number, seconds in enumerate(self.seconds, 1):
            self.now += seconds
            yield {"report": {"number": number, "done": self.end is None and number == len(self.seconds)}}
        if self.end is not None:
            yield self.end

    def clock(self) -> float:
        return self.now


def bundles(run: Run, judged: tuple[int, ...] | None) -> list[list[Any]]:
    messages, taken = iter(run), []
    while (now := bundle(messages, judged, run.clock)) != [{}]:
        taken.append([message.get("report", {}).get("number", "end") for message in now])
    return taken


QUICK = [0.02] * 9


@pytest.mark.parametrize(
    ("seconds", "judged", "expected"),
    [
        (QUICK, (1, 3, 9), [[1], [2, 3], [4, 5, 6, 7, 8, 9]]),
        (QUICK, (), [[1, 2, 3, 4, 5, 6, 7, 8, 9]]),
        (QUICK, None, [[n] for n in range(1, 10)]),
        ([60.0] * 3, (), [[1], [2], [3]]),
        ([0.14] * 6, (), [[1, 2, 3], [4, 5, 6]]),  # at most 0.3 s of waiting
        ([0.5, *QUICK[:3]], (), [[1], [2, 3, 4]]),  # the first report's time holds the start
        ([0.02, 60.0, 60.0], (), [[1, 2], [3]]),  # nobody can know beforehand; it happens once
    ],
)
def test_which_reports_travel_together(
    seconds: list[float], judged: tuple[int, ...] | None, expected: list[list[int]]
) -> None:
    assert bundles(Run(*seconds), judged) == expected


def test_an_end_travels_with_the_reports_before_it() -> None:
    run = Run(0.02, 0.02, end={"end": {"state": "diverged"}})
    assert bundles(run, ()) == [[1, 2, "end"]]


def test_an_attempt_that_is_over_gives_an_empty_message() -> None:
    assert bundle(iter([]), ()) == [{}]
