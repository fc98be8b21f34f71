"""TaskSet (Metz et al. 2020): a table of 1,000 Adam configurations and their curves."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from scripts.benchmarks.search.curve import Curve, Numbers, Reference, References, bests
from search_spaces import Float, SearchSpace
from sweeps.search import Params

SPACE = SearchSpace(
    [
        Float("learning_rate", 1e-8, 10.0, log=True),
        Float("one_minus_beta1", 1e-4, 1.0, log=True),
        Float("one_minus_beta2", 1e-6, 1.0, log=True),
        Float("epsilon", 1e-10, 1e3, log=True),
        Float("l1", 1e-8, 10.0, log=True),
        Float("l2", 1e-8, 10.0, log=True),
        Float("linear_decay", 1e-7, 1e-4, log=True),
        Float("exponential_decay", 1e-6, 1e-3, log=True),
    ]
)
CAP = 2.0  # a diverged run, where chance is 0.69
TOP = 10  # of 1,000


class TasksetTask:
    """One table.

    The first loss of each curve is from before training and is dropped. Losses that are NaN or above `CAP` count
    as `CAP`; should that be better than half of the table's best losses (a task with more classes, say), the cap
    is three times the median loss before training, which is what 2.0 is to chance between two classes.
    """

    family = "taskset"
    space = SPACE

    def __init__(self, path: Path) -> None:
        with gzip.open(path, "rt") as file:
            records = json.load(file)
        self.name = path.name.removesuffix(".json.gz")
        self.rows = [row_params(record["hp"]) for record in records]
        self.units: Numbers = np.array([[p.to_unit(row[p.name]) for p in SPACE] for row in self.rows])
        validation, test = (_losses(records, split) for split in ("valid", "test"))
        cap = _cap(validation)
        validation, test = (np.fmin(part, cap) for part in (validation, test))  # fmin: NaN is the cap
        self.curves = [Curve(*pair) for pair in zip(validation[:, 1:], test[:, 1:], strict=True)]
        self.reports = len(self.curves[0].validation)
        best, tested = bests(self.curves)
        top = max(1, round(len(best) * TOP / 1000))
        self.references = References(
            Reference(best.min(), float(np.median(best)), float(np.sort(best)[top - 1])),
            Reference(tested.min(), float(np.median(tested)), float(np.sort(tested)[top - 1])),
        )
        self._index = {_key(row): index for index, row in enumerate(self.rows)}

    def curve(self, params: Params) -> Curve:
        """The curve of a row of the table; a configuration that is none is a ``KeyError``."""
        return self.curves[self._index[_key(params)]]


def row_params(hp: dict[str, float]) -> dict[str, float]:
    """A record's configuration in our space, drawn in to its bounds."""
    values = {"one_minus_beta1": 1 - hp["beta1"], "one_minus_beta2": 1 - hp["beta2"], **hp}
    return {p.name: float(min(max(values[p.name], p.ends[0]), p.ends[-1])) for p in SPACE}


def _losses(records: list[dict[str, Any]], split: str) -> Numbers:
    return np.array([record[split]["loss"] for record in records], dtype=np.float64)


def _cap(validation: Numbers) -> float:
    best = np.nan_to_num(validation[:, 1:], nan=np.inf).min(axis=1)
    return CAP if np.median(best) < CAP else 3 * float(np.nanmedian(validation[:, 0]))


def _key(params: Params) -> tuple[float, ...]:
    return tuple(params[name] for name in SPACE.names)
