"""The table of a sweep's trials."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

from sweeps.records.record import State, SweepRecord, TrialRecord
from sweeps.views.fitted_table import Column, FittedTable
from sweeps.views.metrics import other_metrics
from sweeps.views.overview import COLOURS
from sweeps.views.tally import FAILURES, Tally
from sweeps.views.text import metric_text, short_names, short_value

_LEAST_MESSAGE = 24  # cells that the text of a failure keeps while it is there
_NAMED = 3  # other metrics, as examples
_EXPECTED = {State.FINISHED: "completed"}  # reasons that say no more than the state


class TrialsTable:
    """All trials in order, the best one marked and bold; in a narrow place without its least important columns."""

    def __init__(self, record: SweepRecord) -> None:
        self._record = record

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """What fits into ``options.max_width``."""
        record = self._record
        found = Tally(record.metric, record.goal, record.trials).best
        best = found[0].id if found else ""
        rows = ["bold" if trial.id == best else "" for trial in record.trials]
        yield FittedTable(_columns(record, best), rows)
        if best:
            more = ",".join(other_metrics(record)[:_NAMED])
            hint = f"; other metrics: sweeps compare DIR --metrics {more}" if more else ""
            yield Text(f"* the best {record.metric}{hint}", style="dim")


def _columns(record: SweepRecord, best: str) -> list[Column]:
    trials = record.trials
    reports = [trial.best(record.metric, record.goal) for trial in trials]
    values = [metric_text(report.metrics[record.metric] if report else None) for report in reports]
    # The value's column: numbers stay in line, and it is not wider for it.
    starred = [f"*{value}" if trial.id == best else value for trial, value in zip(trials, values, strict=True)]
    columns = [
        Column("trial", [trial.id for trial in trials], left=True),
        state_column(trials),
        Column(record.metric, starred),
        Column("reports", [str(trial.reached) for trial in trials], spare=2),
        Column("seconds", [f"{trial.seconds:.1f}" for trial in trials], spare=1),
    ]
    if any(trial.parent for trial in trials):
        columns.insert(1, Column("from", [trial.parent.text if trial.parent else "" for trial in trials], left=True))
    if any(trial.outside for trial in trials):
        columns.insert(2, Column("space", ["earlier" if trial.outside else "" for trial in trials], left=True))
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    for place, (name, head) in enumerate(short_names(names).items()):
        cells = [short_value(trial.params[name]) if name in trial.params else "" for trial in trials]
        alike = len(trials) > 1 and len(set(cells)) == 1
        # Those that never vary go first, then the last of the file's own order.
        columns.append(Column(head, cells, spare=3 + (0 if alike else len(names)) + len(names) - place))
    messages = [trial.reason.text if trial.reason and trial.state in FAILURES else "" for trial in trials]
    if any(messages):
        cells = [" ".join(text.split()) for text in messages]
        columns.append(Column("message", cells, spare=3 + 3 * len(names), left=True, least=_LEAST_MESSAGE))
    return columns


def state_column(trials: tuple[TrialRecord, ...]) -> Column:
    """Each trial's state in its colour, and the reason where it says more."""
    cells = [state_text(trial) for trial in trials]
    return Column("state", cells, left=True, styles=[COLOURS.get(trial.state, "") for trial in trials])


def state_text(trial: TrialRecord) -> str:
    """``stopped (asha)``, ``finished``."""
    code = trial.reason.code if trial.reason else ""
    said = not code or code == trial.state or code == _EXPECTED.get(trial.state)
    return str(trial.state) if said else f"{trial.state} ({code})"
