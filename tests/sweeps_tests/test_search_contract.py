"""Every searcher passes the conformance suite; methods and their errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from search_spaces import SearchSpace
from sweeps.errors import InputError
from sweeps.search import METHODS, Searcher, WithPriors, make_searcher
from tests.conformance.search_suite import RUNGS, SearcherSuite
from tests.conformance.spaces import TINY


class TestRandom(SearcherSuite):
    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("random", space, seed=seed)


class TestGrid(SearcherSuite):
    seeded = False

    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("grid", space, seed=seed)


class TestBayesianWithRungs(SearcherSuite):
    learns = True

    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("bayesian", space, seed=seed, rungs=RUNGS)


@pytest.mark.slow
class TestTpeWithoutRungs(SearcherSuite):
    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("tpe", space, seed=seed)


class TestGp(SearcherSuite):
    learns = True
    trials = 16  # a quarter of them by the model, which is what takes its time

    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("gp", space, seed=seed, rungs=RUNGS)


@pytest.mark.slow
class TestGpWithoutRungs(SearcherSuite):
    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("gp", space, seed=seed)


class TestEnsemble(SearcherSuite):
    learns = True
    trials = 18

    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("ensemble", space, seed=seed, rungs=RUNGS)


class TestSobol(SearcherSuite):
    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("sobol", space, seed=seed)


class TestPriors(SearcherSuite):
    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return WithPriors(make_searcher("sobol", space, seed=seed), space, seed=seed)


def test_every_method_has_a_searcher() -> None:
    assert all(isinstance(make_searcher(method, TINY, seed=1), Searcher) for method in METHODS)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InputError, match="choose one of auto, grid, random"):
        make_searcher("bayes", TINY, seed=1)


@pytest.fixture(scope="module")
def elsewhere() -> list[list[str]]:
    """What two other processes make of each method; a process for all of them, since its imports are what costs."""
    code = (
        "from tests.conformance.search_driver import recorded_events\n"
        "from tests.conformance.spaces import MIXED\n"
        "from sweeps.search import METHODS, make_searcher\n"
        "for method in METHODS:\n"
        "    print(recorded_events(make_searcher(method, MIXED, seed=2, rungs=(1, 3, 9)), MIXED, 14))"
    )
    command, root = [sys.executable, "-c", code], Path(__file__).parents[2]
    outputs = []
    for salt in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": salt}
        done = subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True)
        outputs.append(done.stdout.splitlines())
    return outputs


@pytest.mark.parametrize("method", METHODS)
def test_suggestions_are_the_same_in_every_process(method: str, elsewhere: list[list[str]]) -> None:
    one, other = (lines[METHODS.index(method)] for lines in elsewhere)
    assert one == other
    assert one.count("'ask'") == 14
