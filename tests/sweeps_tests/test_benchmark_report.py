"""What becomes of measurements: statistics against known values, the cache, tables, ranks, the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from scripts.benchmarks.search.cache import Cache
from scripts.benchmarks.search.conditions import CONDITIONS, chosen_conditions
from scripts.benchmarks.search.measure import Record, Unit
from scripts.benchmarks.search.ranking import ranking
from scripts.benchmarks.search.report import sections, write_page
from scripts.benchmarks.search.rows import ROWS, chosen_rows
from scripts.benchmarks.search.runner import units
from scripts.benchmarks.search.statistics import TEST, bootstrap, mean_ranks, ranks, regret_at, wilcoxon
from scripts.benchmarks.search.tables import table
from scripts.benchmarks.search.tasks import TaskPlace

PATH = [[0.5, 0.9, 0.8], [5.0, 0.4, 0.3], [12.0, 0.0, 0.1]]


def test_regret_at_a_budget_is_that_of_the_incumbent_then() -> None:
    assert [regret_at(PATH, budget) for budget in (0.1, 0.5, 4.999, 5, 20)] == [1.0, 0.9, 0.9, 0.4, 0.0]
    assert regret_at(PATH, 20, TEST) == 0.1


def test_ranks_are_those_of_scipy() -> None:
    values = [0.3, 0.1, 0.3, 0.0, 0.3, 0.1]
    assert ranks(values) == stats.rankdata(values).tolist()
    assert mean_ranks({"a": [0.1, 0.2, 0.5], "b": [0.2, 0.1, 0.5]}) == {"a": 1.5, "b": 1.5}


def test_wilcoxon_is_that_of_scipy_and_equals_do_not_differ() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.random(30), rng.random(30) + 0.2
    assert wilcoxon(one.tolist(), other.tolist()) == stats.wilcoxon(one, other).pvalue
    assert wilcoxon([0.0] * 5, [0.0] * 5) == 1.0


def test_an_interval_covers_seeds_and_tasks() -> None:
    rng = np.random.default_rng(2)
    assert bootstrap(np.full((3, 4), 0.25)) == (0.25, 0.25)
    one_task = rng.normal(0.0, 1.0, (1, 400))  # one task: the interval of a mean of 400
    low, high = bootstrap(one_task)
    assert (high - low) / 2 == pytest.approx(1.96 * one_task.std() / 20, rel=0.1)
    apart = np.arange(8.0)[:, None] + rng.normal(0, 0.01, (8, 20))  # tasks that differ: few seeds more do not help
    low, high = bootstrap(apart)
    assert high - low > 2.5
    holes = np.where(rng.random((8, 20)) < 0.3, np.nan, apart)
    assert bootstrap(holes)[0] == pytest.approx(low, abs=0.5)


def measured(row: str, regret: float, *, condition: str = "a", task: str = "x", seed: int = 1) -> Record:
    version = ROWS[row].version
    key = {"row": row, "version": version, "condition": condition, "family": "taskset", "task": task, "seed": seed}
    return {**key, "path": [[1.0, regret, regret]], "top": 7.0 if regret < 0.1 else None}


def test_what_is_in_the_cache_is_not_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "bench" / "search.jsonl"
    cache = Cache(path)
    cache.add(measured("random", 0.5))
    with path.open("a") as file:
        file.write('{"row": "random", "vers')  # killed here
    cache = Cache(path)
    cache.add(measured("random", 0.4, seed=2))
    place = TaskPlace("taskset", "x", tmp_path)
    kept = [Cache(path).get(unit) for unit in units([ROWS["random"]], [CONDITIONS["a"]], [place], 3)]
    assert [record and record["path"][0][1] for record in kept] == [0.5, 0.4, None]
    assert Cache(path).get(Unit("random", "of other sources", "a", place, 1)) is None


def test_only_tasks_with_run_times_are_measured_in_seconds(tmp_path: Path) -> None:
    places = [TaskPlace("taskset", "x", tmp_path), TaskPlace("lcbench", "1", tmp_path)]
    wanted = list(units(chosen_rows("random"), chosen_conditions("all"), places, 2))
    assert {unit.task.family for unit in wanted if unit.condition == "d"} == {"lcbench"}
    assert len(wanted) == 2 * (6 * 2 + 1)
    assert [unit.seed for unit in wanted] == sorted(unit.seed for unit in wanted)


def test_tables_and_ranks_say_what_was_measured() -> None:
    rows = chosen_rows("random,random-asha4,rungs-asha")
    records = [measured("random", 0.5 + seed / 100, seed=seed) for seed in range(8)]
    records += [measured("random-asha4", 0.01, seed=seed) for seed in range(8)]
    text = table(records, rows, CONDITIONS["a"])
    assert "| random | 0.535 (0.52 to 0.55) | 0.535 (0.52 to 0.55) | 0.535 (0.52 to 0.55) | > 20 |" in text
    assert text.splitlines()[-1].endswith("| 7.0 |")
    assert len(text.splitlines()) == 4  # nothing of a row without a measurement
    records.append(measured("random", 0.5, condition="c-1"))
    records.append(measured("random-asha4", 0.4, condition="c-1"))
    records.append(measured("rungs-asha", 0.0))
    ranked = ranking(records, rows)
    assert ranked.splitlines()[2].endswith("eta 4) | 1.00 | 0.033 |")
    assert "Over 17 cases (conditions a, c-1, e;" in ranked
    assert f"not ranked: {ROWS['rungs-asha'].label}." in ranked


def test_unknown_rows_and_conditions_are_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no row rundom; there are random, "):
        chosen_rows("random,rundom")
    with pytest.raises(ValueError, match="no condition 'z'"):
        chosen_conditions("z")
    assert [one.workers for one in chosen_conditions("c")] == [1, 4, 8, 32]


def test_a_page_keeps_its_own_words(tmp_path: Path) -> None:
    page = tmp_path / "search.md"
    page.write_text("# Search\n\nBefore.\n\n<!-- measured: a -->\nold\n<!-- end -->\n\nAfter.\n")
    new = "new \\1"
    write_page(page, {"a": new, "ranks": "ranked"})
    marks = "<!-- measured: {} -->\n{}\n<!-- end -->"
    text = f"# Search\n\nBefore.\n\n{marks.format('a', new)}\n\nAfter.\n\n{marks.format('ranks', 'ranked')}\n"
    assert page.read_text() == text
    write_page(page, {"a": new})
    assert page.read_text() == text


@pytest.mark.slow
def test_plots_are_small(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    rows = list(ROWS.values())
    records = [measured(row.name, 0.5, seed=seed) for row in rows for seed in (1, 2)]
    found = sections(records, rows, [CONDITIONS["a"]], tmp_path / "plots")
    assert list(found) == ["a", "e", "ranks"]
    assert "![Regret over budget](plots/search-a.svg)" in found["a"]
    svg = (tmp_path / "plots" / "search-a.svg").read_text()
    assert len(svg) < 60_000
    assert "Optuna" in svg  # text is text
