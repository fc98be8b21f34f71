"""Scores a model folder on labelled rows with nothing but transformers, torch and scikit-learn: no line of ours.

    python plain_transformers.py FOLDER FILE.jsonl --text text --label label

prints ``accuracy``, ``f1_macro`` and ``log_loss`` as JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from sklearn.metrics import accuracy_score, f1_score, log_loss
from transformers import AutoModelForSequenceClassification, AutoTokenizer

BATCH = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("file", type=Path)
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="label")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.file.read_text("utf-8").splitlines()]
    texts = [row[arguments.text] for row in rows]
    tokenizer = AutoTokenizer.from_pretrained(arguments.folder)
    model = AutoModelForSequenceClassification.from_pretrained(arguments.folder).eval()
    # A label of the file is a name of the model's, or already its number.
    truth = [model.config.label2id.get(row[arguments.label], row[arguments.label]) for row in rows]
    scores = []
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            inputs = tokenizer(texts[start : start + BATCH], truncation=True, padding=True, return_tensors="pt")
            scores.append(model(**inputs).logits)
    probabilities = torch.cat(scores).double().softmax(dim=1).numpy()
    predicted = probabilities.argmax(axis=1)
    metrics = {
        "accuracy": accuracy_score(truth, predicted),
        "f1_macro": f1_score(truth, predicted, average="macro", zero_division=0),
        "log_loss": log_loss(truth, probabilities, labels=range(probabilities.shape[1])),
    }
    print(json.dumps({name: float(value) for name, value in metrics.items()}))


if __name__ == "__main__":
    main()
