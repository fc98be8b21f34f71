"""What ``sweeps run`` says at its end, and the exit code that goes with it."""

from __future__ import annotations

from pathlib import Path

from sweeps.errors import Exit
from sweeps.records.record import SweepRecord
from sweeps.take_home.best import causes, find_best
from sweeps.views.text import short_params
from trainer.requirement import said


def summary(folder: Path, record: SweepRecord, code: Exit) -> tuple[str, Exit]:
    """Lines for a person, and the exit code; a finished sweep without a usable trial is not done."""
    best = find_best(record, folder)
    lines = [f"{record.name}: {record.state}; {causes(record)}; {record.seconds:.1f} s"]
    if best is not None:
        params = " ".join(short_params(best.params))
        note = f" ({best.note})" if best.note else ""
        lines.append(f"best: {best.trial} {best.metric}={best.value:.6g} at report {best.report}{note}  {params}")
    if code in {Exit.INTERRUPTED, Exit.TERMINATED, Exit.FAILED}:
        lines.append(f"go on with: sweeps resume {folder}")
    elif best is None:
        code = Exit.NO_USABLE_TRIAL
        if record.require and any(trial.reports for trial in record.trials):
            lines.append(f"no report fulfils what the sweep requires: {said(record.require)}")
            return "\n".join(lines), code
        reasons = {trial.reason.text: None for trial in record.trials if trial.reason and trial.reason.text}
        lines += [f"  {text}" for text in list(reasons)[:3]]
        lines.append(f"no trial gave a result; their logs are in {folder / 'trials'}")
    elif best.checkpoint is not None:
        lines.append(f"take it home: sweeps export {folder} OUT")
    return "\n".join(lines), code
