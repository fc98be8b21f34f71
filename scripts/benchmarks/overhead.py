"""Runs the digits sweep with us and as a plain Ray Tune script, one after the other, and prints the ratios."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sweeps.config import load_sweep
from sweeps.records.ledger import read_events
from sweeps.search import make_searcher


def ours(trials: int, storage: Path, slots: int, method: str) -> dict:
    since = time.time()
    command = [sys.executable, "-m", "sweeps.cli", "run", "digits", "--name", f"ours-{trials}", "--quiet"]
    settings = [f"trials={trials}", f"method={method}", f"resources={{max_parallel: {slots}, cpus_per_trial: 1}}"]
    subprocess.run([*command, "--storage", str(storage), *settings], check=True, stdout=subprocess.DEVNULL)
    wall = time.time() - since
    events, _ = read_events(storage / f"ours-{trials}")
    reports = [event for event in events if event["event"] == "report"]
    last = {event["trial"]: event for event in reports}
    return {
        "wall": wall,
        "trials": len(last),
        "reports": len(reports),
        "best": max(event["metrics"]["accuracy"] for event in reports),
        "training": sum(event["train_seconds"] for event in last.values()),
        "processes": len({event["pid"] for event in reports}),
        "start": reports[0]["time"] - since,
    }


def plain(trials: int, storage: Path, slots: int) -> dict:
    config = load_sweep("digits", [f"trials={trials}", "method=random"])
    searcher = make_searcher("random", config.space, seed=config.seed)
    fixed = {"epochs": int(config.trainer.epochs), "report_every": int(config.trainer.report_every), "seed": 0}
    configs = [{**fixed, **searcher.ask(number)} for number in range(1, trials + 1)]
    reports = fixed["epochs"] // fixed["report_every"]
    task = storage / f"plain-{trials}.json"
    task.write_text(
        json.dumps(
            {"configs": configs, "slots": slots, "reports": reports, "storage": str(storage / f"plain-{trials}")}
        )
    )
    since = time.time()
    script = Path(__file__).with_name("plain_ray_tune.py")
    done = subprocess.run(
        [sys.executable, str(script), str(task)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    wall = time.time() - since
    result = json.loads(done.stdout.strip().splitlines()[-1])
    return {**result, "wall": wall, "start": result["first_report"] - since}


def show(name: str, row: dict, slots: int) -> None:
    floor = row["training"] / slots + row["start"]
    print(
        f"{name:22} wall {row['wall']:6.1f} s   start-up {row['start']:5.1f} s   training {row['training']:6.1f} s   "
        f"processes {row['processes']:3d}   best {row['best']:.4f}   wall / (training/slots + start-up) "
        f"{row['wall'] / floor:.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--large", type=int, default=256, help="a second sweep of ours, of so many trials; 0 for none")
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--method", default="random", help="ours; plain Ray Tune samples at random")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        storage = Path(folder)
        mine = ours(arguments.trials, storage, arguments.slots, arguments.method)
        show(f"ours, {arguments.trials} trials", mine, arguments.slots)
        if arguments.large:
            large = ours(arguments.large, storage, arguments.slots, arguments.method)
            show(f"ours, {arguments.large} trials", large, arguments.slots)
        peer = plain(arguments.trials, storage, arguments.slots)
        show(f"plain Ray Tune, {arguments.trials}", peer, arguments.slots)
        ratio = peer["wall"] / mine["wall"]
        print(f"ours is {ratio:.1f} times as fast as plain Ray Tune over {arguments.trials} trials")


if __name__ == "__main__":
    main()
