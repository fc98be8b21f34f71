"""Seconds that each way to look at a sweep takes, after imports: every command runs on a small sweep first."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from scripts.benchmarks.search.report import write_page
from scripts.benchmarks.views.recorded import record
from sweeps.cli import app

COMMANDS = {
    "status": ("status", "{}"),
    "list": ("list", "{}"),
    "best": ("best", "{}"),
    "compare": ("compare", "{}", "--top", "20"),
    "compare, all trials": ("compare", "{}"),
    "show best": ("show", "{}", "best"),
    "report": ("report", "{}", "-o", "{}/report.html"),
    "report --format md": ("report", "{}", "--format", "md"),
    "report --format csv": ("report", "{}", "--format", "csv"),
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/benchmark_views", description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--reports", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--page", type=Path, help="a page to put the table into: docs/performance.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sweepwright-views-") as scratch:
        small = record(Path(scratch) / "small", 20, 4)
        large = record(Path(scratch) / "large", arguments.trials, arguments.reports)
        lines = (large / "records.jsonl").read_bytes()
        rows = [f"| `sweeps {name}` | {seconds(name, small, large, arguments.repeats):.2f} s |" for name in COMMANDS]
        page = large / "report.html"
        rows += [
            f"| the page in a browser, until all is drawn | {spent:.2f} s |" for spent in drawn(page, arguments.repeats)
        ]
        size, reports = page.stat().st_size, lines.count(b'"event":"report"')
    text = "\n".join(
        [
            f"{arguments.trials:,} trials, {reports:,} reports of 14 metrics, a ledger of "
            f"{len(lines) / 1e6:.1f} MB; the page has {size / 1e6:.1f} MB. {os.cpu_count()} cores, load "
            f"{os.getloadavg()[0]:.1f}; the best of {arguments.repeats}.",
            "",
            "| | |",
            "|---|---|",
            *rows,
        ]
    )
    print(text)
    if arguments.page:
        write_page(arguments.page, {"views": text})
    return 0


def seconds(name: str, small: Path, large: Path, repeats: int) -> float:
    """Of the command on the large sweep, at best."""
    _run(name, small)
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        _run(name, large)
        found.append(time.perf_counter() - start)
    return min(found)


def _run(name: str, folder: Path) -> None:
    arguments = [part.format(folder) for part in COMMANDS[name]]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        app(arguments, prog_name="sweeps", standalone_mode=False)


def drawn(page: Path, repeats: int) -> list[float]:
    """Seconds from opening the page to its last figure, at best; none without a browser."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        return []
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for _ in range(repeats):
            tab = started.new_page(viewport={"width": 1600, "height": 900})
            tab.goto(page.as_uri())
            tab.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
            found.append(float(tab.locator("html").get_attribute("data-drawn")) / 1000)
            tab.close()
        started.close()
    return [min(found)]


if __name__ == "__main__":
    sys.exit(main())
