"""Rows with any number of classes, scores of each class, and decoders that classify."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from tests.conformance.task_suite import TaskSuite
from tests.trainer_tests.decoders import build_decoder
from trainer import multi_label, predict
from trainer.config import TrainConfig
from trainer.data import label_sets, report
from trainer.data.tables import Table
from trainer.errors import ConfigError, DataError
from trainer.loop import train
from trainer.per_class import per_class
from trainer.tasks import get_task
from trainer.tasks.base import Prepared, Task
from trainer.tasks.label_set_predictor import LabelSetPredictor

TASK = get_task("text-classification")
ROWS = [("the cat sat", ["pet"]), ("good food", ["art", "food"]), ("a film", ["art"]), ("very bad", [])]


def jsonl(path: Path, rows: list[tuple[str, Any]]) -> str:
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    return str(path)


class TestMultiLabel(TaskSuite):
    name = "text-classification"

    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return Path(jsonl(tmp_path / "validation.jsonl", ROWS))

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, encoder: Path) -> dict[str, Any]:
        rows = [(f"{text} {'very ' * n}", labels) for n in range(3) for text, labels in ROWS]
        data = {"train": jsonl(tmp_path / "train.jsonl", rows), "validation": str(labelled)}
        return {"model": str(encoder), "data": data}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return ["a cat", {"text": "it was very good " * 9}, "", "food"]

    def test_predictions_are_the_classes_that_are_likely_enough(
        self, task: Task, config: TrainConfig, prepared: Prepared, rows: list[Any], tmp_path: Path
    ) -> None:
        task.export(self.fresh(task, config, prepared), config, prepared, tmp_path / "out")
        predictor = predict.load(tmp_path / "out", "cpu")
        assert isinstance(predictor, LabelSetPredictor)
        assert predictor.label_names == ("art", "food", "pet")
        proba = predictor.predict_proba(rows)
        for threshold in (0.5, 0.4, 0.0, 1.0):
            expected = [[predictor.label_names[at] for at in np.flatnonzero(row >= threshold)] for row in proba]
            assert predictor.predict(rows, threshold=threshold) == expected
        assert (
            json.loads((tmp_path / "out" / "config.json").read_text())["problem_type"] == "multi_label_classification"
        )

    def test_a_pipeline_gives_the_same_probabilities(
        self, task: Task, config: TrainConfig, prepared: Prepared, tmp_path: Path
    ) -> None:
        from transformers import pipeline

        task.export(self.fresh(task, config, prepared), config, prepared, tmp_path / "out")
        found = pipeline("text-classification", str(tmp_path / "out"), device="cpu")(
            "a cat", truncation=True, top_k=None
        )
        ours = dict(
            zip(prepared.label_names, predict.load(tmp_path / "out", "cpu").predict_proba(["a cat"])[0], strict=True)
        )
        assert {one["label"]: one["score"] for one in found} == pytest.approx(ours, abs=1e-5)

    def test_the_report_counts_rows_of_each_class(self, prepared: Prepared) -> None:
        found = report.read(prepared.folder)
        assert found is not None
        assert found.splits["train"].classes == {"art": 6, "food": 3, "pet": 3}

    def test_it_resumes_bit_for_bit(self, task: Task, config: TrainConfig, prepared: Prepared, tmp_path: Path) -> None:
        changed = TrainConfig.build(
            config.model_dump(), {"epochs": 2, "batch_size": 4, "report_every": 0.5, "metric": "f1_samples"}
        )

        def run(folder: Path, *, resume: bool = False) -> Any:
            return train(changed, prepared=prepared, task=task, folder=folder, resume=resume, device="cpu")

        whole = [one.metrics["loss"] for one in run(tmp_path / "whole")]
        first = [one.metrics["loss"] for one in itertools.islice(run(tmp_path / "cut"), 2)]
        assert first + [one.metrics["loss"] for one in run(tmp_path / "cut", resume=True)] == whole

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"metric": "log_loss"}, "'log_loss' is not a metric of rows with any number of classes"),
            ({"class_weights": "balanced"}, "class_weights: 'balanced' is for rows of one class each"),
            ({"sampling": "balanced"}, "sampling: 'balanced' is for rows of one class each"),
        ],
    )
    def test_what_is_for_one_class_is_refused(
        self, task: Task, config: TrainConfig, tmp_path: Path, change: dict[str, Any], expected: str
    ) -> None:
        with pytest.raises(ConfigError, match=expected):
            task.prepare(config.model_copy(update=change), tmp_path / "cache")


class Decoder(TaskSuite):
    name = "text-classification"
    kind = ""

    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return Path(jsonl(tmp_path / "v.jsonl", [("cat", "pet"), ("", "art"), ("a film", "art"), ("dogs", "pet")]))

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path) -> dict[str, Any]:
        rows = [(f"{text} {'very ' * n}", label) for n in range(3) for text, label in (("cat", "pet"), ("film", "art"))]
        data = {"train": jsonl(tmp_path / "t.jsonl", [*rows, ("", "pet")]), "validation": str(labelled)}
        return {"model": str(build_decoder(tmp_path / "decoder", self.kind)), "data": data}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return ["a cat", "", "it was very good " * 9]

    def test_a_row_is_judged_by_its_last_token_whatever_pads_it(
        self, task: Task, config: TrainConfig, prepared: Prepared
    ) -> None:
        model = self.fresh(task, config, prepared).eval()
        alone = task.loss(model, self.batch(task, config, prepared, [0]))[1]
        padded = task.loss(model, self.batch(task, config, prepared, [0, 4, 6]))[1]
        torch.testing.assert_close(padded[:1], alone)
        assert torch.isfinite(padded).all()

    def test_the_export_pads_as_training_did(
        self, task: Task, config: TrainConfig, prepared: Prepared, tmp_path: Path
    ) -> None:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        task.export(self.fresh(task, config, prepared), config, prepared, tmp_path / "out")
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
        model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out")
        assert tokenizer.pad_token == tokenizer.eos_token
        assert model.config.pad_token_id == tokenizer.eos_token_id
        texts = ["cat", "a longer film"]
        logits = model(**tokenizer(texts, padding=True, truncation=True, return_tensors="pt")).logits
        proba = torch.softmax(logits.detach().double(), dim=1).numpy()
        np.testing.assert_allclose(predict.load(tmp_path / "out", "cpu").predict_proba(texts), proba, atol=1e-5)


class TestGPT2(Decoder):
    kind = "gpt2"


class TestLlama(Decoder):
    kind = "llama"


@given(st.integers(1, 12), st.integers(2, 5), st.integers(0, 2**31))
def test_metrics_are_those_of_scikit_learn(rows: int, classes: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    labels = (draw.random((rows, classes)) < draw.random()).astype(np.uint8)
    logits = np.round(draw.normal(size=(rows, classes)), 1).astype(np.float32)
    said = (logits >= 0).astype(int)
    found = multi_label.metrics(logits, labels, 0.25)
    expected = {"loss": 0.25, "accuracy": reference.accuracy_score(labels, said)}
    for name in ("precision", "recall", "f1"):
        score = getattr(reference, f"{name}_score")
        for average in ("macro", *(("micro", "weighted", "samples") if name == "f1" else ())):
            expected[f"{name}_{average}"] = score(labels, said, average=average, zero_division=0)
    if all(len(set(column)) == 2 for column in labels.T):
        expected["roc_auc"] = reference.roc_auc_score(labels, logits)
    assert found == pytest.approx(expected)
    assert set(found) <= set(multi_label.MULTI_LABEL_GOALS)


def test_the_loss_is_that_of_a_transformers_model() -> None:
    scores, labels = torch.randn(5, 3), torch.randint(0, 2, (5, 3))
    expected = torch.nn.BCEWithLogitsLoss()(scores, labels.float())
    assert multi_label.loss(scores, labels).item() / 5 == pytest.approx(expected.item(), rel=1e-6)
    smooth = torch.nn.BCEWithLogitsLoss()(scores, labels * 0.8 + 0.1)
    assert multi_label.loss(scores, labels, 0.2).item() / 5 == pytest.approx(smooth.item(), rel=1e-6)


@pytest.mark.parametrize("several", [False, True])
def test_scores_of_classes_are_those_of_classification_report(several: bool) -> None:
    draw = np.random.default_rng(0)
    names = ["a", "b", "c", "unseen"]
    if several:
        labels, said = ((draw.random((50, 4)) < 0.3).astype(int) * [1, 1, 1, 0] for _ in range(2))
    else:
        labels, said = draw.integers(0, 3, 50), draw.integers(0, 3, 50)
    expected = reference.classification_report(
        labels, said, labels=range(4), target_names=names, output_dict=True, zero_division=0
    )
    for name, score in per_class(labels, said, names).items():
        told = expected[name]
        assert (score.precision, score.recall, score.f1, score.support) == pytest.approx(
            (told["precision"], told["recall"], told["f1-score"], told["support"])
        )


def table(values: list[Any]) -> Table:
    return Table("data.train", "rows.csv", {"label": values}, len(values), line=lambda row: row + 2)


@pytest.mark.parametrize(
    ("values", "separator", "names", "rows"),
    [
        ([["b", "a"], [], ["b", "b"]], None, ("a", "b"), [[1, 1], [0, 0], [0, 1]]),
        (["b | a", "a", "|"], "|", ("a", "b"), [[1, 1], [1, 0], [0, 0]]),
        ([[3, 10], [3]], None, ("3", "10"), [[1, 1], [1, 0]]),
        ([np.array(["x", "y"]), np.array(["y"])], None, ("x", "y"), [[1, 1], [0, 1]]),
    ],
)
def test_lists_and_separated_texts_are_labels(
    values: list[Any], separator: str | None, names: tuple[str, ...], rows: list[list[int]]
) -> None:
    assert label_sets.are_sets(values, separator)
    found = label_sets.find(table(values), "label", None, separator)
    assert found.names == names
    matrix = label_sets.encode(found, table(values), "label", separator)
    assert matrix.tolist() == rows
    assert [[str(label) for label in row] for row in label_sets.decode(found, matrix == 1)] == [
        [names[at] for at in np.flatnonzero(row)] for row in rows
    ]


@pytest.mark.parametrize(
    ("values", "separator", "expected"),
    [
        ([["a", "b"], None], None, "line 3: the label is missing"),
        ([["a", "b"], "a"], None, "line 3: 'a' is not a list, as other rows hold"),
        ([["a", "b"], ["a", None]], None, "line 3: the label is missing"),
        (["a|b", 3], "|", "line 3: 3 is not text to be split at"),
        ([["a", "b"], [0.5]], None, "line 3: 0.5 is neither text nor a whole number"),
        ([["a"], ["a"]], None, "holds one class only: 'a'"),
    ],
)
def test_bad_lists_are_named_with_their_line(values: list[Any], separator: str | None, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        label_sets.find(table(values), "label", None, separator)


def test_an_unknown_label_in_a_list_is_named_with_its_line() -> None:
    found = label_sets.find(table([["pet", "art"]]), "label", None, None)
    with pytest.raises(DataError, match=r"line 3: 'pett' is not a label of the train rows \(did you mean pet\?\)"):
        label_sets.encode(found, table([["art"], ["art", "pett"]]), "label", None)
