"""Under what circumstances rows are compared."""

from __future__ import annotations

from dataclasses import dataclass

BUDGET = 20.0  # full trainings
AT = (5.0, 10.0, 20.0)


@dataclass(frozen=True)
class Condition:
    """One way to run all rows.

    Attributes:
        workers: how many trials run at once.
        points: report points of a full training; ``None`` for as many as the data has.
        resume_cost: of a paused trial that a worker takes up, in report intervals.
        timed: intervals take the data's seconds and the budget counts them, in units of the mean full training.
        unrelated: so many more parameters change nothing.
        conditional: some parameters depend on another one; only where the data are no tables.
        small: only so many values of these parameters, the others fixed; only where the data are no tables.
        trials: how many are begun at most, which searchers are told.
        at: the budgets, in full trainings, at which tables show regret.
        earlier: so many other tasks of the set had a sweep of ours before, which rows are told.
        how: ``same`` the set, the ``other`` one, or ``negated``: the same set, but what was worst is told as best.
    """

    name: str
    title: str
    workers: int = 8
    points: int | None = None
    resume_cost: float = 0.0
    timed: bool = False
    unrelated: int = 0
    conditional: bool = False
    small: tuple[tuple[str, int], ...] = ()
    trials: int | None = None
    budget: float = BUDGET
    at: tuple[float, ...] = AT
    earlier: int = 0
    how: str = "same"

    def suits(self, measured: bool) -> bool:
        """Whether a task can be run so; ``measured``: its curves come from a surrogate with run times, not a table."""
        return measured or not (self.timed or self.conditional or self.small)


def _after(name: str, title: str, earlier: int, how: str = "same", workers: int = 8) -> Condition:
    return Condition(name, title, workers, budget=8.0, at=(1.0, 2.0, 4.0), earlier=earlier, how=how)


ALL_POINTS = Condition("a", "8 workers, every report point of the data, resuming free")
CONDITIONS = {
    condition.name: condition
    for condition in (
        ALL_POINTS,
        Condition("b-half", "10 report points, resuming costs half an interval", points=10, resume_cost=0.5, at=AT[1:]),
        Condition("b-two", "10 report points, resuming costs two intervals", points=10, resume_cost=2.0, at=AT[1:]),
        Condition("c-1", "1 worker", workers=1),
        Condition("c-4", "4 workers", workers=4),
        Condition("c-32", "32 workers", workers=32),
        Condition("d", "budget in seconds", timed=True),
        Condition("f-wide", "16 more parameters, which change nothing", unrelated=16),
        Condition("f-when", "two parameters that only count when a third says so", conditional=True),
        Condition(
            "f-small",
            "4 workers, 24 configurations and as many trials",
            workers=4,
            points=10,
            resume_cost=0.5,
            small=(("learning_rate", 6), ("max_dropout", 4)),
            trials=24,
            at=(2.0, 4.0, 8.0),
        ),
        _after("g-cold", "as (a), nothing known", 0),
        _after("g-1", "one earlier sweep", 1),
        _after("g-2", "two earlier sweeps", 2),
        _after("g-3", "three earlier sweeps", 3),
        _after("g-other", "three earlier sweeps of the other set", 3, "other"),
        _after("g-negated", "three earlier sweeps, scores negated", 3, "negated"),
        _after("g-cold-1", "one worker, nothing known", 0, workers=1),
        _after("g-3-1", "one worker, three earlier sweeps", 3, workers=1),
    )
}
# 8 workers are condition (a), and (e) is (a) as seen by the test metric: neither is run again.
GROUPS = {
    "a": ("a",),
    "b": ("b-half", "b-two"),
    "c": ("c-1", "c-4", "a", "c-32"),
    "d": ("d",),
    "e": ("a",),
    "f": ("f-wide", "f-when", "f-small"),
    # What earlier sweeps bring: `--archive`.
    "g": ("g-cold", "g-1", "g-2", "g-3", "g-other", "g-negated", "g-cold-1", "g-3-1"),
    # Peers search flat spaces: (f) compares ours with each other, and is asked for by its name.
    "all": tuple(name for name in CONDITIONS if not name.startswith(("f-", "g-"))),
}


def chosen_conditions(name: str) -> list[Condition]:
    """The conditions of a letter, or one by its own name.

    Raises:
        ValueError: there is none.
    """
    names = GROUPS.get(name, (name,))
    if not set(names) <= set(CONDITIONS):
        raise ValueError(f"no condition {name!r}; choose one of {', '.join([*GROUPS, *CONDITIONS])}")
    return [CONDITIONS[one] for one in names]
