"""The parts of a Hugging Face model in the order in which an input passes them: embeddings, layers, head."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import Module, ModuleList, Parameter

Group = tuple[Parameter, ...]


@dataclass(frozen=True)
class Parts:
    """Every parameter of a model, once. A weight that is used in two places belongs to the first.

    Attributes:
        embeddings: what comes before the layers; position and relative embeddings wherever they are registered.
        layers: from the input on; of an encoder and a decoder first the one's, then the other's. Layers that share
            their weights (ALBERT) are one.
        above: what of the backbone comes after its layers: a final norm, a pooler, a language model's output.
        head: the task's own part.
    """

    embeddings: Group
    layers: tuple[Group, ...]
    above: Group
    head: Group

    @classmethod
    def of(cls, model: Any, new: frozenset[str]) -> Parts:
        """The parts of a model; ``new`` are the names of weights that its folder did not have."""
        heads = head_modules(model, new)
        found: dict[str, list[Parameter]] = {"embeddings": [], "above": [], "head": []}
        layers = _layers(model.base_model)
        at: dict[int, int] = {}
        for index, layer in enumerate(layers):
            for parameter in layer.parameters():
                at.setdefault(id(parameter), index)
        tables = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Embedding)}
        own: list[list[Parameter]] = [[] for _ in layers]
        reached = False
        for name, parameter in model.named_parameters():
            key = id(parameter)
            if _inside(name, heads):
                found["head"].append(parameter)
            elif key in at:
                own[at[key]].append(parameter)
                reached = True
            else:
                early = not reached or key in tables or "embed" in name
                found["embeddings" if early else "above"].append(parameter)
        return cls(
            tuple(found["embeddings"]),
            tuple(tuple(group) for group in own),
            tuple(found["above"]),
            tuple(found["head"]),
        )


def head_modules(model: Any, new: frozenset[str]) -> tuple[str, ...]:
    """Names of the modules that belong to the task: outside of the backbone, or with new weights inside of it.

    A language model's output layer is none of them unless its weights are new: it came with the model.
    """
    backbone, output = model.base_model, model.get_output_embeddings()
    children = model.named_children() if backbone is not model else ()
    outside = [
        name
        for name, module in children
        if module is not backbone and module is not output and any(True for _ in module.parameters())
    ]
    inside = sorted({name.rpartition(".")[0] for name in new})
    return (*outside, *(name for name in inside if name and not _inside(name, outside)))


def _inside(name: str, modules: Iterable[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _layers(backbone: Module) -> list[Module]:
    """The members of the outermost stacks; members are blocks, not single layers of numbers.

    Lists of one length side by side (XLM's attentions, norms, ...) are one stack.
    """
    stacks: dict[tuple[str, int], list[ModuleList]] = {}
    taken: list[str] = []
    for name, module in backbone.named_modules():
        if not isinstance(module, ModuleList) or _inside(name, taken) or not any(True for _ in module.parameters()):
            continue
        taken.append(name)
        stacks.setdefault((name.rpartition(".")[0], len(module)), []).append(module)
    blocks = [lists for lists in stacks.values() if any(True for one in lists for _ in one[0].children())]
    return [ModuleList(members) for lists in blocks for members in zip(*lists, strict=True)]
