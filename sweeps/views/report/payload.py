"""What the page's scripts draw from: columns of numbers, rounded to what can be seen."""

from __future__ import annotations

import math
from typing import Any

from sweeps.views.report.course import Spent, Step
from sweeps.views.report.data import ReportData
from sweeps.views.report.pareto import Pareto
from sweeps.views.report.slices import Slice

_DIGITS = 6


def payload(data: ReportData) -> dict[str, Any]:
    """Plain data for JSON. Trials are named by their place in the columns of ``trials``."""
    record = data.sources.record
    places = {row.trial: place for place, row in enumerate(data.rows)}
    best = data.answer.best if data.answer else None
    return {
        "metric": record.metric,
        "goal": record.goal,
        "winner": places.get(best.trial) if best else None,
        "params": [_param(one) for one in data.slices],
        "trials": {
            "id": [row.trial for row in data.rows],
            "state": [row.state for row in data.rows],
            "value": [_number(row.value) for row in data.rows],
            "report": [row.best_report for row in data.rows],
            "reached": [row.reached for row in data.rows],
            "seconds": [_number(row.seconds) for row in data.rows],
            "outside": [1 if row.outside else 0 for row in data.rows],
            "params": [_values(one, data) for one in data.slices],
        },
        "curves": [[[number for number, _ in curve], [_number(value) for _, value in curve]] for curve in data.curves],
        "levels": [
            {"report": one.report, "count": one.count, "values": [_number(value) for value in one.values]}
            for one in data.levels
        ],
        "level": data.level,
        "course": {
            "steps": [_step(one, places) for one in data.course.steps],
            "bests": [_step(one, places) for one in data.course.bests],
            "end": _spent(data.course.end),
        },
        "importance": [
            {"name": one.name, "share": _number(one.share), "told": one.told} for one in data.importance.shares
        ],
        "cost": [{"name": one.name, "trials": one.trials, "seconds": _number(one.seconds)} for one in data.cost.groups],
        "saved": _number(data.cost.saved),
        "fronts": {one.price: _front(one, places) for one in data.fronts if one.points and not one.alike},
    }


def _param(one: Slice) -> dict[str, Any]:
    if one.choices:
        return {"name": one.name, "short": one.short, "choices": list(one.choices)}
    return {
        "name": one.name, "short": one.short, "low": _number(one.low), "high": _number(one.high), "log": one.log,
        "whole": one.whole,
    }  # fmt: skip


def _values(one: Slice, data: ReportData) -> list[float | int | None]:
    return [_number(one.place(row.params[one.name])) if one.name in row.params else None for row in data.rows]


def _step(step: Step, places: dict[str, int]) -> list[Any]:
    return [places[step.trial], step.report, _number(step.value), *_spent(step.spent)]


def _spent(spent: Spent) -> list[float | int | None]:
    return [_number(one) for one in (spent.trials, spent.trainings, spent.device_seconds, spent.hours)]


def _front(pareto: Pareto, places: dict[str, int]) -> dict[str, Any]:
    return {
        "trial": [places[one.trial] for one in pareto.points],
        "cost": [_number(one.cost) for one in pareto.points],
        "front": [places[one.trial] for one in pareto.front],
    }


def _number(value: float | None) -> float | int | None:
    """Rounded; what is not finite has no place in a drawing."""
    if value is None or not math.isfinite(value):
        return None
    if isinstance(value, int):
        return value
    rounded = float(f"{value:.{_DIGITS}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded
