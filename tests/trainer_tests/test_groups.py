"""Which learning rate and which decay each part of a model gets."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.trainer_tests.toy import settings
from trainer.errors import ConfigError
from trainer.optim.build import build_optimizer, set_lr
from trainer.optim.layers import head_names, heights, hidden_matrices

SIZES: dict[str, Any] = {
    "vocab_size": 40,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 32,
}


def bert() -> nn.Module:
    from transformers import BertConfig, BertForSequenceClassification

    return BertForSequenceClassification(BertConfig(**SIZES))


def albert() -> nn.Module:
    from transformers import AlbertConfig, AlbertForSequenceClassification

    return AlbertForSequenceClassification(AlbertConfig(embedding_size=8, **SIZES))


def distilbert() -> nn.Module:
    from transformers import DistilBertConfig, DistilBertForTokenClassification

    config = DistilBertConfig(vocab_size=40, dim=16, n_layers=3, n_heads=2, hidden_dim=32)
    return DistilBertForTokenClassification(config)


def gpt2() -> nn.Module:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(
        GPT2Config(vocab_size=40, n_embd=16, n_layer=3, n_head=2, n_positions=32, bos_token_id=0, eos_token_id=0)
    )


def llama() -> nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(num_key_value_heads=2, **SIZES))


def t5() -> nn.Module:
    from transformers import T5Config, T5ForConditionalGeneration

    sizes = {"d_model": 16, "d_ff": 32, "d_kv": 8, "num_heads": 2}
    return T5ForConditionalGeneration(T5Config(vocab_size=40, num_layers=3, num_decoder_layers=2, **sizes))


def bart() -> nn.Module:
    from transformers import BartConfig, BartForConditionalGeneration

    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    feed = {"encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
    config = BartConfig(vocab_size=40, d_model=16, encoder_layers=3, decoder_layers=3, **heads, **feed)
    return BartForConditionalGeneration(config)


def vit() -> nn.Module:
    from transformers import ViTConfig, ViTForImageClassification

    sizes = {name: SIZES[name] for name in SIZES if name not in ("vocab_size", "max_position_embeddings")}
    return ViTForImageClassification(ViTConfig(image_size=16, patch_size=8, **sizes))


HEIGHTS: list[tuple[Callable[[], nn.Module], dict[str, int]]] = [
    (
        bert,
        {
            "bert.embeddings.word_embeddings.weight": 4,
            "bert.embeddings.LayerNorm.bias": 4,
            "bert.encoder.layer.0.attention.self.query.weight": 3,
            "bert.encoder.layer.2.output.LayerNorm.weight": 1,
            "bert.pooler.dense.weight": 0,
            "classifier.weight": 0,
        },
    ),
    (distilbert, {"distilbert.transformer.layer.0.attention.q_lin.weight": 3, "classifier.bias": 0}),
    (
        gpt2,
        {
            "transformer.wte.weight": 4,
            "transformer.wpe.weight": 4,
            "transformer.h.1.mlp.c_fc.weight": 2,
            "transformer.ln_f.weight": 0,
        },
    ),
    (llama, {"model.embed_tokens.weight": 4, "model.layers.2.mlp.up_proj.weight": 1, "lm_head.weight": 0}),
    (
        t5,
        {
            "shared.weight": 4,
            "encoder.block.0.layer.0.SelfAttention.q.weight": 3,
            "decoder.block.0.layer.0.SelfAttention.q.weight": 2,
            "decoder.block.1.layer.2.layer_norm.weight": 1,
            "decoder.final_layer_norm.weight": 0,
        },
    ),
    (
        bart,
        {
            "model.shared.weight": 4,
            "model.decoder.embed_positions.weight": 4,
            "model.decoder.layernorm_embedding.weight": 4,
            "model.decoder.layers.0.fc1.weight": 3,
        },
    ),
    (
        vit,
        {
            "vit.embeddings.cls_token": 4,
            "vit.embeddings.patch_embeddings.projection.weight": 4,
            "vit.layernorm.weight": 0,
            "classifier.weight": 0,
        },
    ),
]


@pytest.mark.parametrize(("make", "expected"), HEIGHTS, ids=lambda value: getattr(value, "__name__", ""))
def test_heights_by_layer(make: Callable[[], nn.Module], expected: dict[str, int]) -> None:
    model = make()
    found = heights(model)
    assert found.keys() == dict(model.named_parameters()).keys()
    assert {name: found[name] for name in expected} == expected
    assert set(range(1, 5)) <= set(found.values()) <= set(range(5))


@pytest.mark.parametrize("make", [albert, lambda: nn.Sequential(nn.Linear(2, 2))], ids=["shared", "plain"])
def test_models_without_layers_of_their_own_refuse_layer_decay(make: Callable[[], nn.Module]) -> None:
    with pytest.raises(ConfigError, match=r"layer_decay: .* has no stack of layers"):
        build_optimizer(make(), settings(layer_decay=0.9))


def rates(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, float]:
    by_id = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    return {name: by_id[id(p)] for name, p in model.named_parameters() if p.requires_grad}


def test_each_layer_below_has_a_smaller_rate_and_the_head_its_own() -> None:
    model = bert()
    optimizer = build_optimizer(model, settings(learning_rate=0.01, layer_decay=0.5, head_learning_rate=0.1))
    set_lr(optimizer, 0.002)  # a fifth of the way down its schedule
    found = rates(model, optimizer)
    assert found["bert.embeddings.position_embeddings.weight"] == pytest.approx(0.002 * 0.5**4)
    assert found["bert.encoder.layer.1.attention.self.value.bias"] == pytest.approx(0.002 * 0.5**2)
    assert found["bert.pooler.dense.weight"] == pytest.approx(0.002)
    assert found["classifier.weight"] == found["classifier.bias"] == pytest.approx(0.02)


def test_decay_leaves_out_norms_and_biases_and_keeps_embeddings() -> None:
    model = bert()
    optimizer = build_optimizer(model, settings(weight_decay=0.1, layer_decay=0.5))
    decayed = {id(p) for group in optimizer.param_groups if group["weight_decay"] for p in group["params"]}
    for name, parameter in model.named_parameters():
        assert (id(parameter) in decayed) == ("LayerNorm" not in name and not name.endswith("bias"))


def test_what_is_frozen_is_in_no_group() -> None:
    model = bert()
    for parameter in model.bert.parameters():
        parameter.requires_grad_(False)
    optimizer = build_optimizer(model, settings(layer_decay=0.5))
    assert set(rates(model, optimizer)) == {"classifier.weight", "classifier.bias"}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (bert, {"classifier.weight", "classifier.bias"}),
        (distilbert, {"classifier.weight", "classifier.bias"}),
        (vit, {"classifier.weight", "classifier.bias"}),
    ],
)
def test_the_head_is_what_lies_outside_the_base_model(make: Callable[[], nn.Module], expected: set[str]) -> None:
    assert head_names(make()) == expected


@pytest.mark.parametrize("make", [gpt2, llama, t5, lambda: nn.Linear(2, 2)])
def test_models_without_a_head_of_their_own_say_so(make: Callable[[], nn.Module]) -> None:
    with pytest.raises(ConfigError, match=r"head_learning_rate: .* has no head of its own"):
        build_optimizer(make(), settings(head_learning_rate=0.1))


def test_adapters_belong_to_their_layers() -> None:
    from peft import LoraConfig, inject_adapter_in_model

    model = bert()
    inject_adapter_in_model(LoraConfig(r=2, target_modules=["query"], modules_to_save=["classifier"]), model)
    optimizer = build_optimizer(model, settings(learning_rate=0.01, layer_decay=0.5, head_learning_rate=0.1))
    set_lr(optimizer, 0.01)
    found = rates(model, optimizer)
    assert {"lora_A", "classifier"} == {part for name in found for part in ("lora_A", "classifier") if part in name}
    for name, rate in found.items():
        if "classifier" in name:
            assert rate == pytest.approx(0.1)
        else:
            layer = int(name.partition("layer.")[2].partition(".")[0])
            assert rate == pytest.approx(0.01 * 0.5 ** (3 - layer))


@pytest.mark.parametrize("make", [bert, gpt2, llama, t5, vit])
def test_muons_matrices_are_neither_embeddings_nor_outputs(make: Callable[[], nn.Module]) -> None:
    model = make()
    found = hidden_matrices(model)
    assert all(dict(model.named_parameters())[name].ndim == 2 for name in found)
    assert not any(part in name for name in found for part in ("emb", "wte", "wpe", "shared", "lm_head", "classifier"))
    assert len(found) >= 3 * 4


def test_a_head_of_the_same_rate_is_still_a_group_of_its_own() -> None:
    """A population may change either rate, and its checkpoints must fit."""
    same = build_optimizer(bert(), settings(learning_rate=0.1, head_learning_rate=0.1))
    other = build_optimizer(bert(), settings(learning_rate=0.1, head_learning_rate=0.2))
    assert [len(g["params"]) for g in same.param_groups] == [len(g["params"]) for g in other.param_groups]
