"""Where a run computes and in which number format: device, autocast, gradient scaler."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from trainer.errors import ConfigError

if TYPE_CHECKING:
    from trainer.config import Precision
    from trainer.tasks.base import Batch

_AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Compute:
    """A device and a format.

    Attributes:
        device: where the model lies.
        precision: ``fp32``, ``bf16`` or ``fp16``, never ``auto``. Weights stay in fp32 in all of them.
    """

    device: torch.device
    precision: str

    @classmethod
    def choose(cls, precision: Precision, device: torch.device | str | None = None) -> Compute:
        """The first GPU where there is one, else the CPU; ``auto`` is bf16 on GPUs that support it, else fp32.

        Raises:
            ConfigError: fp16 on a CPU, where its narrow range brings no speed.
        """
        chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if chosen.type == "cuda" and chosen.index is None:
            chosen = torch.device("cuda", torch.cuda.current_device())
        if precision == "auto":
            bf16 = chosen.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
            return cls(chosen, "bf16" if bf16 else "fp32")
        if precision == "fp16" and chosen.type == "cpu":
            raise ConfigError("precision", "fp16 needs a GPU, this run is on the CPU", "use bf16, fp32 or auto")
        return cls(chosen, precision)

    def autocast(self) -> AbstractContextManager[Any]:
        """A context for forward passes that can be entered again and again, one entry at a time."""
        if self.precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=_AUTOCAST[self.precision])

    def scaler(self) -> torch.amp.GradScaler | None:
        """Loss scaling for fp16, ``None`` for the formats that do not need it."""
        return torch.amp.GradScaler(self.device.type) if self.precision == "fp16" else None

    def move(self, batch: Batch) -> Batch:
        """The batch on this device; to a GPU from pinned memory, so that the copy does not hold up the CPU."""
        if self.device.type != "cuda":
            return batch if self.device.type == "cpu" else {k: v.to(self.device) for k, v in batch.items()}
        return {name: tensor.pin_memory().to(self.device, non_blocking=True) for name, tensor in batch.items()}


def out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says that the device's memory did not suffice; cuBLAS says so in words of its own."""
    return isinstance(error, torch.OutOfMemoryError) or "CUBLAS_STATUS_ALLOC_FAILED" in str(error)
