"""What a new sweep takes over from earlier ones, and what it leaves for later ones."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.config.past import PastSweep, PastTrial, usable
from sweeps.engine.preparation import Variant
from sweeps.errors import InputError
from sweeps.records.archive import Archive, Fingerprint, Remembered, archive_folder
from sweeps.records.builder import read_sweep
from sweeps.records.likeness import FEWEST, alike, shared
from sweeps.records.record import State, SweepRecord
from sweeps.records.sweep_file import read_config
from sweeps.schedule import make_scheduler
from sweeps.search import choose
from sweeps.search.base import Outcome
from sweeps.search.rung_scores import RungScores
from trainer.config import TrainConfig

MOST_SWEEPS = 4  # of the archive that a new sweep begins with
MOST_TRIALS = 120  # of each
_MOST_VALUES = 6000  # of all of them together, in a file that people look into
_ARCHIVED_TRIALS = 300
# Methods that learn; whoever asks for draws or a grid gets what he asked for.
_LEARNING = ("auto", "ensemble", "gp", "tpe", "bayesian")
# What a model's own configuration says of its kind and size.
_MODEL_FACTS = ("model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "image_size")


def fingerprint(config: SweepConfig, variants: Sequence[Variant]) -> Fingerprint:
    """What kind of sweep it is."""
    if isinstance(config.trainer, FunctionTrainer):
        return Fingerprint(config.trainer.function)
    settings = variants[0].settings if variants else config.trainer
    return Fingerprint(settings.task, _model_facts(settings), _data_facts(variants[0]) if variants else {})


def warmed(config: SweepConfig, kind: Fingerprint, own: str = "") -> tuple[SweepConfig, list[str]]:
    """The configuration with the earlier sweeps that it begins with, frozen; and a line that says which.

    Those of ``warm_start`` come first, then what the archive has of a like kind. A configuration in which they are
    frozen already stays as it is. ``own`` is the id of the sweep itself, where it has one: nobody learns from himself.

    Raises:
        InputError: a folder of ``warm_start`` is no sweep, or has nothing that fits.
    """
    carrying = config.carrying
    if carrying.past is not None:
        return config, list(_said(carrying.past, "archive: off" if carrying.archive else ""))
    asked = [_asked_for(config, folder) for folder in carrying.warm_start]
    known = {own, *(one.id for one in asked)}
    found = _remembered(config, kind, known)
    both = (*asked, *found)
    most = min(MOST_TRIALS, _MOST_VALUES // max(len(both) * (len(config.space.searched) + 3), 1))
    past = tuple(_telling(one, config, most) for one in both)
    lines = [*_said(past[: len(asked)], ""), *_said(past[len(asked) :], "archive: off")]
    return dataclasses.replace(config, carrying=dataclasses.replace(carrying, past=past)), lines


def remember(config: SweepConfig, record: SweepRecord, kind: Fingerprint) -> str:
    """Put a finished sweep into the archive; what to say where that fails. Nothing depends on it."""
    folder = archive_folder()
    if not config.carrying.archive or folder is None or config.continues:
        return ""
    past = past_of(config, record)
    if len(past.trials) < FEWEST:
        return ""
    longest = sorted(range(len(past.trials)), key=lambda place: -max(past.trials[place].scores))
    trials = tuple(past.trials[place] for place in sorted(longest[:_ARCHIVED_TRIALS]))
    kept = dataclasses.replace(past, trials=trials)
    cost = {name: value for name, value in dataclasses.asdict(record.cost).items() if math.isfinite(value)}
    try:
        Archive(folder).remember(Remembered(kept, kind, time.time(), cost))
    except (OSError, ValueError, TypeError) as error:
        return f"this sweep is not remembered for later ones: {error}"
    return ""


def past_of(config: SweepConfig, record: SweepRecord) -> PastSweep:
    """What a sweep came to, as later ones use it: of each trial its scores at the rungs at which it was compared, and
    its best if it trained to its end. Copies of other trials, failed ones, and reports that break the sweep's bounds
    are left out."""
    sign = 1.0 if record.goal == "maximize" else -1.0
    scores = RungScores(make_scheduler(config.early_stopping.scheduler, **config.scheduling).rungs)
    originals = [trial for trial in record.trials if trial.parent is None]
    for number, trial in enumerate(originals):
        scores.begin(number)
        for report in trial.reports:
            if report.fits and record.metric in report.metrics:
                scores.report(number, report.number, sign * report.metrics[record.metric])
        if trial.state in {State.FAILED, State.DIVERGED}:
            scores.end(number, Outcome.FAILED)
        elif trial.state is State.FINISHED:
            scores.end(number, Outcome.FINISHED)
    trials = [
        PastTrial(trial.params, {rung: sign * score for rung, score in scores.trials[number].values.items()})
        for number, trial in enumerate(originals)
    ]
    return PastSweep(record.id, record.name, record.metric, record.goal, tuple(one for one in trials if one.scores))


def _asked_for(config: SweepConfig, folder: Path) -> PastSweep:
    """A sweep of ``warm_start``."""
    try:
        past = past_of(read_config(folder), read_sweep(folder))
    except InputError as error:
        raise config.places.error("warm_start", f"{folder}: {error.message}", error.mend) from None
    if not usable(past.trials, config.space) or not shared(past.trials, config.space):
        message = f"{folder}: none of its {len(past.trials)} trials with a result fits the parameters of this sweep"
        raise config.places.error("warm_start", message, "leave it out, or widen the ranges")
    return past


def _remembered(config: SweepConfig, kind: Fingerprint, known: Collection[str]) -> list[PastSweep]:
    """What the archive has that suits, but for the sweeps that are ``known``."""
    folder = archive_folder()
    # What suits a model that was trained before does not suit one that was not, nor the other way round.
    if not config.carrying.archive or folder is None or not _learns(config) or config.continues:
        return []
    entries = [entry for entry in Archive(folder).read() if entry.sweep.id not in known]
    found = alike(entries, kind, config.space, config.metric.name, MOST_SWEEPS)
    return [entry.sweep for entry in found]


def _learns(config: SweepConfig) -> bool:
    if config.early_stopping.population or config.method not in _LEARNING:
        return False
    return config.method != "auto" or choose(config.space, config.planned).method != "grid"


def _telling(past: PastSweep, config: SweepConfig, most: int) -> PastSweep:
    """The sweep with at most so many trials, and of these with what the new one searches.

    Those that tell most are kept: trained longest, then the latest.
    """
    names = {parameter.name for parameter in config.space.searched}
    fitting = usable(past.trials, config.space)
    ranked = sorted(range(len(fitting)), key=lambda place: (-max(fitting[place].scores), -place))
    trials = (fitting[place] for place in sorted(ranked[:most]))
    kept = (PastTrial({n: v for n, v in one.params.items() if n in names}, one.scores) for one in trials)
    return dataclasses.replace(past, trials=tuple(kept))


def _said(past: Sequence[PastSweep], mend: str) -> Iterator[str]:
    if past:
        names = ", ".join(f"{one.name} ({len(one.trials)} trials)" for one in past)
        yield f"begins with what did well in {names}{f'; to begin from nothing: {mend}' if mend else ''}"


def _model_facts(settings: TrainConfig) -> dict[str, Any]:
    """Of a folder what its configuration says, else its name."""
    name = settings.model or settings.task
    path = Path(name) / "config.json"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        facts = {key: said[key] for key in _MODEL_FACTS if isinstance(said.get(key), str | int)}
    except (OSError, ValueError, TypeError):
        facts = {}
    return facts or {"name": Path(name).name}


def _data_facts(variant: Variant) -> dict[str, Any]:
    prepared = variant.prepared
    facts: dict[str, Any] = {"digest": prepared.folder.name, "rows": prepared.splits["train"].rows}
    if prepared.label_names:
        facts["classes"] = len(prepared.label_names)
    return facts
