"""Replays published learning curves through searchers and schedulers, and compares them."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# Before numpy is imported, here and in the processes that are started: each of them has one thread.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))


def main() -> int:
    """Measure what is asked for and print the tables."""
    from scripts.benchmarks.search.archive_report import archive_section
    from scripts.benchmarks.search.cache import Cache
    from scripts.benchmarks.search.conditions import GROUPS, chosen_conditions
    from scripts.benchmarks.search.earlier import make_archives
    from scripts.benchmarks.search.report import sections, write_page
    from scripts.benchmarks.search.rows import ROWS, chosen_rows
    from scripts.benchmarks.search.runner import known, run, units
    from scripts.benchmarks.search.tasks import DEVELOPMENT, find_tasks

    checkout = Path(__file__).parents[3]
    parser = argparse.ArgumentParser(prog="scripts/benchmark_search", description=__doc__)
    parser.add_argument("--condition", default="a", help=f"{', '.join(GROUPS)}, or one by name (default: a)")
    parser.add_argument("--archive", action="store_true", help="what earlier sweeps bring: condition g, rows of ours")
    parser.add_argument("--rows", default="all", help=f"names with commas between, of: {', '.join(ROWS)}")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--data", type=Path, default=checkout.parent / "shared" / "benchmarks")
    parser.add_argument("--tasks", default=",".join(DEVELOPMENT), help="OpenML ids of lcbench")
    parser.add_argument("--only", default="", help="only tasks whose family or name contains this")
    parser.add_argument("--cache", type=Path, default=checkout / "bench" / "search.jsonl", help="results so far")
    parser.add_argument("--out", type=Path, help="write the tables there too, as Markdown")
    parser.add_argument("--page", type=Path, help="a page to put the tables into, with plots beside it: docs/search.md")
    parser.add_argument("--known", action="store_true", help="measure nothing: report what the results so far have")
    arguments = parser.parse_args()
    if arguments.archive:
        arguments.condition, arguments.rows = "g", "auto,random-promotion"
    try:
        rows, conditions = chosen_rows(arguments.rows), chosen_conditions(arguments.condition)
        ids = [one for one in arguments.tasks.split(",") if one]
        tasks = find_tasks(arguments.data.resolve(), ids, arguments.cache.resolve().parent)
    except ValueError as error:
        parser.error(str(error))
    tasks = [task for task in tasks if arguments.only in f"{task.family}/{task.name}"]
    for row in rows:
        if reason := row.missing():
            print(f"{row.name} is left out: {reason}", file=sys.stderr)
    rows = [row for row in rows if not row.missing()]
    if arguments.archive and not arguments.known:
        make_archives(tasks, arguments.seeds, arguments.jobs)
    wanted, cache = list(units(rows, conditions, tasks, arguments.seeds)), Cache(arguments.cache)
    records = known(wanted, cache) if arguments.known else run(wanted, cache, arguments.jobs)
    plots = arguments.page.parent / "plots" if arguments.page else None
    found = archive_section(records) if arguments.archive else sections(records, rows, conditions, plots)
    text = "\n\n".join(found.values())
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")
    if arguments.page:
        if not arguments.known:  # then it takes more than one command to get there
            which = f"--condition {arguments.condition} --rows {arguments.rows}"
            chosen = f"{'--archive' if arguments.archive else which} --seeds {arguments.seeds}"
            found["archive-command" if arguments.archive else "command"] = (
                f"```\nscripts/benchmark_search {chosen}\n```"
            )
        write_page(arguments.page, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
