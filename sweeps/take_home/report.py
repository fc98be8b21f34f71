"""The report of a sweep, from its folder into a file, once or as it goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from sweeps.config import FunctionTrainer
from sweeps.engine.data_report import DATA
from sweeps.errors import InputError
from sweeps.records.best import Best, settled_best
from sweeps.records.builder import read_sweep
from sweeps.records.chronicle import read_chronicle
from sweeps.records.finding import RECORDS
from sweeps.records.lock import holder
from sweeps.records.record import SweepRecord
from sweeps.records.sweep_file import read_config, sweep_file
from sweeps.take_home.best import causes, find_best, saves
from sweeps.views.report.sources import Sources
from trainer.requirement import said

Format = Literal["html", "md", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)
SECONDS = 2.0  # between two looks at the ledger
RELOAD = 10  # seconds after which a page that is watched loads itself again


def report_text(folder: Path, format: Format = "html") -> str:
    """The report of the sweep in ``folder``: a page, Markdown, or a row for each trial.

    Raises:
        InputError: there is no sweep, or its configuration is not there.
    """
    return _made(folder, format)[0]


def write_report(folder: Path, out: Path, format: Format = "html") -> Path:
    """Write it into ``out``, whole or not at all.

    Raises:
        InputError: there is no sweep, or the file cannot be written.
    """
    _write(out, report_text(folder, format))
    return out


def watch_report(
    folder: Path, out: Path, format: Format, say: Callable[[str], Any], *, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Write it again whenever the ledger has grown, until the sweep is over or Ctrl-C; the last page reloads no more.

    Args:
        folder: the sweep's.
        out: the file.
        format: of it.
        say: takes a line of news.
        sleep: waits so many seconds.

    Raises:
        InputError: as `write_report`.
    """
    size = None
    try:
        while True:
            # A driver that is gone writes nothing, and leaves a sweep that is not running.
            if (now := _size(folder)) != size or holder(folder) is None:
                text, state = _made(folder, format, again=RELOAD)
                _write(out, text)
                if state != "running":
                    return
                if size is None:
                    say(f"{out} is written again as the sweep goes on; Ctrl-C ends that")
                size = now
            sleep(SECONDS)
    except KeyboardInterrupt:
        write_report(folder, out, format)


def _made(folder: Path, format: Format, again: int | None = None) -> tuple[str, str]:
    """The report, and how the sweep stands; ``again``: the page of a running one loads itself after so many seconds."""
    if format == "csv":
        from sweeps.views.report.spreadsheet import spreadsheet

        record = read_sweep(folder)
        return spreadsheet(record), record.state
    from sweeps.views.report.data import report_data

    data = report_data(read_sources(folder))
    state = data.sources.record.state
    if format == "md":
        from sweeps.views.report.markdown import markdown

        return markdown(data), state
    from sweeps.views.report.page import page

    return page(data, again=again if state == "running" else None), state


def _write(out: Path, text: str) -> None:
    beside = out.with_name(f".{out.name}.new")
    try:
        if out.exists() and not _is_report(out, text):
            mend = "name another file by -o, or delete this one"
            raise InputError("is there already, and is no report", where=str(out), mend=mend)
        beside.write_text(text, "utf-8")
        beside.replace(out)
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise InputError(message, where=str(out), mend="name another file by -o") from None


def _is_report(file: Path, text: str) -> bool:
    """Whether what is there is an earlier report of the kind of ``text``: of nothing else a report takes the place."""
    with file.open(encoding="utf-8", errors="replace") as there:
        head = there.read(2000)
    if text.startswith("<!doctype"):
        return 'content="sweeps report"' in head
    begins = text[: text.find(",", text.find(",") + 1)] if text.startswith("trial,") else text.partition("\n")[0]
    return head.startswith(begins)


def read_sources(folder: Path) -> Sources:
    """All that the folder says.

    Raises:
        InputError: there is no sweep, or its configuration is not there.
    """
    chronicle = read_chronicle(folder)
    record, events = chronicle.record, chronicle.begun
    config = read_config(folder, events)
    best, remark = _best(record, folder)
    file = None
    if best is not None:
        try:
            file = sweep_file(folder, events, best.generation)
        except InputError:  # of before an extension, and lost: the report says so
            file = None
    return Sources(
        folder=folder,
        chronicle=chronicle,
        space=config.space,
        sweep_yaml=sweep_file(folder, events).read_text("utf-8"),
        best=replace(best, remark=remark) if best is not None and remark else best,
        why_not="" if best is not None else _why_not(record),
        file=file,
        own_function=isinstance(config.trainer, FunctionTrainer),
        data=_data(folder),
        made=time.time(),
    )


def _best(record: SweepRecord, folder: Path) -> tuple[Best | None, str]:
    """As ``sweeps best`` has it; of a sweep that runs by values alone, since checking checkpoints takes long."""
    if record.state == "running":
        return settled_best(record, folder, usable_only=False), ""
    best = find_best(record, folder)
    if best is not None or not saves(record):
        return best, ""
    return settled_best(record, folder, usable_only=False), "no checkpoint of any trial can be used any more"


def _why_not(record: SweepRecord) -> str:
    reports = [report for trial in record.trials for report in trial.reports]
    if record.require and reports and not any(report.fits for report in reports):
        return f"No report fulfils what the sweep requires: {said(record.require)}"
    if not reports and record.state == "running":
        return f"No trial has reported yet; {causes(record)}"
    texts = dict.fromkeys(one.reason.text for one in record.trials if one.reason and one.reason.text)
    why = f": {'; '.join(list(texts)[:2])}" if texts else ""
    return f"No trial gave a result; {causes(record)}{why}"


def _data(folder: Path) -> tuple[Mapping[str, Any], ...]:
    try:
        return tuple(json.loads((folder / DATA).read_text("utf-8"))["variants"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _size(folder: Path) -> int:
    try:
        return (folder / RECORDS).stat().st_size
    except OSError:  # reading it says what is wrong
        return -1
