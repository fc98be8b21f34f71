"""TensorBoard: what writing costs a report, beside Ray's own logger, and how soon a thousand trials are there."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.benchmarks.recorded import SPACE, Trainings, record_sweep, sweep_config
from sweeps.records.builder import RecordBuilder
from sweeps.views.tensorboard import TensorBoardSink
from tests.sweeps_tests.board_kit import own_board, until

PARAMS = {"learning_rate": 1e-3, "batch_size": 32, "weight_decay": 0.1, "dropout": 0.1, "optimizer": "adamw"}


def ours(folder: Path, reports: int) -> list[float]:
    """Seconds of each report in our sink."""
    config = sweep_config("one", folder)
    sink, builder, seconds = TensorBoardSink(folder / "ours", "accuracy", "maximize", config.space), RecordBuilder(), []
    base = {"sweep": "5eed", "trial": "t0001", "attempt": 1}
    events = [
        {"event": "sweep", "id": "5eed", "name": "one", "metric": "accuracy", "goal": "maximize"},
        {"event": "trial", "params": PARAMS, "number": 1},
        {"event": "state", "state": "running"},
        *({"event": "report", "report": n, "step": 100 * n, "metrics": metrics(n)} for n in range(1, reports + 1)),
    ]
    for n, event in enumerate(events, 1):
        event = {"n": n, "time": 1.7e9 + n, **base, **event}
        builder.apply(event)
        trial = None if event["event"] == "sweep" else builder.trial("t0001")
        began = time.perf_counter()
        sink.handle(event, trial)
        if event["event"] == "report":
            seconds.append(time.perf_counter() - began)
    sink.close()
    return seconds


def rays(folder: Path, reports: int) -> list[float]:
    """Seconds of each result in Ray Tune's TBXLoggerCallback."""
    from ray.tune.logger import TBXLoggerCallback

    path = folder / "rays"
    about = {"local_path": str(path), "evaluated_params": PARAMS, "config": PARAMS}
    trial = type("Trial", (), {**about, "init_local_path": lambda _: path.mkdir(exist_ok=True)})()
    logger, seconds = TBXLoggerCallback(), []
    logger.log_trial_start(trial)
    for n in range(1, reports + 1):
        result = {**metrics(n), "training_iteration": n, "time_total_s": 1.0 * n, "timesteps_total": 100 * n}
        began = time.perf_counter()
        logger.log_trial_result(n, trial, result)
        seconds.append(time.perf_counter() - began)
    logger.log_trial_end(trial)
    return seconds


def metrics(report: int) -> dict[str, float]:
    return Trainings().metrics("t0001", PARAMS, report % 27, 0.0)


def loading(folder: Path, trials: int) -> None:
    """A recorded sweep, in a real TensorBoard."""
    for scheduler in ({"scheduler": "asha", "grace": 1, "reduction_factor": 3}, "none"):
        name = "none" if scheduler == "none" else "asha"
        config = sweep_config(name, folder, trials=trials, early_stopping=scheduler)
        sink = TensorBoardSink(folder / name / "tensorboard", "accuracy", "maximize", config.space)
        record_sweep(config, folder / name, slots=8, sinks=[sink])
        counted = subprocess.run(
            ["du", "-sb", folder / name / "tensorboard"], capture_output=True, check=True, text=True
        )
        reports = (folder / name / "records.jsonl").read_text().count('"event":"report"')
        print(f"{name}: {trials} trials, {reports} reports, {int(counted.stdout.split()[0]) / 1e6:.1f} MB", end="")
        began = time.perf_counter()
        with own_board(folder / name) as board:
            print(f"; TensorBoard answers after {time.perf_counter() - began:.1f} s", end="")
            until(lambda: len(board.get("runs")) == trials + 1)
            print(f", lists all runs after {time.perf_counter() - began:.1f} s", end="")
            until(lambda: sum("trial/state" in row for row in board.metrics().values()) == trials)
            print(f", all rows of HParams after {time.perf_counter() - began:.1f} s", end="")
            since = time.perf_counter()
            run = next(name for name in board.get("runs") if name != ".")
            board.get("plugin/scalars/scalars", run=run, tag="best/accuracy")
            print(f", a curve {1000 * (time.perf_counter() - since):.0f} ms later")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=200)
    parser.add_argument("--trials", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="board-") as scratch:
        folder = Path(scratch)
        found = {"ours": ours(folder, arguments.reports), "Ray's TBXLoggerCallback": rays(folder, arguments.reports)}
        for name, seconds in found.items():
            ordered = sorted(seconds)
            print(
                f"{name}: {1e6 * statistics.median(ordered):.0f} µs a report in the median, "
                f"{1e6 * ordered[int(0.95 * len(ordered))]:.0f} µs at the 95th percentile, {len(SPACE)} parameters, "
                f"{len(metrics(1))} metrics"
            )
        loading(folder, arguments.trials)


if __name__ == "__main__":
    sys.exit(main())
