"""PBT and PB2 through the adapter: Tune's own decisions, and what is made of them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ray.tune.experiment import Trial
from ray.tune.schedulers import PopulationBasedTraining
from ray.tune.schedulers.pb2 import PB2

from search_spaces import SearchSpace
from search_spaces.parameters import Categorical, Float, Int
from sweeps.engine.make_population import make_population
from sweeps.engine.population import TunePopulation
from sweeps.schedule import Decision
from sweeps.schedule.base import Copy
from sweeps.search.seeding import stable_seed
from tests.conformance.schedule_driver import drive, recorded_curves, tell, told
from tests.conformance.schedule_suite import SchedulerSuite

LR = Float("lr", 1e-4, 1.0, log=True)
SPACE = SearchSpace((LR, Float("decay", 0.0, 1.0), Categorical("k", [1, 2, 4, 8])))
SETTINGS: dict[str, Any] = {"grace": 1, "perturbation_interval": 2, "quantile_fraction": 0.25}
PBT = {**SETTINGS, "resample_probability": 0.25, "perturbation_factors": (1.2, 0.8)}


def make(name: str, population: int = 8, space: SearchSpace = SPACE, **settings: Any) -> TunePopulation:
    base = PBT if name == "pbt" else SETTINGS
    mutate = tuple(one.name for one in space if name == "pbt" or not isinstance(one, Categorical))
    return make_population(name, space, population=population, seed=5, **{"mutate": mutate, **base, **settings})


class Race:
    """A population that trains in turn, each trial a report at a time; copies take over their parent's score."""

    def __init__(self, scheduler: TunePopulation, size: int, space: SearchSpace = SPACE) -> None:
        self.scheduler = scheduler
        self.params: dict[str, Mapping[str, Any]] = {}
        self.scores: dict[str, dict[int, float]] = {}
        self.alive: list[str] = []
        self.copies: list[Copy] = []
        for number in range(1, size + 1):
            self.begin(f"t{number:04d}", space.sample(random.Random(number)))

    def begin(self, trial: str, params: Mapping[str, Any], copy: Copy | None = None) -> None:
        self.params[trial] = params
        self.scores[trial] = {copy.report: self.scores[copy.parent][copy.report]} if copy else {0: 0.0}
        self.scheduler.made(trial, params, copy)
        self.scheduler.start(trial)
        self.alive.append(trial)

    def gain(self, trial: str, report: int) -> float:
        rng = random.Random(f"{trial} {report}")
        return 1 - abs(math.log10(self.params[trial]["lr"]) + 2) / 4 + rng.gauss(0, 4)

    def report(self, trial: str, number: int) -> Decision:
        score = self.scores[trial][number] = self.scores[trial][number - 1] + self.gain(trial, number)
        self.scheduler.saved(trial, number)
        return self.scheduler.report(trial, number, score)

    def replace(self, trial: str) -> Copy:
        copy = self.scheduler.heir(trial)
        assert copy is not None
        assert copy.replaces == trial
        assert (copy.parent, copy.report) in self.scheduler.sources
        self.copies.append(copy)
        self.alive.remove(trial)
        self.begin(f"t{len(self.params) + 1:04d}", copy.params, copy)
        self.scheduler.end(trial)
        return copy

    def run(self, rounds: int) -> None:
        for _ in range(rounds):
            for trial in list(self.alive):
                if self.report(trial, max(self.scores[trial]) + 1) is Decision.REPLACE:
                    self.replace(trial)


class Tunes:
    """The reference: Tune's scheduler on Tune's own `Trial` objects."""

    search_alg = None

    def __init__(self, scheduler: PopulationBasedTraining) -> None:
        self.scheduler = scheduler
        self.trials: dict[str, Trial] = {}
        self.checkpoint: Any = None

    def get_trials(self) -> list[Trial]:
        return list(self.trials.values())

    def _schedule_trial_save(self, trial: Trial, result: Any = None) -> Any:
        return SimpleNamespace(trial=trial, report=result["training_iteration"])

    def pause_trial(self, trial: Trial, should_checkpoint: bool = True) -> None:
        trial.status = Trial.PAUSED

    def add(self, name: str, config: dict[str, Any]) -> None:
        trial = Trial("none", config=config, trial_id=name, stub=True)
        trial.status = Trial.RUNNING
        self.trials[name] = trial
        self.scheduler.on_trial_add(self, trial)

    def report(self, name: str, number: int, score: float, seed: int) -> tuple[int, Any, dict[str, Any]] | None:
        """The report and the trial that were copied, with the new configuration, if the trial was exploited."""
        trial = self.trials[name]
        random.seed(seed)
        np.random.seed(seed)
        self.scheduler.on_trial_result(self, trial, {"training_iteration": number, "score": score})
        if trial.status != Trial.PAUSED:
            return None
        trial.status = Trial.RUNNING
        checkpoint = trial.run_metadata.checkpoint_manager._latest_checkpoint_result.checkpoint
        return checkpoint.report, checkpoint.trial, trial.config


