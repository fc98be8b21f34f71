"""Where on the way of a trial it is compared with others."""

from __future__ import annotations

# No trial reports this often. Rungs have no natural end: how long trials are is not a scheduler's business.
MOST_REPORTS = 1_000_000


def geometric_rungs(grace: int, reduction_factor: float, most: int = MOST_REPORTS) -> tuple[int, ...]:
    """Report numbers ``grace * reduction_factor ** k``, rounded, strictly increasing, up to ``most``.

    ``geometric_rungs(1, 3, 30)`` is ``(1, 3, 9, 27)``; with factors below 2 the rounded numbers would
    repeat, so that each rung is at least one report after the one before.

    Raises:
        ValueError: ``grace`` below 1 or ``reduction_factor`` not above 1.
    """
    if grace < 1:
        raise ValueError(f"grace is a number of reports, at least 1, got {grace}")
    if not reduction_factor > 1:
        raise ValueError(f"reduction_factor must be above 1, got {reduction_factor}")
    rungs: list[int] = []
    exact = float(grace)
    while (rung := max(round(exact), rungs[-1] + 1 if rungs else 1)) <= most:
        rungs.append(rung)
        exact *= reduction_factor
    return tuple(rungs)
