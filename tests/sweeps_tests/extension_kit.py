"""Sweeps without Ray that are extended: with the files and the lines of the ledger that the engine writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig
from sweeps.config.extending import Changes
from sweeps.engine.schedulers import scheduler_of
from sweeps.records.sweep_file import finish_switch, read_config, write_config
from sweeps.study import Study
from sweeps.study.extension import Extension, plan_extension, write_down
from tests.sweeps_tests.study_kit import Clock, MortalLedger, begin, facts_of, play, sweep_config


def first(folder: Path, **settings: Any) -> SweepConfig:
    """The sweep's configuration, with its module and its file in the folder ``sweep`` of ``folder``."""
    (folder / "toy.py").write_text("def train(config): ...\n")
    config = sweep_config(folder, **settings)
    (folder / "sweep").mkdir(exist_ok=True)
    write_config(folder / "sweep", config)
    return config


def ended(
    config: SweepConfig, folder: Path, *, steps: int | None = None, lines: int | None = None, **how: Any
) -> Study:
    """The sweep played to its end, or for so many steps and then interrupted."""
    study, ledger = begin(config, folder / "sweep", lines)
    with ledger:
        finish(study, steps=steps, **how)
    return study


def finish(study: Study, *, steps: int | None = None, **how: Any) -> None:
    from sweeps.records.record import Reason

    play(study, steps=steps, **how)
    if steps is None:
        study.close()
        study.write("sweep_end", state="finished")
    else:
        study.interrupt(Reason("interrupted", "by a signal"))
        study.write("sweep_end", state="interrupted")


def open_ledger(folder: Path, lines: int | None = None) -> MortalLedger:
    ledger = MortalLedger.open(folder / "sweep", create=False)
    assert isinstance(ledger, MortalLedger)
    ledger.lines = lines
    ledger._clock = Clock()
    finish_switch(folder / "sweep", ledger.past)
    return ledger


def begin_extension(folder: Path, changes: Changes, lines: int | None = None) -> tuple[Extension, Study, MortalLedger]:
    """A driver that extends, as the engine does it."""
    ledger = open_ledger(folder, lines)
    try:
        extension = plan_extension(folder / "sweep", ledger.past, changes)
        facts = facts_of(extension.config, ledger, extension.planned)
        write_down(extension, folder / "sweep", ledger, facts)
        config = extension.config
        study = Study(config, folder / "sweep", ledger, clock=Clock(), scheduler=scheduler_of(config))
        study.replay(ledger.past)
        study.tidy()
    except BaseException:
        ledger.close()
        raise
    return extension, study, ledger


def extend(folder: Path, *changes: str, steps: int | None = None, lines: int | None = None, **how: Any) -> Study:
    """The sweep extended and played to its end, or for so many steps and then interrupted."""
    _, study, ledger = begin_extension(folder, changes, lines)
    with ledger:
        finish(study, steps=steps, **how)
    return study


def resume(folder: Path, *, steps: int | None = None, lines: int | None = None, **how: Any) -> Study:
    """Another driver on what one left."""
    open_ledger(folder).close()
    study, ledger = begin(read_config(folder / "sweep"), folder / "sweep", lines)
    with ledger:
        finish(study, steps=steps, **how)
    return study
