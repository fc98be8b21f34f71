"""How far off the estimate of the time left is, on sweeps recorded in virtual time, or on folders of sweeps."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from scripts.benchmarks.recorded import Trainings, record_sweep, sweep_config
from sweeps.records.events import Event
from sweeps.records.ledger import read_events
from sweeps.records.meter import Meter
from sweeps.views.forecast import Forecast, Left

SHARES = (0.25, 0.5, 0.75, 0.9)
CASES: dict[str, dict[str, Any]] = {
    "40 trials, none stopped": {"trials": 40, "early_stopping": "none"},
    "40 trials, ASHA": {"trials": 40},
    "200 trials, ASHA": {"trials": 200},
    "100 trials, ASHA that stops": {"trials": 100, "early_stopping": {"scheduler": "asha", "mode": "stopping"}},
    "100 trials, Hyperband": {"trials": 100, "early_stopping": {"scheduler": "hyperband"}},
    "100 trials, PASHA": {"trials": 100, "early_stopping": {"scheduler": "pasha"}},
    "40 trials, median": {"trials": 40, "early_stopping": {"scheduler": "median"}},
    "20 trainings": {"trials": None, "budget": {"trainings": 20}},
    "20 trainings, 3 finish": {"trials": None, "budget": {"trainings": 20}, "finish": 3},
    "2 device hours": {"trials": None, "budget": {"device_hours": 2}},
}


def estimates(events: Sequence[Event], shares: Iterable[float], total: float | None = None) -> list[tuple[float, Left]]:
    """At each share of the sweep's time the seconds that were left, and the estimate; none where there is none."""
    if total is None:
        whole = Meter()
        for event in events:
            whole.tell(event)
        total = whole.seconds
    meter, marks, found = Meter(), sorted(shares), []
    forecast = Forecast(meter)
    for event in events:
        meter.tell(event)
        forecast.tell(event)
        while marks and meter.seconds >= marks[0] * total:
            marks.pop(0)
            if (left := forecast.left()) is not None and total > meter.seconds:
                found.append((total - meter.seconds, left))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="sweeps to look at, instead of recorded ones")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--slots", type=int, default=4)
    arguments = parser.parse_args()
    print("| | " + " | ".join(f"at {share:.0%}" for share in SHARES) + " |")
    print("|---" * (len(SHARES) + 1) + "|")
    for folder in arguments.folders:
        _row(folder.name, [_errors(read_events(folder)[0])])
    if arguments.folders:
        return
    with tempfile.TemporaryDirectory(prefix="time-left-") as scratch:
        for number, (name, settings) in enumerate(CASES.items()):
            found = []
            for seed in range(arguments.seeds):
                config = sweep_config("recorded", Path(scratch), seed=seed, **settings)
                place = Path(scratch) / f"{number}-{seed}"
                record_sweep(config, place, slots=arguments.slots, trainings=Trainings(seed=seed))
                found.append(_errors(read_events(place)[0]))
            _row(name, found)


def _errors(events: Sequence[Event]) -> list[float | None]:
    """Estimate over truth, less one, at each of the shares."""
    rows: list[float | None] = []
    for share in SHARES:
        found = estimates(events, [share])
        rows.append(found[0][1].seconds / found[0][0] - 1 if found else None)
    return rows


def _row(name: str, errors: Sequence[Sequence[float | None]]) -> None:
    cells = []
    for column in zip(*errors, strict=True):
        known = [value for value in column if value is not None]
        spread = f" ({min(known):+.0%} to {max(known):+.0%})" if len(known) > 1 else ""
        cells.append(f"{median(known):+.0%}{spread}" if known else "-")
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
