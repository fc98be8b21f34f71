"""Logistic regression on the very rows that a sweep trained on: over TF-IDF, and over the frozen encoder."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from transformers import AutoModel, AutoTokenizer

from trainer.config import TrainConfig
from trainer.data import labels, sources, splitting
from trainer.sections import DataConfig
from trainer.tasks import get_task

_C = (0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class Rows:
    """Texts and their class ids, by split."""

    texts: dict[str, list[str]]
    labels: dict[str, np.ndarray]


@dataclass(frozen=True)
class Score:
    """What was chosen on the validation rows, its value there, and its metrics on the test rows."""

    chosen: str
    validation: float
    metrics: dict[str, float]


def rows_of(settings: TrainConfig, cache: Path, test: Path) -> Rows:
    """The rows that trials of these settings train on and validate with, and those of the file ``test``.

    Raises:
        RuntimeError: they are not those in the sweep's own cache.
    """
    data = DataConfig.model_validate({**settings.data.model_dump(), "test": str(test)})
    tables = sources.tables(data)
    names = labels.find(tables["train"], str(data.label), data.label_names)
    ids = {split: names.encode(t.column(str(data.label), "label"), t, str(data.label)) for split, t in tables.items()}
    chosen = splitting.select(data, {split: table.rows for split, table in tables.items()}, ids["train"])
    texts = {split: tables[s.source].column(str(data.text), "text") for split, s in chosen.items()}
    rows = Rows(
        {split: [texts[split][row] for row in s.rows] for split, s in chosen.items()},
        {split: ids[s.source][s.rows] for split, s in chosen.items()},
    )
    trained = get_task(settings.task).prepare(settings, cache).splits
    for split in ("train", "validation"):
        if not np.array_equal(trained[split].arrays["labels"], rows.labels[split]):
            raise RuntimeError(f"the sweep's {split} rows are others than these")
    return rows


def tfidf(rows: Rows, metric: str, *, plain: bool) -> Score:
    """TF-IDF and logistic regression. C is chosen on the validation rows.

    Args:
        rows: the rows.
        metric: what it is chosen by.
        plain: scikit-learn's own settings otherwise; else words or characters and class weights are chosen too.
    """
    words: dict[str, dict[str, Any]] = {"words": {}}
    tried = {
        **words,
        "words and pairs": {"ngram_range": (1, 2), "sublinear_tf": True},
        "2 to 5 characters": {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True},
    }
    features = {}
    for name, options in (words if plain else tried).items():
        vectorizer = TfidfVectorizer(**options).fit(rows.texts["train"])
        features[name] = {split: vectorizer.transform(texts) for split, texts in rows.texts.items()}
    return _regression(features, rows, metric, (None,) if plain else (None, "balanced"))


def frozen(rows: Rows, metric: str, model: str, max_length: int | None) -> Score:
    """Logistic regression over the encoder as it comes, its last layer averaged over the tokens."""
    tokenizer, encoder = AutoTokenizer.from_pretrained(model), AutoModel.from_pretrained(model).eval()
    features = {}
    with torch.inference_mode():
        for split, texts in rows.texts.items():
            pieces = []
            for start in range(0, len(texts), 50):
                options = {"truncation": True, "max_length": max_length, "padding": True, "return_tensors": "pt"}
                batch = tokenizer(texts[start : start + 50], **options)
                hidden, mask = encoder(**batch).last_hidden_state, batch["attention_mask"][..., None]
                pieces.append((hidden * mask).sum(dim=1) / mask.sum(dim=1))
            features[split] = torch.nn.functional.normalize(torch.cat(pieces), dim=1).numpy()
    return _regression({"mean": features}, rows, metric, (None, "balanced"))


def _regression(features: dict[str, Any], rows: Rows, metric: str, weights: Iterable[str | None]) -> Score:
    best: tuple[float, str, Any, Any] | None = None
    for name, c, weight in itertools.product(features, _C, weights):
        model = LogisticRegression(C=c, class_weight=weight, max_iter=2000)
        model.fit(features[name]["train"], rows.labels["train"])
        value = _metrics(rows.labels["validation"], model.predict(features[name]["validation"]))[metric]
        if best is None or value > best[0]:
            best = value, f"{name}, C={c:g}{', balanced' if weight else ''}", model, features[name]["test"]
    assert best is not None
    value, chosen, model, test = best
    return Score(chosen, value, _metrics(rows.labels["test"], model.predict(test)))


def _metrics(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "f1_macro": float(f1_score(truth, predicted, average="macro", zero_division=0)),
    }
