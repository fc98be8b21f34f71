"""Frozen weights in 4 or 8 bits on a GPU, by bitsandbytes: QLoRA.

Source: Dettmers et al. 2023, "QLoRA: Efficient Finetuning of Quantized LLMs" (4 bit NormalFloat, double quantisation);
Dettmers et al. 2022, "LLM.int8()".
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from trainer.errors import ConfigError

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.precision import Compute

_COMPUTE = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def check_machine(config: TrainConfig) -> None:
    """Refuse ``quantize`` where it cannot be done.

    Raises:
        ConfigError: there is no GPU here, or no bitsandbytes.
    """
    if config.quantize == "none":
        return
    if importlib.util.find_spec("bitsandbytes") is None:
        message = f"{config.quantize} needs the library bitsandbytes, which is not installed"
        raise ConfigError("quantize", message, "pip install 'sweepwright[qlora]', or leave quantize out")
    if not torch.cuda.is_available():
        message = f"{config.quantize} needs an NVIDIA GPU, and there is none here"
        raise ConfigError("quantize", message, "leave quantize out: LoRA itself needs no GPU")


def quantize(model: Any, config: TrainConfig, compute: Compute, keep: Sequence[str]) -> None:
    """Put the linear layers of ``model`` into ``config.quantize`` bits, in place, and the model onto the GPU.

    What is in the modules of ``keep``, the output layer, embeddings and norms stay in float32. All of it is frozen.

    Raises:
        ConfigError: as ``check_machine``.
    """
    check_machine(config)
    from peft import prepare_model_for_kbit_training
    from transformers import BitsAndBytesConfig
    from transformers.pytorch_utils import Conv1D

    bits = BitsAndBytesConfig(
        load_in_4bit=config.quantize == "4bit",
        load_in_8bit=config.quantize == "8bit",
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=_COMPUTE[compute.precision],
    )
    output, outside = model.get_output_embeddings(), tuple(f"{name}." for name in keep)
    for name, module in list(model.named_modules()):
        if module is output or f"{name}.".startswith(outside or "\n"):
            continue
        if type(module) is torch.nn.Linear or isinstance(module, Conv1D):
            model.set_submodule(name, _layer(module, bits))
    model.is_loaded_in_4bit, model.is_loaded_in_8bit = bits.load_in_4bit, bits.load_in_8bit
    model.to(compute.device)  # the layers quantise their weights on the way
    # Checkpointing of activations is a setting of its own.
    prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)


def _layer(module: Any, bits: Any) -> torch.nn.Module:
    """The same layer with weights that are quantised as soon as it is moved to the GPU."""
    import bitsandbytes

    weight = module.weight if isinstance(module, torch.nn.Linear) else module.weight.T
    outputs, inputs = weight.shape
    bias = module.bias is not None
    layer: torch.nn.Module
    if bits.load_in_4bit:
        layer = bitsandbytes.nn.Linear4bit(
            inputs,
            outputs,
            bias=bias,
            compute_dtype=bits.bnb_4bit_compute_dtype,
            compress_statistics=bits.bnb_4bit_use_double_quant,
            quant_type=bits.bnb_4bit_quant_type,
        )
    else:
        layer = bitsandbytes.nn.Linear8bitLt(
            inputs, outputs, bias=bias, has_fp16_weights=False, threshold=bits.llm_int8_threshold
        )
    state = {"weight": weight.detach().contiguous(), **({"bias": module.bias.detach()} if bias else {})}
    layer.load_state_dict(state)
    return layer.requires_grad_(False)
