"""Which trials a confirmation takes, with which seeds, and the sweep that repeats them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sweeps.config import from_mapping, load_sweep
from sweeps.config import read_config as read_resolved
from sweeps.errors import InputError, NoUsableTrial
from sweeps.records.record import Parent, Reason, ReportRecord, State, SweepRecord, TrialRecord
from sweeps.records.sweep_file import digest, write_config
from sweeps.search import make_searcher
from sweeps.take_home.candidates import choose, fresh_seeds
from sweeps.take_home.repeats import repeats_config
from trainer.manifest import write_manifest


def config_of(tmp_path, **settings):
    content = {
        "name": "toy",
        "trainer": {"function": "toy:train", "epochs": 3},
        "metric": {"name": "score", "goal": "maximize"},
        "method": "random",
        "parameters": {"x": {"min": 0.0, "max": 1.0}},
        "trials": 9,
        **settings,
    }
    return from_mapping(content, base=tmp_path, outside=False)


def record_of(folder, trials, *, saved=True):
    """Trials of ``id: (params, value, what else)``, each with a checkpoint."""
    made = []
    for id, (params, value, given) in trials.items():
        more = dict(given)
        where = f"trials/{id}/checkpoints/r0001"
        if saved and not more.pop("damaged", False):
            (folder / where).mkdir(parents=True, exist_ok=True)
            write_manifest(folder / where, {})
        report = ReportRecord(
            1, {"score": value}, 1, 0.0, checkpoint=where if saved else None, **more.pop("report", {})
        )
        made.append(TrialRecord(id, params, **{"state": State.FINISHED, "reports": (report,), **more}))
    return SweepRecord("toy", "score", "maximize", "finished", tuple(made))


def test_the_best_trials_that_can_be_used_are_taken(tmp_path):
    trials = {
        "t0001": ({"x": 0.1}, 0.5, {}),
        "t0002": ({"x": 0.2}, 0.9, {"state": State.DIVERGED}),
        "t0003": ({"x": 0.3}, 0.8, {"damaged": True}),
        "t0004": ({"x": 0.4}, 0.7, {}),
        "t0005": ({"x": 0.5}, 0.99, {"report": {"fits": False}}),
        "t0006": ({"x": 0.6}, 0.6, {"state": State.STOPPED, "reason": Reason("asha")}),
    }
    chosen = choose(lambda _: config_of(tmp_path), record_of(tmp_path, trials), tmp_path, 2)
    assert [(one.trial, one.value, one.stopped_early) for one in chosen.trials] == [
        ("t0004", 0.7, False), ("t0006", 0.6, True),
    ]  # fmt: skip
    every = choose(lambda _: config_of(tmp_path), record_of(tmp_path, trials), tmp_path, 9)
    assert [one.trial for one in every.trials] == ["t0004", "t0006", "t0001"]


def test_the_smallest_are_the_best_where_the_metric_is_minimized(tmp_path):
    trials = {f"t000{n}": ({"x": n / 10}, value, {}) for n, value in enumerate((0.5, 0.2, 0.9), start=1)}
    record = replace(record_of(tmp_path, trials), goal="minimize")
    assert [one.trial for one in choose(lambda _: config_of(tmp_path), record, tmp_path, 2).trials] == [
        "t0002",
        "t0001",
    ]


def test_copies_and_other_seeds_of_the_same_are_passed_over_and_said(tmp_path):
    trials = {
        "t0001": ({"x": 0.1, "seed": 1}, 0.5, {}),
        "t0002": ({"x": 0.1, "seed": 2}, 0.6, {}),
        "t0003": ({"x": 0.3, "seed": 1}, 0.9, {"parent": Parent("t0001", 1)}),
        "t0004": ({"x": 2.0, "seed": 1}, 0.8, {}),
        "t0005": ({"x": 0.2, "seed": 1}, 0.4, {}),
    }
    config = config_of(tmp_path, parameters={"x": {"min": 0.0, "max": 1.0}, "seed": [1, 2]})
    chosen = choose(lambda _: config, record_of(tmp_path, trials), tmp_path, 2)
    assert [one.trial for one in chosen.trials] == ["t0002", "t0005"]
    assert chosen.passed_over == {
        "t0003": "it is a copy of t0001@1, trained with other values before, which no training repeats",
        "t0004": "it is not in the sweep's space",
        "t0001": "it is t0002 with another seed",
    }


def test_without_one_that_can_be_repeated_there_is_nothing_to_confirm(tmp_path):
    trials = {"t0001": ({"x": 0.1}, 0.5, {"parent": Parent("t0001", 1)})}
    with pytest.raises(NoUsableTrial, match=r"no trial can be trained again; t0001: it is a copy of t0001@1"):
        choose(lambda _: config_of(tmp_path), record_of(tmp_path, trials), tmp_path, 3)


def test_seeds_are_the_least_that_the_sweep_never_used(tmp_path):
    config = config_of(tmp_path, trainer={"function": "toy:train", "seed": 2}, seed=4)
    assert fresh_seeds(config, record_of(tmp_path, {}), 4) == (1, 3, 5, 6)
    searched = config_of(tmp_path, parameters={"x": {"min": 0.0, "max": 1.0}, "seed": {"min": 1, "max": 9}}, seed=4)
    trials = {"t0001": ({"x": 0.1, "seed": 1}, 0.5, {}), "t0002": ({"x": 0.1, "seed": 3}, 0.5, {})}
    assert fresh_seeds(searched, record_of(tmp_path, trials), 3) == (2, 5, 6)


POINTS = [{"x": 0.25, "seed": 1}, {"x": 0.5, "seed": 1}, {"x": 0.25, "seed": 2}, {"x": 0.5, "seed": 2}]
SPACES = {
    "a fixed seed": {"trainer": {"function": "toy:train", "seed": 9}},
    "a searched seed": {"parameters": {"x": {"min": 0.0, "max": 1.0}, "seed": [7, 8]}},
    "a grid": {"method": "grid", "parameters": {"x": [0.25, 0.5, 0.75]}, "trials": None, "grid_limit": 3},
    "a grid of few legal points": {
        "method": "grid",
        "trials": None,
        "parameters": {"x": [0.25, 0.5], "y": {"min": 0, "max": 5000, "distribution": "int_uniform"}},
        "constraints": ["x + y <= 1"],
        "grid_limit": 10_000,
    },
    "a constraint with the seed": {
        "parameters": {"x": {"min": 0.0, "max": 1.0}, "seed": [7, 8]},
        "constraints": ["x + seed > 6", "x < 0.9"],
    },
    "budgets and early stopping": {
        "reports": 4,
        "budget": {"trainings": 3},
        "stop_when": {"target": 0.5},
        "finish": 2,
        "early_stopping": "asha",
    },
    "a population": {"early_stopping": "pbt", "trials": 4},
}


@pytest.mark.parametrize("case", SPACES)
def test_repeats_are_a_sweep_of_exactly_these_points(tmp_path, case):
    (tmp_path / "toy.py").write_text("def train(config): ...")
    config = config_of(tmp_path, **SPACES[case])
    points = [{**point, "y": 0} if "y" in config.space.names else point for point in POINTS]
    made = repeats_config(config, "repeats-1", points)
    assert [dict(point) for point in made.points] == points
    assert made.planned == 4
    assert made.early_stopping.scheduler == "none"
    assert not made.limits.budgeted
    assert made.limits.target is None
    assert made.limits.reports == config.limits.reports
    for point in points:
        assert dict(made.trial_settings(point)) == {**config.trial_settings(point), "seed": point["seed"]}
    searcher = make_searcher(made.method, made.space, seed=made.seed, trials=made.planned, points=made.points)
    assert [dict(searcher.ask(number)) for number in (1, 2, 3, 4)] == points
    write_config(tmp_path, made)
    assert digest(read_resolved(tmp_path)) == digest(made)


def test_repeats_of_the_shared_trainer_have_the_sweeps_settings_and_rows():
    config = load_sweep("digits", {"trainer.data.split_seed": 5})
    points = [{**config.space.middle(), "seed": seed} for seed in (1, 2)]
    made = repeats_config(config, "repeats-1", points)
    for point in points:
        settings = made.trial_settings(point)
        assert settings == config.trial_settings(point)
        assert (settings["seed"], settings["data"]["split_seed"]) == (point["seed"], 5)


def test_what_is_not_there_any_more_is_refused_before_anything_starts(tmp_path):
    with pytest.raises(InputError, match=r"^the repeats: trainer\.function: "):
        repeats_config(config_of(tmp_path, trainer={"function": "gone_toy:train"}), "repeats-1", POINTS)
