"""The peer: the digits sweep as a plain Ray Tune script, with Tune's defaults.

A function trainable, ASHAScheduler and Tune's own loggers; the same configurations, model, data, epochs, report
points and threads as ours. It keeps no checkpoints and computes accuracy only, which favours it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import ray
import torch
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sweeps.recipes.digits_model import mlp

FIRST_REPORT: list[float] = []


def train(config: dict) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(config["seed"])
    features, labels = load_digits(return_X_y=True)
    features, _, labels, _ = train_test_split(features, labels, test_size=0.2, stratify=labels, random_state=0)
    x, x_validation, y, y_validation = train_test_split(
        features, labels, test_size=0.2, stratify=labels, random_state=0
    )
    mean, scale = x.mean(0), x.std(0) + (x.std(0) == 0)
    x, x_validation = (torch.tensor((part - mean) / scale, dtype=torch.float32) for part in (x, x_validation))
    y, y_validation = torch.tensor(y), torch.tensor(y_validation)
    model = mlp(inputs=64, classes=10, hidden=config["model_args.hidden"], dropout=config["dropout"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=config["learning_rate"], weight_decay=config["weight_decay"])
    steps = -(-len(x) // config["batch_size"]) * config["epochs"]
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    training = 0.0
    for epoch in range(config["epochs"]):
        since = time.perf_counter()
        model.train()
        for rows in torch.randperm(len(x)).split(config["batch_size"]):
            loss = torch.nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        training += time.perf_counter() - since
        if (epoch + 1) % config["report_every"] == 0:
            model.eval()
            with torch.no_grad():
                accuracy = (model(x_validation).argmax(1) == y_validation).float().mean().item()
            tune.report({"accuracy": accuracy, "train_seconds": training})


class FirstReport(tune.Callback):
    def on_trial_result(self, iteration: int, trials: list, trial: object, result: dict, **info: object) -> None:
        FIRST_REPORT.append(time.time())


def main() -> None:
    task = json.loads(Path(sys.argv[1]).read_text())
    ray.init(address="local", num_cpus=task["slots"], include_dashboard=False)
    configs = task["configs"]
    tuner = tune.Tuner(
        tune.with_resources(lambda config: train(configs[config["index"]]), {"cpu": 1}),
        param_space={"index": tune.grid_search(list(range(len(configs))))},
        tune_config=tune.TuneConfig(
            metric="accuracy",
            mode="max",
            scheduler=ASHAScheduler(max_t=task["reports"], grace_period=1, reduction_factor=3),
        ),
        run_config=tune.RunConfig(storage_path=task["storage"], callbacks=[FirstReport()]),
    )
    results = tuner.fit()
    metrics = [result.metrics or {} for result in results]
    print(
        "\n"
        + json.dumps(
            {
                "trials": len(metrics),
                "best": max(one.get("accuracy", 0.0) for one in metrics),
                "training": sum(one.get("train_seconds", 0.0) for one in metrics),
                "processes": len({one.get("pid") for one in metrics}),
                "first_report": FIRST_REPORT[0],
                "errors": results.num_errors,
            }
        )
    )
    ray.shutdown()


if __name__ == "__main__":
    main()
