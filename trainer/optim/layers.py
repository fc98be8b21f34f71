"""Which part of a model a parameter belongs to: embeddings, a layer of a stack, what comes after them, the head."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trainer.adapt.origin import origin_of
from trainer.adapt.parts import head_modules
from trainer.errors import ConfigError

_COUNTS = ("num_hidden_layers", "num_layers", "num_decoder_layers", "encoder_layers", "decoder_layers")
_EMBEDDING = re.compile(r"(^|[._])(\w*emb\w*|wte|wpe)([._]|$)")


@dataclass(frozen=True)
class Stack:
    """A stack of layers: the name of its module list, and how many there are."""

    name: str
    layers: int


def heights(model: nn.Module) -> dict[str, int]:
    """How far each parameter is from the output: 0 after the layers, 1 in the last layer, most in the embeddings.

    Encoder and decoder are counted each from its own end, and embeddings lie below the taller of the two. For any
    Hugging Face model whose layers are one module list, or one each in encoder and decoder (BERT, GPT, Llama, T5, BART,
    ViT, Swin by its stages).

    Raises:
        ConfigError: a plain module, or a model whose layers share their weights or are not found.
    """
    stacks = list(_stacks(model))
    if not stacks:
        kind = type(model).__name__
        raise ConfigError("layer_decay", f"{kind} has no stack of layers to tell apart", "leave it out")
    tallest = max(stack.layers for stack in stacks)
    found: dict[str, int] = {}
    before = True
    for name, _ in model.named_parameters():
        stack = next((stack for stack in stacks if name.startswith(f"{stack.name}.")), None)
        if stack is not None:
            before = False
            index = int(name.removeprefix(f"{stack.name}.").partition(".")[0])
            found[name] = stack.layers - index
        else:
            # Stems of pictures and sounds come first without being called embeddings.
            found[name] = tallest + 1 if before or _EMBEDDING.search(name) else 0
    return found


def head_names(model: nn.Module) -> frozenset[str]:
    """Parameters of the head: what a Hugging Face model has outside its base model or begins anew inside of it.

    Raises:
        ConfigError: a plain module, or a model without a head of its own.
    """
    names = _head_names(model)
    if not names:
        raise ConfigError("head_learning_rate", f"{type(model).__name__} has no head of its own", "leave it out")
    return names


def hidden_matrices(model: nn.Module) -> frozenset[str]:
    """The matrices between embeddings and outputs: what Muon is for. Empty where there are none.

    Of a Hugging Face model all two-dimensional weights but embeddings, heads and a language model's output; of a plain
    module all but embeddings and the last one, which is its output.
    """
    embedded = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    embedded |= {id(parameter) for parameter in _output_embeddings(model)}
    matrices = [
        name for name, parameter in model.named_parameters() if parameter.ndim == 2 and id(parameter) not in embedded
    ]
    if not hasattr(model, "base_model"):
        return frozenset(matrices[:-1])
    heads = _head_names(model)
    return frozenset(name for name in matrices if name not in heads and not _EMBEDDING.search(name))


def _head_names(model: nn.Module) -> frozenset[str]:
    if not hasattr(model, "base_model"):
        return frozenset()
    origin = origin_of(model)
    heads = tuple(f"{module}." for module in head_modules(model, origin.new if origin is not None else frozenset()))
    return frozenset(name for name, _ in model.named_parameters() if name.startswith(heads))


def _stacks(model: nn.Module) -> Iterator[Stack]:
    """The outermost module lists that hold as many layers as the configuration says, all of one class."""
    config = getattr(model, "config", None)
    if config is None:
        return
    counts = {getattr(config, name, None) for name in _COUNTS}
    depths = getattr(config, "depths", None)
    counts |= {len(depths)} if depths else set()
    lists = {name: module for name, module in model.named_modules() if isinstance(module, nn.ModuleList)}
    for name, module in lists.items():
        inner = any(name.startswith(f"{other}.") for other in lists)
        if not inner and len(module) in counts and len({type(layer) for layer in module}) == 1:
            yield Stack(name, len(module))


def _output_embeddings(model: Any) -> tuple[torch.Tensor, ...]:
    find = getattr(model, "get_output_embeddings", None)
    output = find() if find is not None else None
    return tuple(output.parameters()) if output is not None else ()
