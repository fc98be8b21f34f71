"""What is known of where a model's weights come from: which are new, and what the others were."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import torch

from trainer.class_rows import ClassRows


@dataclass(frozen=True)
class Origin:
    """A pretrained model that others are copied from.

    Attributes:
        auto: the class of transformers that built it: ``AutoModelForSequenceClassification``.
        new: names of the weights that its folder did not have.
        model: it.
        rows: what its folder has of weights that are new as a whole: the rows of classes that it was trained with.
    """

    auto: str
    new: frozenset[str]
    model: torch.nn.Module
    rows: ClassRows | None = None

    @cached_property
    def digest(self) -> str:
        """sha256 of the weights that the folder had, by name."""
        digest = hashlib.sha256()
        for name, weight in sorted(self.model.named_parameters()):
            if name not in self.new:
                digest.update(f"{name} {tuple(weight.shape)} {weight.dtype}".encode())
                digest.update(weight.detach().contiguous().flatten().view(torch.uint8).numpy().data)
        return digest.hexdigest()


# Beside the models rather than on them: they are copied, compared and saved by others.
_known: WeakKeyDictionary[torch.nn.Module, Origin] = WeakKeyDictionary()


def remember(model: torch.nn.Module, origin: Origin) -> None:
    """Note where a model comes from."""
    _known[model] = origin


def origin_of(model: torch.nn.Module) -> Origin | None:
    """Where it comes from; ``None`` for a module that no folder was read for."""
    return _known.get(model)
