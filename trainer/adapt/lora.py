"""LoRA and DoRA, by the ``peft`` library: where adapters go, putting them there, saving them, merging them.

Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"; Liu et al. 2024, "DoRA:
Weight-Decomposed Low-Rank Adaptation".
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from trainer.adapt import settings
from trainer.errors import ConfigError, suggest

if TYPE_CHECKING:
    from trainer.config import TrainConfig

_ATTENTION = re.compile(r"attention|attn", re.IGNORECASE)
_TASK_TYPES = {
    "AutoModelForSequenceClassification": "SEQ_CLS",
    "AutoModelForTokenClassification": "TOKEN_CLS",
    "AutoModelForQuestionAnswering": "QUESTION_ANS",
    "AutoModelForCausalLM": "CAUSAL_LM",
    "AutoModelForSeq2SeqLM": "SEQ_2_SEQ_LM",
}


def inject(model: Any, config: TrainConfig, head: Sequence[str]) -> Any:
    """Put adapters into ``model``, in place, and freeze everything but them and the modules of ``head``.

    ``model`` stays what it is, only with other layers inside: a task uses it as before. New weights are drawn from
    torch's global generator.

    Returns:
        The ``PeftModel`` around it.

    Raises:
        ConfigError: ``lora_targets`` names what the model does not have.
    """
    from peft import LoraConfig, get_peft_model

    names = _targets(model, config, head)
    modules = dict(model.named_modules())
    with _no_warnings():
        return get_peft_model(
            model,
            LoraConfig(
                r=config.lora_rank,
                lora_alpha=settings.alpha(config),
                lora_dropout=config.lora_dropout,
                target_modules=_endings(names, modules),
                modules_to_save=list(head) or None,
                use_dora=config.peft == "dora",
                # GPT-2's layers keep their weights the other way round.
                fan_in_fan_out=not isinstance(modules[names[0]], torch.nn.Linear),
            ),
        )


def save_adapter(adapter: Any, folder: Path, *, base: str, auto: str) -> None:
    """Write what ``peft.PeftModel.from_pretrained(base model, folder)`` loads: adapters and head.

    Args:
        adapter: of ``inject``.
        folder: made if need be.
        base: the name or folder of the model it belongs to.
        auto: the class of transformers that loads that model.
    """
    for one in adapter.peft_config.values():
        one.base_model_name_or_path = base
        one.task_type = _TASK_TYPES.get(auto)
    with _no_warnings():
        # Never with the embeddings, which are frozen; peft would ask the hub whether they had grown.
        adapter.save_pretrained(folder, save_embedding_layers=False)
    # A form that nobody has filled in; the card of the export says what there is to say.
    (folder / "README.md").unlink(missing_ok=True)


def merge(adapter: Any) -> Any:
    """The ordinary model with what the adapters learned added to its weights, in place.

    Raises:
        ConfigError: a sum is not finite.
    """
    try:
        return adapter.merge_and_unload(safe_merge=True)
    except ValueError as error:
        raise ConfigError("peft", f"the adapter cannot be merged: {error}") from error


def _targets(model: Any, config: TrainConfig, head: Sequence[str]) -> list[str]:
    """Names of the layers that get an adapter, in the model's order."""
    from peft.utils import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING

    linear = _linear_names(model, head)
    if not linear:
        raise ConfigError("peft", f"{config.model} has no linear layers for adapters")
    asked = config.lora_targets
    if asked == "default":
        # peft's own choice where it has one for this kind of model.
        usual = TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING.get(model.config.model_type, ())
        return [name for name in linear if _ends(name, usual)] or linear
    if asked == "all-linear":
        return linear
    if asked == "attention":
        if found := [name for name in linear if _ATTENTION.search(name)]:
            return found
        raise ConfigError("lora_targets", f"{config.model} has no layers of attention by name", "use all-linear")
    endings = (asked,) if isinstance(asked, str) else asked
    for ending in endings:
        if not any(_ends(name, (ending,)) for name in linear):
            known = dict.fromkeys(["default", "attention", "all-linear", *(n.rpartition(".")[2] for n in linear)])
            mend = suggest(ending, known, "there are", always=True)
            raise ConfigError("lora_targets", f"no linear layer of {config.model} is called {ending!r}", mend)
    return [name for name in linear if _ends(name, endings)]


def _linear_names(model: Any, head: Sequence[str]) -> list[str]:
    from transformers.pytorch_utils import Conv1D

    output = model.get_output_embeddings()
    outside = tuple(f"{name}." for name in head)
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear | Conv1D)
        and module is not output
        and not f"{name}.".startswith(outside or "\n")
    ]


def _ends(name: str, endings: Sequence[str]) -> bool:
    return any(name == ending or name.endswith(f".{ending}") for ending in endings)


def _endings(names: Sequence[str], modules: dict[str, torch.nn.Module]) -> list[str]:
    """The last parts of the names where these mean the same layers: shorter to read in the adapter's configuration."""
    last = list(dict.fromkeys(name.rpartition(".")[2] for name in names))
    return last if [name for name in modules if _ends(name, last)] == list(names) else list(names)


@contextmanager
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
