"""What a sweep would do, before anything starts: shown by ``sweeps validate``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sweeps.config import FunctionTrainer
from sweeps.search import choose
from sweeps.views.data_lines import data_lines
from sweeps.views.text import short_params, short_value
from trainer.adapt import settings as adaptation
from trainer.errors import few

if TYPE_CHECKING:
    from sweeps.config import SweepConfig
    from trainer.data.report import DataReport

_OF_LENGTH = {"epochs", "report_every", "batch_size"}  # what decides where reports lie
_MIDDLE = ", in the middle of the space"


@dataclass(frozen=True)
class Lengths:
    """Tokens of the training rows with the special ones: the median, the longest, where they are cut, and how many are:
    a share of the rows.
    """

    median: int
    longest: int
    cut: int
    share: float = 0.0


@dataclass(frozen=True)
class Reports:
    """The reports of one training: how many, and in words how far apart and how far the last one is."""

    count: int
    interval: str = ""
    last: str = ""


@dataclass(frozen=True)
class Outlook:
    """What was found out about one training, that of the middle of the space; empty where nobody knows beforehand.

    Attributes:
        rows: of each split.
        windows: that long rows are read in, of each split; empty where rows are cut instead.
        labels: the classes.
        size: parameters of the model.
        trained: how many of them are trained.
        data: what the data look like.
        warnings: what they have against them.
        earlier: names of the sweeps that it would begin with.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    windows: Mapping[str, int] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    size: int | None = None
    trained: int | None = None
    lengths: Lengths | None = None
    reports: Reports | None = None
    data: DataReport | None = None
    warnings: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


def plan_view(config: SweepConfig, outlook: Outlook) -> RenderableType:
    """A few lines, the first of which says ok, and a line for each thing that is hardly meant."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    for name, value in [*_training(config, outlook), *_search(config, outlook)]:
        table.add_row(Text(name), Text(value))
    head = Text.assemble(("ok", "bold green"), f": {config.name} would {config.metric.goal} {config.metric.name}")
    return Group(head, table, *(Text(f"warning: {text}", style="yellow") for text in warnings(config, outlook)))


def warnings(config: SweepConfig, outlook: Outlook) -> list[str]:
    """What is legal and hardly meant: odd data, and early stopping that can stop nothing."""
    return [*(f"data: {text}" for text in outlook.warnings), *_about_stopping(config, outlook)]


def _about_stopping(config: SweepConfig, outlook: Outlook) -> list[str]:
    stopping, reports = config.early_stopping, outlook.reports
    if stopping.scheduler == "none" or reports is None:
        return []
    if reports.count == 1:
        mend = "make it report more often (trainer.report_every)"
        return [f"early_stopping: a training has a single report, so none can be stopped early; {mend}"]
    if stopping.grace >= reports.count:
        told = f"early_stopping.grace is {stopping.grace}, but a training has {reports.count} reports"
        return [f"{told}: none is stopped early; give less, or make it report more often (trainer.report_every)"]
    return []


def _training(config: SweepConfig, outlook: Outlook) -> Iterator[tuple[str, str]]:
    names = set(config.space.names)
    if isinstance(config.trainer, FunctionTrainer):
        yield "function", config.trainer.function
    else:
        yield "task", config.trainer.task
        size = f", {outlook.size:,} parameters" if outlook.size is not None else ""
        if size and outlook.trained not in {None, outlook.size}:
            size += f", {outlook.trained:,} of them trained"
        varies = any(name.startswith("model_args.") or name in adaptation.NAMES for name in names)
        size += _MIDDLE if size and varies else ""
        searched = " (the first of those searched)" if "model" in names else ""
        yield "model", f"{config.trainer.model}{size}{searched}"
    if config.continued is not None:
        yield "begins", config.continued.remark
    if outlook.rows:
        rows = ", ".join(f"{count:,} {split}" for split, count in outlook.rows.items())
        yield "rows", rows
        if outlook.windows and outlook.windows != outlook.rows:
            yield "windows", ", ".join(f"{count:,} {split}" for split, count in outlook.windows.items())
        if outlook.labels:
            yield "labels", f"{len(outlook.labels)}: {few(outlook.labels)}"
    if outlook.data is not None:
        yield from data_lines(outlook.data)
    if found := outlook.lengths:
        share = f" ({100 * found.share:.2g}% of the rows)" if found.share else ""
        cut = f"in windows of {found.cut}" if outlook.windows else f"cut at {found.cut}{share}"
        yield "tokens", f"{found.median} at the median, {found.longest} at most, {cut}"
    if found_reports := outlook.reports:
        middle = _MIDDLE if names & _OF_LENGTH else ""
        interval = f", {found_reports.interval}" if found_reports.count > 1 and found_reports.interval else ""
        last = f", the last {found_reports.last}" if found_reports.last else ""
        yield "reports", f"{found_reports.count} of a training{interval}{last}{middle}"


def _search(config: SweepConfig, outlook: Outlook) -> Iterator[tuple[str, str]]:
    stopping = config.early_stopping
    amount = "as many as the limits allow" if config.planned is None else str(config.planned)
    yield "trials", amount
    choice = choose(config.space, config.planned) if config.method == "auto" else None
    yield "method", f"auto: {choice.method}, since {choice.reason}" if choice else config.method
    limits = config.limits.to_mapping()
    for name in ("budget", "stop_when"):
        if limits.get(name):
            yield name, ", ".join(f"{key} {value}" for key, value in limits[name].items())
    first = f", from report {config.scheduling.get('grace', 1)} on" if stopping.scheduler != "none" else ""
    changing = f", changing {', '.join(stopping.mutate)}" if stopping.population else ""
    if config.trackers:
        yield "trackers", ", ".join(tracker.name for tracker in config.trackers)
    yield "early stopping", f"{stopping.scheduler}{first}{changing}"
    for parameter in config.space:
        facts = parameter.to_mapping().items()
        yield parameter.name, ", ".join(f"{key} {short_value(value)}" for key, value in facts)
    for text in config.space.constraints:
        yield "constraint", str(text)
    for point in config.points:
        yield "first", " ".join(short_params(point))
    if outlook.earlier:
        yield "begins with", f"what did well in {few(outlook.earlier)}"
