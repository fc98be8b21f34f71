"""The table of trials, as wide as its place allows: less important columns go first, and it says which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from sweeps.records.record import State, SweepRecord, TrialRecord
from sweeps.views.overview import COLOURS
from sweeps.views.tally import FAILURES, Tally
from sweeps.views.text import metric_text, short_names, short_value

_GAP = 2
_LEAST_MESSAGE = 24  # cells that the text of a failure keeps while it is there
_EXPECTED = {State.FINISHED: "completed"}  # reasons that say no more than the state


@dataclass(frozen=True)
class _Column:
    head: str
    cells: list[str]
    spare: int = 0  # goes in this order where there is no room; 0 stays
    left: bool = False

    @property
    def justify(self) -> Literal["left", "right"]:
        return "left" if self.left else "right"

    @property
    def width(self) -> int:
        return max(cell_len(cell) for cell in [self.head, *self.cells])


class TrialsTable:
    """All trials in order, the best one marked and bold; in a narrow place without its least important columns."""

    def __init__(self, record: SweepRecord) -> None:
        self._record = record

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """What fits into ``options.max_width``."""
        found = Tally(self._record.metric, self._record.goal, self._record.trials).best
        best = found[0].id if found else ""
        columns = _columns(self._record, best)
        shown = _fitting(columns, options.max_width)
        yield self._table(shown, options.max_width, best)
        if hidden := [column.head for column in columns if column not in shown]:
            yield Text(f"no room for {', '.join(hidden)}: widen the terminal, or use --json", style="dim")
        if best:
            yield Text(f"* the best {self._record.metric}", style="dim")

    def _table(self, columns: list[_Column], width: int, best: str) -> Table:
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, _GAP, 0, 0))
        room = width
        for column in columns:
            # Only the last one may be cut: the others were chosen so that they fit.
            widest = max(1, min(column.width, room)) if column is columns[-1] else None
            room -= column.width + _GAP
            table.add_column(
                Text(column.head), justify=column.justify, no_wrap=True, overflow="ellipsis", max_width=widest
            )
        state = next(place for place, column in enumerate(columns) if column.head == "state")
        for row, trial in enumerate(self._record.trials):
            cells = [Text(column.cells[row]) for column in columns]
            cells[state].stylize(COLOURS.get(trial.state, ""))
            table.add_row(*cells, style="bold" if trial.id == best else "")
        return table


def _columns(record: SweepRecord, best: str) -> list[_Column]:
    trials = record.trials
    reports = [trial.best(record.metric, record.goal) for trial in trials]
    values = [metric_text(report.metrics[record.metric] if report else None) for report in reports]
    # The value's column: numbers stay in line, and it is not wider for it.
    starred = [f"*{value}" if trial.id == best else value for trial, value in zip(trials, values, strict=True)]
    columns = [
        _Column("trial", [trial.id for trial in trials], left=True),
        _Column("state", [_state(trial) for trial in trials], left=True),
        _Column(record.metric, starred),
        _Column("reports", [str(trial.reached) for trial in trials], spare=2),
        _Column("seconds", [f"{trial.seconds:.1f}" for trial in trials], spare=1),
    ]
    if any(trial.parent for trial in trials):
        columns.insert(1, _Column("from", [trial.parent.text if trial.parent else "" for trial in trials], left=True))
    if any(trial.outside for trial in trials):
        columns.insert(2, _Column("space", ["earlier" if trial.outside else "" for trial in trials], left=True))
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    for place, (name, head) in enumerate(short_names(names).items()):
        cells = [short_value(trial.params[name]) if name in trial.params else "" for trial in trials]
        alike = len(trials) > 1 and len(set(cells)) == 1
        # Those that never vary go first, then the last of the file's own order.
        columns.append(_Column(head, cells, spare=3 + (0 if alike else len(names)) + len(names) - place))
    messages = [trial.reason.text if trial.reason and trial.state in FAILURES else "" for trial in trials]
    if any(messages):
        cells = [" ".join(text.split()) for text in messages]
        columns.append(_Column("message", cells, spare=3 + 3 * len(names), left=True))
    return columns


def _fitting(columns: list[_Column], width: int) -> list[_Column]:
    shown = list(columns)
    while _least_width(shown) > width and (spare := [column for column in shown if column.spare]):
        shown.remove(min(spare, key=lambda column: column.spare))
    return shown


def _least_width(columns: list[_Column]) -> int:
    widths = [min(one.width, _LEAST_MESSAGE) if one.head == "message" else one.width for one in columns]
    return sum(widths) + _GAP * (len(columns) - 1)


def _state(trial: TrialRecord) -> str:
    code = trial.reason.code if trial.reason else ""
    said = not code or code == trial.state or code == _EXPECTED.get(trial.state)
    return str(trial.state) if said else f"{trial.state} ({code})"
