"""Importance: equal to Optuna's, blind to budgets, and able to tell itself from chance."""

from __future__ import annotations

import dataclasses
import random
import warnings

import numpy as np
import optuna
import pytest
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import create_trial

from search_spaces import SearchSpace
from search_spaces.parameters import Categorical, Float, Int
from sweeps.records.record import Parent, Reason, ReportRecord, State, SweepRecord, TrialRecord
from sweeps.views.optuna_trials import distributions_of
from sweeps.views.report.importance import FEWEST, importance_of, ranked
from sweeps.views.report.ped_anova import column_of, importances

SPACE = SearchSpace(
    [
        Float("lr", 1e-5, 1e-1, log=True),
        Float("drop", 0.0, 0.5, step=0.1),
        Int("layers", 1, 4),
        Int("hidden", 16, 512, log=True),
        Categorical("opt", ["adamw", "sgd", "lion"]),
        Float("momentum", 0.0, 1.0, when={"opt": "sgd"}),
    ]
)


def sampled(count, seed=0):
    rng = random.Random(seed)
    return [SPACE.sample(rng) for _ in range(count)]


@pytest.mark.parametrize(("count", "quantile"), [(12, 0.4), (60, 0.2), (300, 0.1)])
def test_it_is_optunas(count, quantile):
    found = sampled(count, seed=count)
    values = [
        abs(SPACE["lr"].to_unit(one["lr"]) - 0.6) + 0.1 * one["layers"] + 0.3 * one.get("momentum", 0.2)
        for one in found
    ]
    distributions = distributions_of(SPACE)
    study = optuna.create_study()
    study.add_trials(
        [
            create_trial(params=one, distributions={name: distributions[name] for name in one}, value=value)
            for one, value in zip(found, values, strict=True)
        ]
    )
    top = np.zeros((1, count), dtype=bool)
    top[0, np.argsort(values)[: int(np.ceil(quantile * count))]] = True
    columns = [column_of(p, [(one[p.name],) if p.name in one else None for one in found]) for p in SPACE]
    ours = dict(zip(SPACE.names, importances(columns, top)[:, 0], strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = PedAnovaImportanceEvaluator(target_quantile=quantile).evaluate(study)
    assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-12)


def trial(number, params, values, state=State.FINISHED, **fields):
    reports = tuple(ReportRecord(place, {"acc": value}, 1, 0.0) for place, value in enumerate(values, 1))
    return TrialRecord(f"t{number:04}", params, state, Reason("x"), reports, 1, 1.0, **fields)


def sweep(*trials, goal="maximize"):
    return SweepRecord("toy", "acc", goal, "finished", trials)


def test_trials_are_ranked_by_how_far_they_came_before_their_values():
    params = sampled(1)[0]
    found = ranked(
        sweep(
            trial(1, params, [0.9], State.STOPPED),
            trial(2, params, [0.1, 0.2], State.STOPPED),
            trial(3, params, [0.0, 0.1, 0.1]),
            trial(4, params, [0.0, 0.3, 0.2]),
            trial(5, params, [0.3, 0.1], State.STOPPED),
            trial(6, params, [0.99], State.FAILED),
            trial(7, params, [], State.DIVERGED),
            trial(8, params, [], State.PENDING),
            trial(9, params, [0.5], State.FINISHED, outside="of before"),
        )
    )
    assert [one.id for one in found] == ["t0004", "t0003", "t0005", "t0002", "t0001", "t0007"]


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_what_matters_is_told_from_what_does_not(goal):
    sign = 1 if goal == "maximize" else -1
    found = importance_of(
        sweep(
            *(trial(n, one, [sign * -abs(SPACE["lr"].to_unit(one["lr"]) - 0.6)]) for n, one in enumerate(sampled(80))),
            goal=goal,
        ),
        SPACE,
    )
    first = found.shares[0]
    assert (first.name, first.told) == ("lr", True)
    assert first.share > 0.6
    assert sum(one.share for one in found.shares) == pytest.approx(1.0)
    assert sum(one.told for one in found.shares) <= 2
    assert "what mattered most is lr" in found.sentence


def test_noise_alone_is_told_from_chance_about_as_rarely_as_promised():
    told = 0
    for seed in range(20):
        rng = random.Random(seed)
        found = importance_of(sweep(*(trial(n, one, [rng.random()]) for n, one in enumerate(sampled(40, seed)))), SPACE)
        told += sum(one.told for one in found.shares)
    assert told <= 14  # of 120, where 6 are to be expected


def test_few_trials_are_too_few_and_say_so():
    found = importance_of(sweep(*(trial(n, one, [0.5]) for n, one in enumerate(sampled(FEWEST - 1)))), SPACE)
    assert not found.shares
    assert found.why_not == f"importance needs {FEWEST} trials with a result, and there are {FEWEST - 1}"
    few = importance_of(sweep(*(trial(n, one, [n]) for n, one in enumerate(sampled(20)))), SPACE)
    assert "few trials (20)" in few.cautions[0]


def test_copies_and_stopped_trials_are_cautioned_about():
    trials = [trial(n, one, [n], State.STOPPED) for n, one in enumerate(sampled(70))]
    trials[3] = dataclasses.replace(trials[3], parent=Parent("t0001", 1))
    found = importance_of(sweep(*trials), SPACE)
    assert any("stopped early" in one for one in found.cautions)
    assert any("another one's checkpoint" in one for one in found.cautions)


def test_a_space_of_one_value_and_an_absent_parameter():
    space = SearchSpace(
        [Int("one", 3, 3), Categorical("kind", ["a"]), Float("x", 0, 1), Float("never", 0, 1, when={"kind": "a"})]
    )
    trials = [trial(n, {"one": 3, "kind": "a", "x": n / 20}, [n]) for n in range(20)]
    found = {one.name: one.share for one in importance_of(sweep(*trials), space).shares}
    assert found == {"one": 0.0, "kind": 0.0, "x": 1.0}
