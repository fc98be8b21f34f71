"""All that a report says, as data: worked out once, whatever it is written as."""

from __future__ import annotations

from dataclasses import dataclass

from sweeps.views.report.answer import Answer, answer_of
from sweeps.views.report.cost import Cost, cost_of
from sweeps.views.report.course import Course, course_of
from sweeps.views.report.curves import Level, curves_of, levels_of, usual_level
from sweeps.views.report.importance import Importance, importance_of
from sweeps.views.report.pareto import Pareto, pareto_of
from sweeps.views.report.slices import Slice, slices_of
from sweeps.views.report.sources import Sources
from sweeps.views.report.trials import Row, rows_of


@dataclass(frozen=True)
class ReportData:
    """A sweep, understood.

    ``curves`` are in the order of the ``rows``, which are the trials; ``level`` is the place among the ``levels`` that
    slices and contours begin with.
    """

    sources: Sources
    answer: Answer | None
    course: Course
    rows: tuple[Row, ...]
    curves: list[list[tuple[int, float]]]
    levels: tuple[Level, ...]
    level: int
    importance: Importance
    slices: tuple[Slice, ...]
    cost: Cost
    fronts: tuple[Pareto, ...]


def report_data(sources: Sources) -> ReportData:
    """Everything, from what was read."""
    record = sources.record
    levels = levels_of(record)
    return ReportData(
        sources=sources,
        answer=answer_of(sources),
        course=course_of(sources),
        rows=rows_of(record),
        curves=curves_of(record),
        levels=levels,
        level=usual_level(levels),
        importance=importance_of(record, sources.space),
        slices=slices_of(record, sources.space),
        cost=cost_of(sources),
        fronts=(pareto_of(sources, "seconds"), pareto_of(sources, "trainable")),
    )
