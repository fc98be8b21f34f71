"""Every task on a real data set, a few hundred rows each, beside a trivial baseline."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scripts.benchmarks.search.report import write_page
from scripts.benchmarks.tasks.catalogue import build, names
from scripts.benchmarks.tasks.measure import measure
from scripts.benchmarks.tasks.problem import Places, Problem
from scripts.benchmarks.tasks.records import Records, version
from scripts.benchmarks.tasks.tables import section

CHECKOUT = Path(__file__).parents[3]


def main() -> int:
    """Run what is missing, and print a section for each problem."""
    parser = argparse.ArgumentParser(prog="scripts/benchmark_tasks", description=__doc__)
    parser.add_argument("problems", nargs="*", default=names(), help=f"of {', '.join(names())}; all by default")
    parser.add_argument("--seeds", type=int, default=3, help="seeds 1 to so many")
    parser.add_argument("--data", type=Path, default=CHECKOUT.parent / "shared" / "data", help="the folder of the sets")
    parser.add_argument("--results", type=Path, default=CHECKOUT / "bench" / "tasks.jsonl", help="results so far")
    parser.add_argument("--page", type=Path, help="a page to put the sections into: docs/tasks.md")
    parser.add_argument("--known", action="store_true", help="run nothing: report what the results so far have")
    arguments = parser.parse_args()
    scratch = arguments.results.resolve().parent / "tasks"
    places, records, found = Places(arguments.data.resolve(), scratch), Records(arguments.results), {}
    for name in arguments.problems:
        if name not in names():
            parser.error(f"there is no problem {name}: choose from {', '.join(names())}")
        try:
            problem = build(name, places)
        except FileNotFoundError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        if not arguments.known:
            _run_missing(name, problem, arguments.seeds, scratch / "cache", records)
        mine = records.of(name, version(problem))
        if None in mine and len(mine) > 1:
            found[f"tasks-{name}"] = section(name, problem, mine)
    print("\n\n".join(found.values()))
    if arguments.page:
        write_page(arguments.page, found)
    return 0


def _run_missing(name: str, problem: Problem, seeds: int, cache: Path, records: Records) -> None:
    known = records.of(name, version(problem))
    for seed in (None, *range(1, seeds + 1)):
        if seed in known:
            continue
        record = {"problem": name, "version": version(problem), **measure(problem, seed, cache)}
        records.add(record)
        what = "baseline" if seed is None else f"seed {seed}"
        print(f"{name}, {what}: {problem.metric} {record['value']:.4f}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
