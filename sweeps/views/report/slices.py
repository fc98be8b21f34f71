"""Each parameter by itself: where the best trials lie."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.choices import Categorical
from search_spaces.parameters import Int, Parameter
from search_spaces.space import SearchSpace
from sweeps.records.record import SweepRecord, TrialRecord
from sweeps.views.report.importance import FEWEST_TOP, TOP, ranked
from sweeps.views.text import short_names, short_number


@dataclass(frozen=True)
class Slice:
    """A parameter: its axis, and in words where the best trials have it.

    ``choices`` are the labels of a categorical one, in order; else ``low`` and ``high`` are the axis's ends.
    """

    name: str
    short: str
    choices: tuple[str, ...]
    low: float
    high: float
    log: bool
    whole: bool
    sentence: str
    parameter: Parameter

    def place(self, value: Any) -> float | int | None:
        """Where a value stands on the axis: a number, or which choice it is; ``None`` where it is none of these."""
        if self.choices:
            label = label_of(value)
            return self.choices.index(label) if label in self.choices else None
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return value if number and (value > 0 or not self.log) else None


def label_of(value: Any) -> str:
    """A choice as a label, each another one: texts as they are, unless they look like something else."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def slices_of(record: SweepRecord, space: SearchSpace) -> tuple[Slice, ...]:
    """Of every parameter that varies."""
    counted = ranked(record)
    best = counted[: max(math.ceil(TOP * len(counted)), FEWEST_TOP)]
    shorts = short_names(parameter.name for parameter in space.searched)
    inside = [trial for trial in record.trials if not trial.outside]
    return tuple(_slice(parameter, shorts[parameter.name], inside, counted, best) for parameter in space.searched)


def _slice(
    parameter: Parameter,
    short: str,
    trials: Sequence[TrialRecord],
    counted: Sequence[TrialRecord],
    best: Sequence[TrialRecord],
) -> Slice:
    values = [trial.params[parameter.name] for trial in best if parameter.name in trial.params]
    if isinstance(parameter, Categorical):
        labels = tuple(label_of(choice) for choice in parameter.choices)
        sentence = _of_choices(values, len(best), len(best) < len(counted))
        return Slice(parameter.name, short, labels, 0, len(labels) - 1, False, False, sentence, parameter)
    low, high = (float(end) for end in parameter.ends)
    # A normal distribution has no ends: the axis has room for what was drawn.
    drawn = [float(trial.params[parameter.name]) for trial in trials if parameter.name in trial.params]
    low, high = min([low, *drawn]), max([high, *drawn])
    log = bool(getattr(parameter, "log", False)) and low > 0
    sentence = _of_numbers([float(value) for value in values], len(best), len(best) < len(counted))
    return Slice(parameter.name, short, (), low, high, log, isinstance(parameter, Int), sentence, parameter)


def _of_numbers(values: Sequence[float], best: int, some: bool) -> str:
    if not values:
        return "inactive in the best trials" if best else "no result yet"
    low, high = short_number(min(values)), short_number(max(values))
    where = f"at {low}" if low == high else f"between {low} and {high}"
    return f"the best {best} trials have it {where}" if some else f"the trials have it {where}"


def _of_choices(values: Sequence[Any], best: int, some: bool) -> str:
    if not values:
        return "inactive in the best trials" if best else "no result yet"
    counts = Counter(label_of(value) for value in values)
    said = ", ".join(f"{count} {'have' if count > 1 else 'has'} {label}" for label, count in counts.most_common(4))
    return f"of the best {best} trials {said}" if some else f"of the trials {said}"
