"""Drives a study from its first trial to its last: one Tuner, one ledger, whoever listens."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sweeps.config import SweepConfig
from sweeps.engine import carrying
from sweeps.engine.desk import Desk
from sweeps.engine.notes import notes
from sweeps.engine.schedulers import scheduler_of
from sweeps.engine.signals import Interrupted, Signals
from sweeps.engine.slots import Slots
from sweeps.engine.sweep_folder import start_facts
from sweeps.engine.tuning import tune_study
from sweeps.errors import Exit
from sweeps.records.archive import Fingerprint
from sweeps.records.ledger import Ledger, LedgerError
from sweeps.records.record import Reason, SweepRecord
from sweeps.study import Study
from sweeps.views.sink import Sink, Sinks
from sweeps.views.tensorboard import TensorBoardSink
from sweeps.views.trackers.process import TrackerProcess

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended: the sweep's folder, its record, and the exit code that says it."""

    folder: Path
    record: SweepRecord
    code: Exit


def drive(
    config: SweepConfig,
    folder: Path,
    ledger: Ledger,
    slots: Slots,
    sinks: Sequence[Sink],
    signals: Signals,
    told: Sequence[str] = (),
    cache: Path | None = None,
    kind: Fingerprint | None = None,
    *,
    begun: bool = False,
) -> RunOutcome:
    """Drive a sweep to its end, or until a signal or somebody ends it.

    Args:
        config: the sweep.
        folder: its folder, whose lock is held.
        ledger: open; its ``past`` is told and cleared.
        slots: how many trials at once, and what each gets.
        sinks: hear of every event.
        signals: watched already.
        told: notes for the ledger.
        cache: where prepared data lie; by default in the folder.
        kind: what finished sweeps are remembered by; ``None`` remembers nothing.
        begun: the ledger's last line says already that this driver has.

    Raises:
        LedgerError: nothing more can be written down.
    """
    board = TensorBoardSink(folder / "tensorboard", config.metric.name, config.metric.goal, config.space)
    trackers = [TrackerProcess(one, folder, len(ledger.past)) for one in config.trackers]
    everyone = Sinks([board, *trackers, *sinks])
    devices = slots.gpus or 1.0
    study = Study(config, folder, ledger, everyone, devices=devices, scheduler=scheduler_of(config))
    attempts = sum(event["event"] == "sweep" for event in ledger.past)
    since = time.monotonic()
    try:
        study.replay(ledger.past)
        ledger.past.clear()
        if not begun:
            study.write("sweep", **start_facts(config, attempts + 1, devices, study.planned, slots.count))
        if ledger.damage is not None:
            study.write("note", text=f"the ledger was damaged in line {ledger.damage.line}: {ledger.damage.text}")
        study.write("note", text=slots.chosen)
        for text in (*told, *notes(config, study.room)):
            study.write("note", text=text)
        study.tidy()
        desk = Desk(study, signals)
        desk.open()
        state, code = _run(study, desk, slots, folder, signals, cache or folder / "cache")
        study.write("sweep_end", state=state, seconds=time.monotonic() - since)
        if state == "finished" and kind and (why := carrying.remember(config, study.record, kind)):
            logger.warning(why)
    finally:
        everyone.close()
    return RunOutcome(folder, study.record, code)


def _run(study: Study, desk: Desk, slots: Slots, folder: Path, signals: Signals, cache: Path) -> tuple[str, Exit]:
    """Train until every trial is at its end or the sweep cannot go on; how it ended, and its exit code."""
    signals.install()
    signals.polled = True
    try:
        while not study.settled:
            taken = desk.taken
            tune_study(study, desk, slots, folder, signals, cache)
            desk.look()
            if not study.settled and desk.taken == taken:
                break  # Tune gave up; else it was told that all was over just before somebody asked for more
        if study.settled:
            study.close()
    except Interrupted as end:
        study.interrupt(end.reason)
        if end.code is not Exit.FAILED:
            return "interrupted", end.code
        logger.error("the sweep broke off: %s", end)
        return "failed", Exit.FAILED
    except LedgerError:
        raise  # nothing more can be written down
    except Exception as error:
        logger.error("the sweep broke off", exc_info=error)
        study.interrupt(Reason("engine", (str(error).strip() or type(error).__name__).splitlines()[-1]))
        return "failed", Exit.FAILED
    finally:
        signals.polled = False
    return ("finished", Exit.DONE) if study.settled else ("failed", Exit.FAILED)
