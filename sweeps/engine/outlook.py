"""What one training of a sweep would be like, from its prepared data and a model that is not trained."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.engine import data_report
from sweeps.engine.carrying import fingerprint, warmed
from sweeps.engine.notes import may_overlap
from sweeps.engine.preparation import prepare
from sweeps.views.plan import Lengths, Outlook, Reports
from trainer.adapt.settings import adapts
from trainer.config import TrainConfig
from trainer.data import report
from trainer.data.report import DataReport
from trainer.errors import ConfigError
from trainer.plan import Plan
from trainer.sections import Share, Steps
from trainer.tasks import get_task
from trainer.tasks.base import Prepared


def check(config: SweepConfig) -> Outlook:
    """Prepare the data as a sweep would, build the model of the middle of the space, and say what is known then.

    Raises:
        InputError: data or a model that cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="sweepwright-") as scratch:
        kind = fingerprint(config, prepare(config, Path(scratch)))
        past = warmed(config, kind)[0].carrying.past or ()
        found = _outlook(config, Path(scratch))
        overlap = [text] if config.continues and (text := may_overlap(config)) else []
        earlier = tuple(one.name for one in past)
        return dataclasses.replace(found, earlier=earlier, warnings=(*found.warnings, *overlap))


def _outlook(config: SweepConfig, cache: Path) -> Outlook:
    if isinstance(config.trainer, FunctionTrainer):
        reports = config.limits.reports
        return Outlook(reports=Reports(reports) if reports else None)
    settings = TrainConfig.build(config.trial_settings(config.space.middle()))
    from trainer.adapt.adapted import adapt

    task = get_task(settings.task)
    try:
        prepared = task.prepare(settings, cache)
        size = task.size(settings, prepared)
        trained = adapt(task.skeleton(settings, prepared), settings).trainable if adapts(settings) else size
    except ConfigError as error:
        raise config.places.setting_error(f"trainer.{error.key}", error) from error
    data = report.read(prepared.folder)
    rows = {name: split.rows for name, split in prepared.splits.items()}
    whole = data if prepared.meta.get("windows") else None
    return Outlook(
        rows=rows if whole is None else {name: facts.rows for name, facts in whole.splits.items()},
        windows={} if whole is None else rows,
        labels=prepared.label_names,
        size=size,
        trained=trained,
        lengths=_lengths(settings, prepared, whole),
        data=data,
        warnings=tuple(data_report.warnings(settings, prepared)),
        reports=_reports(settings, prepared),
    )


def _lengths(settings: TrainConfig, prepared: Prepared, whole: DataReport | None) -> Lengths | None:
    """``whole``: the report of rows that are read in windows."""
    import numpy as np

    found = prepared.splits["train"].lengths
    if found is None:
        return None
    limit = data_report.length_limit(settings, prepared)
    assert limit is not None
    if whole is not None:
        tokens = whole.splits["train"].tokens
        return Lengths(tokens["median"], tokens["longest"], limit)
    return Lengths(int(np.median(found)), int(found.max()), limit, data_report.cut_share(prepared, limit))


def _reports(settings: TrainConfig, prepared: Prepared) -> Reports:
    plan = Plan.of(settings, prepared.splits["train"].rows)
    last = f"at epoch {plan.epoch(plan.total):.4g} (step {plan.total:,})"
    return Reports(len(plan.report_steps()), _interval(settings.report_every), last)


def _interval(every: float | Steps | Share) -> str:
    if isinstance(every, Steps):
        return f"every {every.steps} steps"
    if isinstance(every, Share):
        return f"every {every.fraction:.4g} of the training"
    return "every epoch" if every == 1 else f"every {every:g} epochs"
