"""The same tasks in spaces of another kind: with parameters that change nothing, or with some that depend on others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.benchmarks.search.problem import Table
from scripts.benchmarks.search.replay import Replay
from search_spaces import Categorical, Float, SearchSpace
from search_spaces.parameters import Parameter
from sweeps.search import Params

UNRELATED = "unrelated_"
SWITCH = "regularised"
# Of lcbench; without them a network is trained with their least values. A table of curves has no rows like that.
SWITCHED = ("weight_decay", "max_dropout")


@dataclass(frozen=True)
class Reshaped:
    """A problem as seen from another space.

    Attributes:
        space: what a searcher searches.
        inner: the curves.
        absent: values of parameters that a configuration may lack.
    """

    space: SearchSpace
    inner: Replay
    absent: dict[str, Any] = field(default_factory=dict)

    @property
    def reports(self) -> int:
        """Of a full training."""
        return self.inner.reports

    @property
    def training(self) -> float:
        """What a full training takes."""
        return self.inner.training

    def score(self, params: Params, report: int) -> float:
        """See `Replay.score`."""
        return self.inner.score(self._whole(params), report)

    def seconds(self, params: Params, report: int) -> float:
        """See `Replay.seconds`."""
        return self.inner.seconds(self._whole(params), report)

    def regrets(self, params: Params, report: int) -> tuple[float, float]:
        """See `Replay.regrets`."""
        return self.inner.regrets(self._whole(params), report)

    def is_top(self, score: float) -> bool:
        """See `Replay.is_top`."""
        return self.inner.is_top(score)

    def _whole(self, params: Params) -> Params:
        return {**self.absent, **params}


class ReshapedTable(Reshaped):
    """A table's: what is unrelated stays as it was suggested."""

    def place(self, params: Params) -> Params | None:
        """The nearest unused row's configuration, used from here on."""
        assert isinstance(self.inner, Table)
        row = self.inner.place(params)
        return None if row is None else {**{n: v for n, v in params.items() if n.startswith(UNRELATED)}, **row}


def reshaped(
    inner: Replay, *, unrelated: int = 0, conditional: bool = False, small: Sequence[tuple[str, int]] = ()
) -> Reshaped:
    """``inner`` with so many more parameters that change nothing, with some that have a condition, or ``small``: only
    so many values of these parameters, at even places of their ranges, and the others fixed in the middle.

    Raises:
        ValueError: conditions, or a small space, were asked for of a table.
    """
    more: list[Parameter] = [Float(f"{UNRELATED}{number}", 0.0, 1.0) for number in range(1, unrelated + 1)]
    given: Sequence[Parameter] = list(inner.task.space)
    kind = ReshapedTable if isinstance(inner, Table) else Reshaped
    if not (conditional or small):
        return kind(SearchSpace([*more, *given]), inner)
    if isinstance(inner, Table):
        raise ValueError(f"{inner.task.name}: a table has no rows without some of its parameters, or in between")
    if small:
        values = dict(small)
        return kind(SearchSpace([Categorical(p.name, _values(p, values.get(p.name, 1))) for p in given]), inner)
    conditioned = [_when(p) if p.name in SWITCHED else p for p in given]
    absent = {p.name: p.ends[0] for p in given if p.name in SWITCHED}
    return kind(SearchSpace([*more, Categorical(SWITCH, ["no", "yes"]), *conditioned]), inner, absent)


def _values(parameter: Parameter, count: int) -> list[Any]:
    return [parameter.from_unit((place + 0.5) / count) for place in range(count)]


def _when(parameter: Parameter) -> Parameter:
    assert isinstance(parameter, Float)
    return Float(parameter.name, parameter.low, parameter.high, log=parameter.log, when={SWITCH: "yes"})
