"""Encoders from memory and from disk alike; dropout; settings that a model does not have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from tests.trainer_tests.conftest import build_encoder
from trainer import pretrained
from trainer.errors import ConfigError
from trainer.model import set_dropout

NAMES = ("no", "yes", "maybe")


def build(encoder: Path, seed: int = 0, dropout: float | None = None, **model_args: Any) -> Any:
    torch.manual_seed(seed)
    return pretrained.build(str(encoder), model_args, pretrained.classifier(NAMES), dropout)


def test_a_copy_from_memory_equals_a_load_from_disk(encoder: Path) -> None:
    pretrained._pristine.clear()
    fresh = build(encoder, seed=5)
    with torch.no_grad():
        for parameter in fresh.parameters():
            parameter.add_(1.0)
    build(encoder, seed=6)
    copied = build(encoder, seed=5)
    pretrained._pristine.clear()
    for (name, one), other in zip(copied.named_parameters(), build(encoder, seed=5).parameters(), strict=True):
        assert torch.equal(one, other), name


def test_only_what_the_folder_lacks_is_drawn_and_by_the_models_rule(encoder: Path) -> None:
    stored = AutoModelForSequenceClassification.from_pretrained(encoder, num_labels=3)
    first, second = build(encoder, seed=1), build(encoder, seed=2)
    drawn = [
        name
        for (name, one), other in zip(first.named_parameters(), second.parameters(), strict=True)
        if not torch.equal(one, other)
    ]
    assert drawn == ["classifier.weight"]
    assert not first.classifier.bias.any()
    for name, tensor in stored.bert.state_dict().items():
        assert torch.equal(tensor, first.bert.state_dict()[name]), name
    weights = torch.cat([build(encoder, seed=seed).classifier.weight.detach().flatten() for seed in range(40)])
    assert float(weights.std()) == pytest.approx(first.config.initializer_range, rel=0.1)
    assert abs(float(weights.mean())) < 0.003


def test_a_head_of_other_classes_is_replaced(encoder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    AutoModelForSequenceClassification.from_pretrained(encoder, num_labels=7).save_pretrained(tmp_path)
    first, second = build(tmp_path, seed=1), build(tmp_path, seed=2)
    assert first.classifier.weight.shape == (3, 16)
    assert not torch.equal(first.classifier.weight, second.classifier.weight)


def test_label_names_go_into_the_configuration(encoder: Path) -> None:
    config = build(encoder).config
    assert config.id2label == {0: "no", 1: "yes", 2: "maybe"}
    assert config.label2id == {"no": 0, "yes": 1, "maybe": 2}
    assert config.num_labels == 3


def test_dropout_reaches_modules_attention_and_configuration(encoder: Path) -> None:
    plain, changed = build(encoder), build(encoder, dropout=0.4)
    assert {m.p for m in plain.modules() if isinstance(m, torch.nn.Dropout)} == {0.1}
    assert {m.p for m in changed.modules() if isinstance(m, torch.nn.Dropout)} == {0.4}
    config = changed.config
    assert (config.hidden_dropout_prob, config.attention_probs_dropout_prob, config.classifier_dropout) == (0.4,) * 3
    assert {m.p for m in build(encoder, dropout=0.0).modules() if isinstance(m, torch.nn.Dropout)} == {0.0}
    assert {m.p for m in build(encoder).modules() if isinstance(m, torch.nn.Dropout)} == {0.1}


def test_dropout_reaches_functional_attention() -> None:
    class Attention(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention_dropout = 0.1
            self.layerdrop = 0.2
            self.drop = torch.nn.Dropout1d(0.3)

    module = Attention()
    assert set_dropout(module, 0.5) == 2
    assert (module.attention_dropout, module.layerdrop, module.drop.p) == (0.5, 0.2, 0.5)


def test_a_network_without_its_dropout_of_zero_gets_one(tmp_path: Path, encoder: Path) -> None:
    from transformers import AutoTokenizer, ModernBertConfig, ModernBertModel

    config = ModernBertConfig(
        vocab_size=60, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, pad_token_id=0
    )
    ModernBertModel(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(encoder).save_pretrained(tmp_path)
    attention = build(tmp_path, dropout=0.3).model.layers[0].attn
    assert attention.attention_dropout == 0.3
    assert attention.out_drop.p == 0.3


def test_model_args_change_the_configuration(encoder: Path) -> None:
    assert build(encoder, layer_norm_eps=1e-6).bert.embeddings.LayerNorm.eps == 1e-6
    assert build(encoder, attn_implementation="eager").config._attn_implementation == "eager"


@pytest.mark.parametrize(
    ("model_args", "expected"),
    [
        (
            {"hiden_act": "relu"},
            r"model_args.hiden_act: a bert model has no such setting \(did you mean hidden_act\?\)",
        ),
        ({"num_labels": 9}, "model_args.num_labels: comes from the data"),
        ({"_name_or_path": "x"}, "no such setting"),
        ({"num_hidden_layers": "six"}, "model_args.num_hidden_layers: 'six' is refused"),
        ({"hidden_size": 32}, "model_args: the weights of .* do not fit these settings"),
    ],
)
def test_settings_that_the_model_lacks_are_refused(encoder: Path, model_args: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        build(encoder, **model_args)


def test_few_models_are_kept(tmp_path: Path) -> None:
    for number in range(3):
        build(build_encoder(tmp_path / str(number)))
    assert len(pretrained._pristine) == pretrained._KEPT


def test_a_folder_that_is_no_model_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"model: {tmp_path} holds no weights"):
        build(tmp_path)


def test_weights_as_a_pickle_run_no_code(encoder: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    folder = build_encoder(tmp_path / "evil")
    (folder / "model.safetensors").unlink()
    torch.save({"bert.pooler.dense.bias": _Evil(str(canary))}, folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="cannot load the model folder"):
        build(folder)
    assert not canary.exists()


class _Evil:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (os.mkdir, (self.path,))
