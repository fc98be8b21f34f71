"""Which parameters mattered, of those that can be told from chance. docs/decisions/0018 says which trials count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.space import SearchSpace
from sweeps.records.record import State, SweepRecord, TrialRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVEL = 0.05  # an importance that a random set of trials reaches as rarely is told from chance
TOP, FEWEST_TOP = 0.2, 5  # of the trials are the best ones
FEWEST = 10  # trials: with fewer nothing is worked out
FEW = 60  # trials: with fewer, shares are rough
_SETS = 200


@dataclass(frozen=True)
class Share:
    """A parameter's share of the importance of all, and how often a random set of trials gives it as much."""

    name: str
    share: float
    chance: float

    @property
    def told(self) -> bool:
        """Whether it is told from chance."""
        return self.chance <= LEVEL


@dataclass(frozen=True)
class Importance:
    """``shares`` from the largest; empty where there are too few trials, and ``why_not`` says so.

    Attributes:
        trials: how many count.
        top: how many of them are the best ones.
        copies: how many began from another trial's checkpoint.
        stopped: how many were stopped early.
    """

    shares: tuple[Share, ...]
    trials: int
    top: int
    why_not: str = ""
    copies: int = 0
    stopped: int = 0

    @property
    def sentence(self) -> str:
        """In words."""
        if self.why_not:
            return self.why_not
        told = [one for one in self.shares if one.told]
        if not told:
            return f"no parameter can be told from chance by these {self.trials} trials"
        first, *others = told
        more = f", then {', '.join(f'{one.name} ({one.share:.0%})' for one in others)}" if others else ""
        rest = [one.name for one in self.shares if not one.told]
        chance = f"; not told from chance: {', '.join(rest)}" if rest else ""
        return f"what mattered most is {first.name} ({first.share:.0%} of the importance){more}{chance}"

    @property
    def cautions(self) -> tuple[str, ...]:
        """What to keep in mind, in plain words."""
        if self.why_not:
            return ()
        said = []
        if self.trials < FEW:
            said.append(
                f"These are few trials ({self.trials}): take the shares as rough, and only the first ones as likely. "
                "With about 40, a fifth of the importance stood by the wrong parameter where the truth was known."
            )
        if any(not one.told for one in self.shares):
            said.append(
                "Parameters marked as not told from chance may matter or not: a random choice of "
                f"{self.top} trials would give them as much in more than 1 of 20 cases."
            )
        if self.stopped:
            said.append(
                "Trials that were stopped early were judged by their first reports: what matters only late in a "
                "training shows less than it should."
            )
        if self.copies:
            said.append(
                f"{self.copies} trials began from another one's checkpoint, and owe part of their values to it."
            )
        return tuple(said)


def importance_of(record: SweepRecord, space: SearchSpace) -> Importance:
    """PED-ANOVA of being among the best fifth of the trials (five at least).

    Values at different budgets are never compared: finished trials come first, by their best values; then all others
    by how far they came, and among those that came equally far by their best values; diverged ones come last. Failed
    ones, those without a report and those outside of the present space do not count.
    """
    counted = ranked(record)
    top = max(math.ceil(TOP * len(counted)), FEWEST_TOP)
    searched = [parameter for parameter in space.searched if any(parameter.name in one.params for one in counted)]
    if len(counted) < FEWEST:
        why = f"importance needs {FEWEST} trials with a result, and there are {len(counted)}"
        return Importance((), len(counted), 0, why)
    if not searched:
        return Importance((), len(counted), 0, "no parameter varies")
    from sweeps.views.report.ped_anova import column_of, importances

    values = [[(one.params[p.name],) if p.name in one.params else None for one in counted] for p in searched]
    columns = [column_of(parameter, column) for parameter, column in zip(searched, values, strict=True)]
    found = importances(columns, _sets(len(counted), top))
    seen, by_chance = found[:, 0], found[:, 1:]
    chance = (1 + (by_chance >= seen[:, None] * (1 - 1e-9)).sum(axis=1)) / (1 + by_chance.shape[1])
    whole = float(seen.sum()) or 1.0
    shares = [
        Share(parameter.name, float(value) / whole, float(p))
        for parameter, value, p in zip(searched, seen, chance, strict=True)
    ]
    return Importance(
        tuple(sorted(shares, key=lambda one: (not one.told, -one.share))),
        len(counted),
        top,
        copies=sum(one.parent is not None for one in counted),
        stopped=sum(one.state is State.STOPPED for one in counted),
    )


def ranked(record: SweepRecord) -> list[TrialRecord]:
    """The trials that count, the best first."""
    sign = 1.0 if record.goal == "minimize" else -1.0

    def rank(trial: TrialRecord) -> tuple[float, float]:
        best = trial.best(record.metric, record.goal)
        if best is None or trial.state is State.DIVERGED:
            return (math.inf, 0.0)
        reached = math.inf if trial.state is State.FINISHED else trial.reached
        return (-reached, sign * best.metrics[record.metric])

    return sorted((trial for trial in record.trials if _counts(trial, record)), key=rank)


def _counts(trial: TrialRecord, record: SweepRecord) -> bool:
    if trial.outside or trial.state is State.FAILED:
        return False
    return trial.state is State.DIVERGED or trial.best(record.metric, record.goal) is not None


def _sets(trials: int, top: int) -> NDArray[np.bool_]:
    """The first ``top``, and as many by chance, many times; the same ones whenever asked."""
    import numpy as np

    rng = np.random.default_rng(0)
    sets = np.zeros((1 + _SETS, trials), dtype=np.bool_)
    sets[0, :top] = True
    for one in sets[1:]:
        one[rng.choice(trials, top, replace=False)] = True
    return sets