def test_pbt_decides_what_tunes_own_decides_on_its_own_trials() -> None:
    common = {"time_attr": "training_iteration", "metric": "score", "mode": "max", "perturbation_interval": 2}
    reference = Tunes(
        PopulationBasedTraining(
            hyperparam_mutations={
                "lr": lambda: LR.from_unit(random.random()),
                "decay": random.random,
                "k": [1, 2, 4, 8],
            },
            log_config=False,
            custom_explore_fn=lambda found: {
                **found,
                "lr": min(max(found["lr"], 1e-4), 1.0),
                "decay": min(found["decay"], 1.0),
            },
            **common,
        )
    )
    race = Race(make("pbt"), 8)
    lines = {trial: trial for trial in race.alive}  # from ours to the line that it continues, Tune's trial
    for trial in race.alive:
        reference.add(trial, dict(race.params[trial]))
    exploits = 0
    for _ in range(60):
        for trial in list(race.alive):
            number = max(race.scores[trial]) + 1
            decision = race.report(trial, number)
            seed = stable_seed(5, "pbt", trial, number)
            found = reference.report(lines[trial], number, race.scores[trial][number], seed)
            assert (decision is Decision.REPLACE) is (found is not None)
            if found is not None:
                copy = race.replace(trial)
                lines[race.alive[-1]] = lines.pop(trial)
                assert (copy.report, reference.trials[lines[copy.parent]]) == found[:2]
                assert dict(copy.params) == pytest.approx(found[2])
                exploits += 1
    assert exploits > 20


@pytest.mark.slow
def test_pb2_suggests_what_tunes_own_suggests() -> None:
    names = ("param:lr", "param:decay")
    reference = Tunes(
        PB2(
            time_attr="training_iteration",
            metric="score",
            mode="max",
            perturbation_interval=2,
            hyperparam_bounds={"param:lr": [math.log(1e-4), 0.0], "param:decay": [0.0, 1.0]},
            log_config=False,
        )
    )
    race = Race(make("pb2", population=4), 4)
    for trial in race.alive:
        reference.add(trial, {names[0]: math.log(race.params[trial]["lr"]), names[1]: race.params[trial]["decay"]})
    first = None
    while first is None:
        for trial in list(race.alive):
            number = max(race.scores[trial]) + 1
            decision = race.report(trial, number)
            seed = stable_seed(5, "pb2", trial, number)
            found = reference.report(trial, number, race.scores[trial][number], seed)
            assert (decision is Decision.REPLACE) is (found is not None)
            if found is not None:
                first = race.scheduler.heir(trial), found
                break
    copy, (report, winner, config) = first
    assert copy is not None
    assert (copy.parent, copy.report) == (winner.trial_id, report)
    if config[names[1]] != race.params[copy.parent]["decay"]:  # else too little was known, and ours is drawn
        assert math.log(copy.params["lr"]) == pytest.approx(config[names[0]], abs=1e-6)
        assert copy.params["decay"] == pytest.approx(config[names[1]], abs=1e-6)


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


class Plain(TunePopulation):
    """For a suite that knows neither parameters nor copies: a trial that is replaced is stopped."""

    def start(self, trial: str) -> None:
        if trial not in self._params:
            self.made(trial, SPACE.sample(random.Random(trial)))
        super().start(trial)

    def report(self, trial: str, report: int, score: float) -> Decision:
        self.saved(trial, report)
        decision = super().report(trial, report, score)
        return Decision.STOP if decision is Decision.REPLACE else decision


def plain(name: str) -> TunePopulation:
    made = make(name, population=40)
    made.__class__ = Plain
    return made


class TestPbt(SchedulerSuite):
    pauses = True

    def make(self) -> TunePopulation:
        return plain("pbt")


@pytest.mark.slow
class TestPb2(SchedulerSuite):
    pauses = True

    @pytest.fixture(autouse=True)
    def _no_model(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Seconds each time, and hundreds of times here; what it suggests is compared with Tune's own above.
        monkeypatch.setattr(
            "ray.tune.schedulers.pb2._select_config",
            lambda X, y, current, point, bounds, num_f: np.random.uniform(*np.array(list(bounds.values())).T),
        )

    def make(self) -> TunePopulation:
        return plain("pb2")

    def test_a_ledger_read_again_at_any_point_gives_the_same_decisions_and_candidates(self) -> None:
        log = drive(self.make(), recorded_curves())
        for cut in (50, 300):  # each takes seconds: it keeps its data in tables
            resumed = self.make()
            for event, answer in told(log[:cut]):
                assert tell(resumed, event) is answer
            for event, answer in log[cut:]:
                assert tell(resumed, event) == answer
