"""``torch.compile``: faster steps, above all on GPUs, for a first one of a minute and results that are not exact.

Which kernels are made depends on the shapes that a process sees first, so a run that goes on in another process, or
after other trials, agrees with the uninterrupted one to rounding only (docs/decisions/0013-compile-by-request.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def enable(model: torch.nn.Module) -> None:
    """Have a model's calls compiled, in place: its parameters and their names stay as they are.

    Graphs are kept by code and not by model, so later trials of the process with a model of the same structure find
    them ready, whatever their learning rate or batch size. What is a number in the code, such as a dropout probability,
    makes a graph of its own for each value.
    """
    import torch

    # Not `model.compile()`: that passes over modules of torch's own, such as a Sequential. Dynamic: batches differ in
    # rows and in length, and one graph is to serve all of them.
    model.forward = torch.compile(model.forward, dynamic=True)
