"""Messages that travel together: a round trip through Tune's loop costs as much as a quick trial's report."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

Message = dict[str, Any]

LONGEST = 0.3  # seconds that a report may wait for those after it


def bundle(
    messages: Iterator[Message], judged: Collection[int] | None, clock: Callable[[], float] = time.monotonic
) -> list[Message]:
    """The next message, and those after it as long as nobody has to decide anything and none waits for long.

    A killed driver finds the reports that never reached it in the trial's newest checkpoint.

    Args:
        messages: of one attempt; an attempt that has ended without a word gives ``{}``.
        judged: the report numbers at which a decision can fall; ``None`` where it can at any.
        clock: seconds.
    """
    begun = clock()
    taken = [next(messages, {})]
    ready = now = clock()
    # The next one will take about as long as the last did.
    while _is_quiet(taken[-1], judged) and 2 * now - begun - ready < LONGEST:
        begun = now
        taken.append(next(messages, {}))
        now = clock()
    return taken


def _is_quiet(message: Message, judged: Collection[int] | None) -> bool:
    report = message.get("report")
    return judged is not None and report is not None and not report["done"] and report["number"] not in judged
