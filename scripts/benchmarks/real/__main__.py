"""Real sweeps with a budget of a few trainings: ours, and Ray Tune as its documentation teaches it."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from scripts.benchmarks.real.contenders import CONTENDERS, run
from scripts.benchmarks.real.problems import Problem, banking77, digits
from scripts.benchmarks.real.records import Record, Records, version
from scripts.benchmarks.real.scoring import test_metrics
from scripts.benchmarks.real.tables import section
from scripts.benchmarks.search.report import write_page

CHECKOUT = Path(__file__).parents[3]


def main() -> int:
    """Run what is missing, and print a table for each data set."""
    parser = argparse.ArgumentParser(prog="scripts/benchmark_real", description=__doc__)
    parser.add_argument("sets", nargs="*", default=["digits", "banking77"], help="digits, banking77; both by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trainings", type=float, default=6, help="the budget of each sweep")
    parser.add_argument("--data", type=Path, default=CHECKOUT.parent / "shared" / "data")
    parser.add_argument("--results", type=Path, default=CHECKOUT / "bench" / "real.jsonl", help="results so far")
    parser.add_argument("--page", type=Path, help="a page to put the tables into: docs/search.md")
    parser.add_argument("--known", action="store_true", help="run nothing: report what the results so far have")
    arguments = parser.parse_args()
    records, found = Records(arguments.results), {}
    for name in arguments.sets:
        problem = _problem(name, arguments.data.resolve(), arguments.results.resolve().parent / "real", parser)
        if problem is None:
            continue
        edition = version(problem, arguments.trainings)
        if not arguments.known:
            _run_missing(problem, edition, arguments, records)
        if mine := records.of(name, edition):
            found[f"real-{name}"] = section(problem, mine)
    print("\n\n".join(found.values()))
    if arguments.page:
        write_page(arguments.page, found)
    return 0


def _problem(name: str, data: Path, scratch: Path, parser: argparse.ArgumentParser) -> Problem | None:
    if name == "digits":
        return digits()
    if name != "banking77":
        parser.error(f"there is no set {name}: choose from digits, banking77")
    if not (data / name).is_dir():
        print(f"{name} is left out: there is no {data / name} (--data names another folder)", file=sys.stderr)
        return None
    return banking77(data, scratch)


def _run_missing(problem: Problem, edition: str, arguments: argparse.Namespace, records: Records) -> None:
    scratch = arguments.results.resolve().parent / "real"
    for seed in range(1, arguments.seeds + 1):  # seeds outermost: what an interrupted run has is comparable
        for contender in CONTENDERS:
            done = records.of(problem.name, edition)
            if any((one["contender"], one["seed"]) == (contender, seed) for one in done):
                continue
            folder = scratch / f"{problem.name}-{contender}-{seed}"
            shutil.rmtree(folder, ignore_errors=True)
            record = _measure(problem, contender, seed, arguments.trainings, folder)
            records.add({**record, "version": edition})
            shutil.rmtree(folder, ignore_errors=True)  # a text sweep's checkpoints take gigabytes
            print(
                f"{problem.name} {contender} seed {seed}: {record['validation']:.4f}, test {record['test']:.4f}, "
                f"{record['begun']} trials, {record['trainings']:.2f} trainings, {record['seconds']:.0f} s",
                flush=True,
            )


def _measure(problem: Problem, contender: str, seed: int, trainings: float, folder: Path) -> Record:
    outcome = run(contender, problem, seed, trainings, folder)
    metrics = test_metrics(problem, outcome.params, outcome.checkpoint, folder / "test-cache")
    record: Record = {**asdict(outcome), "checkpoint": None}
    key = {"problem": problem.name, "contender": contender, "seed": seed}
    return {**key, **record, "test": metrics[problem.metric.name], "test_accuracy": metrics["accuracy"]}


if __name__ == "__main__":
    sys.exit(main())
