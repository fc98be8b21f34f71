"""`gradient_checkpointing`: the same training, with activations computed twice."""

from pathlib import Path
from typing import Any

import pytest
from torch import nn

from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.loop import train
from trainer.tasks import get_task


@pytest.fixture
def config(encoder: Path, tmp_path: Path) -> dict[str, Any]:
    rows = [("good film", "yes"), ("bad film", "no"), ("very good food", "yes"), ("not good", "no")] * 5
    (tmp_path / "rows.csv").write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    return {
        "model": str(encoder),
        "data": {"train": str(tmp_path / "rows.csv"), "label": "label", "validation_fraction": 0.2},
        "epochs": 2,
        "batch_size": 4,
        "learning_rate": 1e-3,
    }


def test_it_computes_layers_twice_and_changes_no_number(config: dict[str, Any], tmp_path: Path) -> None:
    from transformers.models.bert.modeling_bert import BertSelfAttention

    forward = BertSelfAttention.forward
    runs: dict[bool, tuple[int, list[Any]]] = {}
    for again in (False, True):
        calls = 0

        def counted(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += self.training
            return forward(self, *args, **kwargs)

        made = TrainConfig.build({**config, "gradient_checkpointing": again})
        task = get_task(made.task)
        prepared = task.prepare(made, tmp_path / "cache")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BertSelfAttention, "forward", counted)
            reports = list(train(made, prepared=prepared, task=task, folder=None, device="cpu"))
        runs[again] = (calls, [(r.metrics["train_loss"], r.metrics["loss"]) for r in reports])
    assert runs[True][0] == 2 * runs[False][0]
    assert runs[True][1] == runs[False][1]


def test_a_plain_module_refuses_it() -> None:
    with pytest.raises(ConfigError, match="gradient_checkpointing: Sequential cannot compute its activations again"):
        next(train(settings(gradient_checkpointing=True), prepared=blobs(), task=ToyTask(), folder=None, device="cpu"))
