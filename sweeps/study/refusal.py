"""Reports that end their trial, before anybody decides about them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sweeps.records.record import Reason, State, TrialRecord


def refusal(trial: TrialRecord, message: Mapping[str, Any], metric: str) -> tuple[State, Reason] | None:
    """How ``trial`` ends by this report, or ``None`` for one that counts: with a finite ``metric``, in its place."""
    value = message["metrics"].get(metric)
    if value is None:
        names = ", ".join(sorted(message["metrics"])) or "none at all"
        return State.FAILED, Reason("metric-missing", f"no {metric} in the report; it has {names}")
    if trial.parent is not None and message["number"] <= trial.parent.report:
        text = f"it began at report {message['number']} and not from the checkpoint of {trial.parent.text}"
        mend = "call sweeps.get_checkpoint() in the function and go on from what it gives"
        return State.FAILED, Reason("not-from-parent", f"{text}; {mend}")
    if not math.isfinite(value):
        return State.DIVERGED, Reason("diverged", f"{metric} is {value} at report {message['number']}")
    return None
