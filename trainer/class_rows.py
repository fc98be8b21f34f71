"""A trained classifier for data whose classes are others, or in another order: its rows follow the classes' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import torch

from trainer.shapes import Shapes

ONE_MORE = "one class more"
"""A name for a class that is only counted."""
_SHOWN = 6


def dimensions(these: Shapes, larger: Shapes) -> dict[str, int]:
    """Which dimension of which tensors counts the classes; ``larger`` are the shapes with one class more."""
    found = {}
    for name, shape in these.items():
        other = larger.get(name, shape)
        if len(other) == len(shape):
            grown = [at for at, (one, two) in enumerate(zip(shape, other, strict=True)) if two == one + 1]
            if grown:
                found[name] = grown[0]
    return found


@dataclass(frozen=True)
class ClassRows:
    """The trained rows of classes that a model still has.

    Attributes:
        places: by the name of a tensor: the dimension that counts the classes, the numbers of the classes in the new
            model, and their rows.
    """

    places: Mapping[str, tuple[int, torch.Tensor, torch.Tensor]]

    @classmethod
    def of(
        cls,
        trained: Mapping[str, torch.Tensor],
        dims: Mapping[str, int],
        before: Sequence[str],
        now: Sequence[str],
    ) -> Self:
        """Those of a trained model.

        Args:
            trained: its tensors by name.
            dims: which dimension of which of them counts the classes.
            before: names of its classes, in their order.
            now: those of the new model.
        """
        both = [name for name in now if name in before]
        sources = torch.tensor([before.index(name) for name in both], dtype=torch.int64)
        targets = torch.tensor([now.index(name) for name in both], dtype=torch.int64)
        rows = {
            name: (dim, targets, trained[name].detach().cpu().index_select(dim, sources))
            for name, dim in dims.items()
            if name in trained
        }
        return cls(rows)

    def lay_into(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Write them over the rows of the same classes, in place."""
        with torch.no_grad():
            for name, (dim, targets, rows) in self.places.items():
                tensors[name].index_copy_(dim, targets, rows.to(tensors[name].dtype))


def changes(before: Sequence[str], now: Sequence[str]) -> str:
    """What became of the classes, in words; empty where they are the same, in whatever order."""
    new, gone = [name for name in now if name not in before], [name for name in before if name not in now]
    return "; ".join(f"{_counted(names)} {what}" for names, what in ((new, "new"), (gone, "gone")) if names)


def _counted(names: Sequence[str]) -> str:
    left = len(names) - _SHOWN
    shown = ", ".join(names[:_SHOWN]) + (f" and {left} more" if left > 0 else "")
    return f"class {shown} is" if len(names) == 1 else f"classes {shown} are"
