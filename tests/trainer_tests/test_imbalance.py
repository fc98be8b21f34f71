"""Classes of unequal size: weights in the loss, and batches that show every class equally often."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from tests.trainer_tests.toy import blobs, settings
from trainer.batches import epoch_order
from trainer.config import TrainConfig
from trainer.errors import ConfigError, ResumeError
from trainer.loop import train
from trainer.precision import Compute
from trainer.report import Report
from trainer.tasks import class_weights, get_task
from trainer.tasks.base import Prepared, Split, Task
from trainer.update import Updater

TASK = get_task("classification")


def uneven(rows: tuple[int, ...] = (60, 25, 5)) -> Prepared:
    """Three blobs, with so many rows each."""
    draw = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(rows)), rows)
    features = (draw.normal(size=(len(labels), 4)) + labels[:, None]).astype(np.float32)
    split = Split(len(labels), {"features": features, "labels": labels})
    return Prepared(Path("uneven"), {"train": split, "validation": split}, ("a", "b", "c")[: len(rows)], {"shape": [4]})


def config(**changes: Any) -> TrainConfig:
    model = {"task": "classification", "model": "tests.trainer_tests.test_imbalance:net"}
    return TrainConfig.build({**model, "data": {"sklearn": "iris"}, "batch_size": 8, "report_every": 0.5}, changes)


def net(inputs: int, classes: int) -> torch.nn.Module:
    return torch.nn.Linear(inputs, classes)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    prepared = uneven()
    expected = compute_class_weight("balanced", classes=np.arange(3), y=prepared.splits["train"].arrays["labels"])
    np.testing.assert_allclose(class_weights.weights(config(class_weights="balanced"), prepared), expected)


def test_named_weights_keep_their_ratios_and_the_size_of_an_update() -> None:
    found = class_weights.weights(config(class_weights={"c": 6.0, "a": 0.5}), uneven())
    assert found[2] / found[1] == pytest.approx(6)
    assert found[0] / found[1] == pytest.approx(0.5)
    assert (found * [60, 25, 5]).sum() / 90 == pytest.approx(1)


def test_the_training_loss_is_weighted_and_that_of_evaluation_is_not() -> None:
    prepared = uneven()
    rows = np.arange(90)
    batch = TASK.collate(prepared.splits["train"], rows, config(), prepared)
    model = net(4, 3)
    weight = torch.tensor([0.5, 1.2, 6.0])
    for smoothing in (0.0, 0.2):
        named = {"a": 0.5, "b": 1.2, "c": 6.0}
        weighted = config(class_weights=named, label_smoothing=smoothing)
        loss = TASK.training_loss(model, batch, weighted, prepared)
        # torch's own mean divides by the weights of the batch, which here is all train rows: of mean 1.
        reference = torch.nn.CrossEntropyLoss(weight=weight, label_smoothing=smoothing)
        logits = model(batch["features"])
        assert loss.item() / 90 == pytest.approx(reference(logits, batch["labels"]).item(), rel=1e-5)
        assert TASK.observe(model, batch, weighted, prepared)[0].item() == TASK.loss(model, batch)[0].item()


def test_micro_batches_make_the_same_weighted_update() -> None:
    prepared, found = uneven(), []
    for size in (90, 7):
        torch.manual_seed(0)
        model = net(4, 3)
        changed = config(class_weights="balanced", batch_size=90, max_grad_norm=None)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        Updater(
            model,
            optimizer,
            task=TASK,
            config=changed,
            prepared=prepared,
            compute=Compute.choose("fp32", "cpu"),
            micro_batch_size=size,
        ).update(np.arange(90), 0.1)
        found.append(model.weight.detach().clone())
    torch.testing.assert_close(*found)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"class_weights": {"aa": 2.0}}, r"class_weights: 'aa' is none of the classes \(did you mean a\?\)"),
        ({"class_weights": {"a": 0.0, "b": 0.0}}, "class_weights: they leave fewer than two classes"),
    ],
)
def test_weights_of_classes_that_are_not_there_are_refused(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        class_weights.check(config(**given), uneven())


def test_weights_below_zero_and_unknown_words_are_refused() -> None:
    for value, expected in (({"a": -1.0}, "class_weights"), ("balancd", "did you mean balanced")):
        with pytest.raises(ConfigError, match=expected):
            config(class_weights=value)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(0, 9), st.booleans())
def test_a_balanced_epoch_shows_every_class_equally_often(labels: list[int], epoch: int, bucketed: bool) -> None:
    classes = np.array(labels)
    lengths = np.arange(len(labels)) % 7 if bucketed else None
    order = epoch_order(len(labels), 4, seed=3, epoch=epoch, classes=classes, lengths=lengths)
    assert len(order) == len(labels)
    shown = np.bincount(classes[order])
    assert np.ptp(shown[np.unique(classes)]) <= 1
    for label in set(labels):
        # A class's rows come again only once all of them were there.
        times = np.bincount(order, minlength=len(labels))[classes == label]
        assert np.ptp(times) <= 1
    again = epoch_order(len(labels), 4, seed=3, epoch=epoch, classes=classes, lengths=lengths)
    assert order.tolist() == again.tolist()


def test_another_epoch_shows_other_rows_of_the_large_class() -> None:
    classes = np.repeat([0, 1], [90, 10])
    orders = [set(epoch_order(100, 8, seed=0, epoch=epoch, classes=classes)[:].tolist()) for epoch in (0, 1)]
    assert orders[0] != orders[1]


def reports(task: Task, folder: Path | None, *, resume: bool = False, **changes: Any) -> Any:
    chosen = config(sampling="balanced", class_weights={"c": 2.0}, learning_rate=0.01, epochs=2, **changes)
    return train(chosen, prepared=uneven(), task=task, folder=folder, resume=resume, device="cpu")


def test_a_balanced_run_resumes_bit_for_bit(tmp_path: Path) -> None:
    whole: list[Report] = list(reports(TASK, tmp_path / "whole"))
    for cut in range(1, len(whole)):
        folder = tmp_path / str(cut)
        first = list(itertools.islice(reports(TASK, folder), cut))
        second = list(reports(TASK, folder, resume=True))
        assert [one.metrics["loss"] for one in first + second] == [one.metrics["loss"] for one in whole]
    shuffled = config(learning_rate=0.01, epochs=9)
    again = train(shuffled, prepared=uneven(), task=TASK, folder=tmp_path / "whole", resume=True, device="cpu")
    with pytest.raises(ResumeError, match="sampling was 'balanced' and is now 'shuffle'"):
        next(iter(again))


def test_balanced_sampling_finds_the_rare_class_more_often() -> None:
    def recall(**changes: Any) -> float:
        done = list(train(config(**changes), prepared=uneven(), task=TASK, folder=None, device="cpu"))
        return float(done[-1].metrics["recall_macro"])

    course = {"epochs": 12, "learning_rate": 0.02}
    plain = recall(**course)
    assert recall(**course, sampling="balanced") > plain
    assert recall(**course, class_weights="balanced") > plain


def test_toy_batches_are_untouched_by_the_new_settings() -> None:
    plain, again = (epoch_order(50, 8, seed=1, epoch=2) for _ in range(2))
    assert plain.tolist() == again.tolist()
    assert settings().sampling == "shuffle"
    assert blobs().splits["train"].class_rows.sum() == 150
