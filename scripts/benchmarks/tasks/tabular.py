"""Census rows: classes beside the commonest one and beside logistic regression, and a number beside its mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.benchmarks.tasks.problem import Places, Problem
from scripts.benchmarks.tasks.text_classification import commonest

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared, Split


def adult(places: Places) -> Problem:
    """More than 50,000 a year or not, beside always no."""
    return Problem(
        title="The built-in mlp on adult, scored on test rows",
        settings=_settings(places, "income"),
        metric="accuracy",
        baseline="the commonest class of the train rows",
        baseline_value=commonest,
    )


def adult_logistic(places: Places) -> Problem:
    """The same, by its ranking, beside a contender that is not trivial."""
    return Problem(
        title="The built-in mlp on adult, scored on test rows",
        settings=_settings(places, "income"),
        metric="roc_auc",
        baseline="no trivial one: logistic regression with scikit-learn's defaults on the same rows, numbers scaled "
        "and categories one-hot",
        baseline_value=_logistic,
    )


def adult_hours(places: Places) -> Problem:
    """Hours of work a week, beside their mean."""
    return Problem(
        title="The built-in mlp on adult's hours_per_week, scored on test rows",
        settings=_settings(places, "hours_per_week", target_kind="number"),
        metric="rmse",
        baseline="the mean of the train rows",
        baseline_value=_mean,
    )


def _settings(places: Places, label: str, **data: Any) -> dict[str, Any]:
    folder = places.set("adult")
    files = {"train": str(folder / "train.csv.gz"), "validation": str(folder / "test.csv.gz")}
    return {
        "task": "tabular",
        "data": {**files, "label": label, **data, "limit": 4000, "limit_validation": 4000},
        "model": "mlp",
        "model_args": {"hidden": 64, "layers": 2},
        "epochs": 8,
        "report_every": {"fraction": 1.0},
        "batch_size": 64,
        "learning_rate": 3e-3,
        "weight_decay": 0.01,
        "dropout": 0.2,
    }


def _logistic(config: TrainConfig, prepared: Prepared) -> float:
    from sklearn.linear_model import LogisticRegression

    from trainer.metrics import classification_metrics

    train, held = prepared.splits["train"], prepared.splits["validation"]
    model = LogisticRegression(max_iter=1000).fit(_one_hot(train, prepared), train.arrays["labels"])
    scores = np.log(model.predict_proba(_one_hot(held, prepared)))
    return classification_metrics(scores, held.arrays["labels"], 0.0)[config.metric]


def _one_hot(split: Split, prepared: Prepared) -> np.ndarray:
    by = prepared.meta["scalings"]["standard"]
    numbers = (split.arrays["numbers"] - by["offset"]) / by["scale"]
    sizes = [2 + len(column["counts"]) for column in prepared.meta["columns"]["categories"]]
    hot = [np.eye(size)[split.arrays["categories"][:, at]] for at, size in enumerate(sizes)]
    return np.concatenate([numbers, *hot], axis=1)


def _mean(config: TrainConfig, prepared: Prepared) -> float:
    from trainer.regression import regression_metrics

    truth = prepared.splits["validation"].arrays["labels"]
    mean = prepared.splits["train"].arrays["labels"].mean()
    return regression_metrics(np.full(len(truth), mean), truth, 0.0)[config.metric]
