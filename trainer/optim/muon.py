"""Muon for hidden matrices and AdamW for everything else, as one optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from trainer.errors import ConfigError


class MuonWithAdamW(torch.optim.Optimizer):
    """``torch.optim.Muon`` over the groups with ``apart``, ``torch.optim.AdamW`` over the others.

    Muon's update is scaled to the size of AdamW's (``match_rms_adamw``), so one learning rate and one weight decay
    serve both, and those of AdamW can be kept.

    Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; the scaling is from Liu et
    al. 2025, "Muon is Scalable for LLM Training".

    Args:
        groups: of :func:`trainer.optim.groups.parameter_groups`.
        lr: learning rate.
        momentum, nesterov: Muon's.
        adamw: arguments of AdamW.

    Raises:
        ConfigError: this torch has no Muon, or there is no matrix for it.
    """

    def __init__(
        self, groups: list[dict[str, Any]], *, lr: float, momentum: float, nesterov: bool, adamw: dict[str, Any]
    ) -> None:
        if not hasattr(torch.optim, "Muon"):
            raise ConfigError("optimizer", f"muon is not in torch {torch.__version__}", "install torch 2.9 or newer")
        matrices = [group for group in groups if group["apart"]]
        if not matrices:
            raise ConfigError("optimizer", "muon finds no hidden matrix in this model", "take adamw")
        others = [group for group in groups if not group["apart"]]
        # torch keeps the groups' own dictionaries, so both see the rates that are set from outside.
        self._muon = torch.optim.Muon(
            matrices, lr=lr, momentum=momentum, nesterov=nesterov, adjust_lr_fn="match_rms_adamw"
        )
        self._adamw = torch.optim.AdamW(others, lr=lr, **adamw) if others else None
        super().__init__(groups, {"lr": lr})
        self._share()

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update of both."""
        loss = closure() if closure is not None else None
        for part in self._parts():
            part.step()
        return loss

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch's; what is loaded belongs to both parts."""
        super().load_state_dict(state_dict)
        self._share()

    def _share(self) -> None:
        for part in self._parts():
            part.state = self.state
            part.param_groups = [group for group in self.param_groups if group["apart"] == (part is self._muon)]

    def _parts(self) -> list[torch.optim.Optimizer]:
        return [self._muon] if self._adamw is None else [self._muon, self._adamw]
