"""PBT and PB2 through the adapter: what is made of their decisions."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from search_spaces import SearchSpace
from search_spaces.parameters import Categorical, Float, Int
from sweeps.schedule import Decision
from sweeps.schedule.base import Copy
from tests.sweeps_tests.population_kit import Race, make


@pytest.mark.parametrize("name", ["pbt", "pb2"])
def test_a_copy_keeps_to_the_space_and_is_nobodys_twin(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "pb2":  # its model takes seconds; where in the box it looks does not matter here
        monkeypatch.setattr(
            "ray.tune.schedulers.pb2._select_config",
            lambda X, y, current, point, bounds, num_f: np.array([high for _, high in bounds.values()]),
        )
    steps = (Float("lr", 1e-4, 1.0, log=True), Int("n", 1, 9), Float("q", 0.0, 0.4, step=0.1))
    space = SearchSpace((*steps, Categorical("k", ["a", "b"])), ["n <= 20 * lr + 8"])
    race = Race(make(name, space=space, quantile_fraction=0.5, perturbation_interval=1), 8, space)
    race.run(12)
    assert len(race.copies) > 10
    seen = set()
    for copy in race.copies:
        assert space.contains(copy.params), copy
        assert dict(copy.params) != dict(race.params[copy.parent])
        key = (copy.parent, copy.report, str(sorted(copy.params.items())))
        assert key not in seen
        seen.add(key)


def test_where_no_other_values_are_left_nobody_is_replaced() -> None:
    space = SearchSpace((Categorical("lr", [0.1, 1.0]),))
    race = Race(make("pbt", population=4, space=space, perturbation_interval=1, quantile_fraction=0.5), 4, space)
    race.run(20)
    for copy in race.copies:
        assert copy.params["lr"] != race.params[copy.parent]["lr"]
    assert len(race.copies) == len({(copy.parent, copy.report) for copy in race.copies})


def test_what_has_no_checkpoint_is_not_copied() -> None:
    scheduler = make("pbt", perturbation_interval=1)
    race = Race(scheduler, 8)
    scheduler.saved = lambda trial, report: None  # type: ignore[method-assign]
    race.run(12)
    assert race.copies == []
    assert scheduler.sources == frozenset()


def test_before_its_grace_nobody_is_compared() -> None:
    race = Race(make("pbt", grace=6, perturbation_interval=1), 8)
    race.run(5)
    assert race.copies == []
    race.run(5)
    assert race.copies != []


def test_whoever_is_spared_trains_on_with_its_own_values() -> None:
    race = Race(make("pbt", perturbation_interval=1), 8)
    spared = None
    while spared is None:
        for trial in list(race.alive):
            if race.report(trial, max(race.scores[trial]) + 1) is Decision.REPLACE:
                race.scheduler.spare(spared := trial)
                break
    assert race.scheduler.heir(spared) is None
    assert race.scheduler.explain(spared) == ""
    assert race.scheduler._members[spared].config == {
        f"param:{name}": value for name, value in race.params[spared].items()
    }
    assert race.report(spared, max(race.scores[spared]) + 1) in Decision


def test_tunes_draws_leave_the_global_generators_alone() -> None:
    race = Race(make("pbt", perturbation_interval=1), 8)
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.random()
    random.seed(1)
    np.random.seed(1)
    race.run(5)
    assert race.copies
    assert (random.random(), np.random.random()) == expected


def test_a_ledgers_copies_are_not_decided_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed PB2 knows the values, and asks its model for nothing."""
    chosen = iter(np.linspace(0.1, 0.9, 1000))
    monkeypatch.setattr(
        "ray.tune.schedulers.pb2._select_config",
        lambda X, y, current, point, bounds, num_f: np.array([low + (high - low) * next(chosen)
                                                              for low, high in bounds.values()], dtype=np.float32),
    )  # fmt: skip
    race = Race(make("pb2", perturbation_interval=1), 8)
    past: list[tuple[Any, ...]] = []
    for _ in range(10):
        for trial in list(race.alive):
            number = max(race.scores[trial]) + 1
            decision = race.report(trial, number)
            past.append((trial, number, race.scores[trial][number], decision, race.scheduler.explain(trial)))
            if decision is Decision.REPLACE:
                past.append((race.replace(trial), race.alive[-1]))
    assert race.copies

    def refuse(*args: Any, **more: Any) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr("ray.tune.schedulers.pb2._select_config", refuse)
    again = make("pb2", perturbation_interval=1)
    ends = {copy.replaces: max(race.scores[str(copy.replaces)]) for copy in race.copies}
    again.recall({(str(copy.replaces), ends[copy.replaces]): copy for copy in race.copies})
    for number in range(1, 9):
        again.made(f"t{number:04d}", race.params[f"t{number:04d}"])
        again.start(f"t{number:04d}")
    for event in past:
        if isinstance(event[0], Copy):
            again.made(event[1], event[0].params, event[0])
            again.end(str(event[0].replaces))
            again.start(event[1])
        else:
            again.saved(event[0], event[1])
            assert (again.report(*event[:3]), again.explain(event[0])) == event[3:]
    assert again.sources == race.scheduler.sources
    assert again._tune.data.equals(race.scheduler._tune.data)


def test_a_model_that_cannot_be_fitted_replaces_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **more: Any) -> None:
        raise np.linalg.LinAlgError("not positive definite")

    monkeypatch.setattr("ray.tune.schedulers.pb2._select_config", fail)
    race = Race(make("pb2", perturbation_interval=1), 8)
    race.run(6)
    known = [copy for copy in race.copies if copy.report > 1]  # of whom enough is known to ask the model
    assert known == []
    assert len(race.alive) == 8
