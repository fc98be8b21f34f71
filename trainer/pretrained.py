"""Hugging Face models: loaded once per process, copied and given a fresh head for every trial."""

from __future__ import annotations

import copy
import difflib
import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from trainer.adapt.origin import Origin, remember
from trainer.class_rows import ONE_MORE, ClassRows, dimensions
from trainer.continuing import label_names
from trainer.depth import fit_layers
from trainer.errors import ConfigError
from trainer.hub_access import load_model_files, quiet
from trainer.model import is_dropout_field, set_dropout
from trainer.shapes import shapes

_KEPT = 2
"""Pristine models kept in memory; a sweep over models would otherwise hold them all."""
_WEIGHTS = ("*.safetensors", "*.bin")
_FROM_DATA = ("num_labels", "id2label", "label2id", "problem_type")
# Their positions count from the padding id on, so that many fewer fit.
_OFFSET_POSITIONS = ("roberta", "camembert", "mpnet", "longformer", "data2vec-text", "ibert", "xmod", "luke", "esm")


@dataclass(frozen=True)
class Head:
    """What a backbone is built with.

    Attributes:
        auto: the class of transformers that builds the model: ``AutoModelForSequenceClassification``.
        fields: settings of its configuration that come from the data, such as ``id2label``.
    """

    auto: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def classifier(
    label_names: Sequence[str],
    auto: str = "AutoModelForSequenceClassification",
    *,
    several: bool = False,
    pad: int | None = None,
) -> Head:
    """A head with these classes.

    Args:
        label_names: of the classes.
        auto: the class of transformers that builds the model.
        several: whether a row has any number of classes.
        pad: the padding token, where the model's own configuration names another or none.
    """
    id2label = dict(enumerate(label_names))
    fields: dict[str, Any] = {"id2label": id2label, "label2id": {label: index for index, label in id2label.items()}}
    if auto == "AutoModelForSequenceClassification":
        fields["problem_type"] = f"{'multi' if several else 'single'}_label_classification"
    if pad is not None:
        fields["pad_token_id"] = pad
    return Head(auto, fields)


_pristine: OrderedDict[str, Origin] = OrderedDict()


@lru_cache(maxsize=4)
def tokenizer(name: str) -> Any:
    """The tokenizer of a model folder or hub name; shared, so never to be changed.

    Raises:
        ConfigError: there is none, or it can be neither found nor fetched.
    """
    return load_tokenizer(name)


def load_tokenizer(name: str, **options: Any) -> Any:
    """As ``tokenizer``, a copy of one's own, with options of ``AutoTokenizer.from_pretrained``."""
    from transformers import AutoTokenizer

    return load_model_files(name, lambda **where: AutoTokenizer.from_pretrained(name, **options, **where))


@lru_cache(maxsize=4)
def tokenizer_digest(name: str) -> str:
    """sha256 of everything that decides what a fast tokenizer makes of a text.

    Raises:
        ConfigError: as ``tokenizer``.
    """
    found = tokenizer(name)
    facts = json.loads(found.backend_tokenizer.to_str())
    # Settings of the last call, not of the tokenizer.
    facts.pop("truncation", None)
    facts.pop("padding", None)
    sides = [found.padding_side, found.truncation_side, found.pad_token_id, found.model_input_names]
    return hashlib.sha256(json.dumps([facts, sides], sort_keys=True).encode()).hexdigest()


def settings(name: str, model_args: Mapping[str, Any]) -> Any:
    """The model's configuration with ``model_args`` laid over it.

    Raises:
        ConfigError: the model is not there, or has no such setting.
    """
    from transformers import AutoConfig

    config: Any = load_model_files(name, lambda **where: AutoConfig.from_pretrained(name, **where))
    layers = getattr(config, "num_hidden_layers", None)
    for key, value in model_args.items():
        if key in _FROM_DATA:
            raise ConfigError(f"model_args.{key}", "comes from the data", "leave it out")
        if key != "attn_implementation" and (key.startswith("_") or not hasattr(config, key)):
            close = difflib.get_close_matches(key, list(config.to_dict()), n=1)
            mend = f"did you mean {close[0]}?" if close else ""
            raise ConfigError(f"model_args.{key}", f"a {config.model_type} model has no such setting", mend)
        if key == "attn_implementation":
            continue
        try:
            setattr(config, key, value)
        except Exception as error:
            raise ConfigError(f"model_args.{key}", f"{value!r} is refused: {str(error).splitlines()[0]}") from error
    fit_layers(config, layers, name)
    return config


def lengths(config: Any, tokenizer: Any) -> tuple[int, int | None]:
    """Tokens per row by default, and at most: ``None`` where positions are relative and nothing binds."""
    positions = getattr(config, "max_position_embeddings", None)
    if positions is not None and any(kind in config.model_type for kind in _OFFSET_POSITIONS):
        positions -= (config.pad_token_id or 0) + 1
    own = tokenizer.model_max_length if tokenizer.model_max_length < 1_000_000 else None
    default = min((n for n in (positions, own) if n is not None and n > 0), default=512)
    relative = getattr(config, "position_biased_input", True) is False
    return default, None if relative else positions


def skeleton(name: str, model_args: Mapping[str, Any], head: Head) -> torch.nn.Module:
    """The model without weights, on the device ``meta``: for its shapes. None are read or drawn.

    Raises:
        ConfigError: as ``settings``.
    """
    with quiet(), torch.device("meta"):
        model: torch.nn.Module = _auto(head).from_config(_configured(name, model_args, head))
    remember(model, Origin(head.auto, frozenset(), model))
    return model


def size(name: str, model_args: Mapping[str, Any], head: Head) -> int:
    """How many parameters the model has, without reading or drawing any.

    Raises:
        ConfigError: as ``settings``.
    """
    return sum(parameter.numel() for parameter in skeleton(name, model_args, head).parameters())


def build(
    name: str, model_args: Mapping[str, Any], head: Head, dropout: float | None, init: str = "pretrained"
) -> torch.nn.Module:
    """A model on the CPU, float32, in training mode.

    ``init="random"`` reads no weights: all are drawn, so ``model_args`` may change the model's sizes too.

    Weights from the folder are copied from memory after the first time. Those it lacks (the head) are drawn from
    torch's global generator by the model's own rule, and equally whether the model was in memory or not.

    Raises:
        ConfigError: the model is not there, or its weights do not fit the configuration.
    """
    model: Any
    if init == "random":
        model = _drawn(name, model_args, head, dropout is not None)
    else:
        known = _load(name, model_args, head, dropout is not None)
        model = copy.deepcopy(known.model)
        _draw(model, known.new)
        if known.rows is not None:
            known.rows.lay_into(model.state_dict())
        remember(model, known)
    if dropout is not None:
        set_dropout(model, dropout)
    module: torch.nn.Module = model.train()
    return module


def load_exported(folder: str, auto: str) -> Any:
    """The model that was exported into a folder, float32, on the CPU.

    Raises:
        ConfigError: it is not there or damaged.
    """
    import transformers

    build = getattr(transformers, auto).from_pretrained
    return load_model_files(folder, lambda **where: build(folder, dtype=torch.float32, **where))


def _auto(head: Head) -> Any:
    import transformers

    return getattr(transformers, head.auto)


def _configured(name: str, model_args: Mapping[str, Any], head: Head) -> Any:
    config = settings(name, model_args)
    for key, value in head.fields.items():
        setattr(config, key, value)
    return config


def _drawn(name: str, model_args: Mapping[str, Any], head: Head, dropout: bool) -> Any:
    config = _with_dropout(_configured(name, model_args, head), dropout)
    try:
        with quiet():
            return _auto(head).from_config(config, dtype=torch.float32, **_attention(model_args))
    except Exception as error:
        what = f"{name} cannot be built with these settings: {str(error).splitlines()[0]}"
        raise ConfigError("model_args" if model_args else "model", what) from error


def _with_dropout(config: Any, dropout: bool) -> Any:
    if dropout:
        # Some models leave a dropout of zero out of the network: there must be one to set.
        for setting in [setting for setting in vars(config) if is_dropout_field(setting)]:
            setattr(config, setting, 0.1)
    return config


def _attention(model_args: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in model_args.items() if key == "attn_implementation"}


def _load(name: str, model_args: Mapping[str, Any], head: Head, dropout: bool) -> Origin:
    key = json.dumps([name, dict(model_args), head.auto, dict(head.fields), dropout], sort_keys=True, default=repr)
    if key in _pristine:
        _pristine.move_to_end(key)
        return _pristine[key]
    folder = Path(name)
    if folder.is_dir() and not any(any(folder.glob(ending)) for ending in _WEIGHTS):
        raise ConfigError("model", f"{name} holds no weights", "init: random trains such a model from the beginning")
    model, new = _from_folder(name, model_args, head, dropout)
    rows = _rows_of_classes(name, model_args, head)
    _pristine[key] = Origin(head.auto, new | frozenset(rows.places if rows else ()), model, rows)
    while len(_pristine) > _KEPT:
        _pristine.popitem(last=False)
    return _pristine[key]


def _from_folder(name: str, model_args: Mapping[str, Any], head: Head, dropout: bool) -> tuple[Any, frozenset[str]]:
    """The model, and the names of the weights that its folder lacks."""
    config = _with_dropout(_configured(name, model_args, head), dropout)

    def load(**where: Any) -> tuple[Any, Any]:
        found: tuple[Any, Any] = _auto(head).from_pretrained(
            name,
            config=config,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            # Not handed on to the look for an adapter beside the model, which would try the hub for a minute.
            adapter_kwargs=dict(where),
            **_attention(model_args),
            **where,
        )
        return found

    # Forked: the first trial of a process must draw the same numbers as the later ones.
    with torch.random.fork_rng(devices=[]):
        model, info = load_model_files(name, load)
    mismatched = [entry[0] for entry in info["mismatched_keys"]]
    inner = next((entry for entry in mismatched if entry.startswith(f"{model.base_model_prefix}.")), None)
    if inner:
        raise ConfigError("model_args", f"the weights of {name} do not fit these settings: {inner} is of another shape")
    return model, frozenset([*info["missing_keys"], *mismatched])


def _rows_of_classes(name: str, model_args: Mapping[str, Any], head: Head) -> ClassRows | None:
    """What an exported model's head has for classes that are others now, or in another order; ``None`` for all others.

    The names in a model of other people's need not be those of its data: its head is taken by its shape.
    """
    now, before = tuple(head.fields.get("id2label", {}).values()), label_names(name)
    if not now or not before or now == before:
        return None
    trained, _ = _from_folder(name, model_args, _of_classes(head, before), dropout=False)
    larger = skeleton(name, model_args, _of_classes(head, (*now, ONE_MORE)))
    dims = dimensions(shapes(skeleton(name, model_args, head)), shapes(larger))
    return ClassRows.of(trained.state_dict(), dims, before, now)


def _of_classes(head: Head, names: Sequence[str]) -> Head:
    given = classifier(names, head.auto).fields
    return replace(head, fields={**head.fields, **{key: given[key] for key in ("id2label", "label2id")}})


def _draw(model: Any, missing: frozenset[str]) -> None:
    """Initialise the weights named, as ``from_pretrained`` does: what is marked as initialised is left alone."""
    names: dict[int, list[str]] = {}
    tensors = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    for name, tensor in tensors:
        names.setdefault(id(tensor), []).append(name)
    for _, tensor in tensors:
        # Tied weights go by several names, and are there if one of these is.
        tensor._is_hf_initialized = not all(name in missing for name in names[id(tensor)])
    for module in model.modules():
        module._is_hf_initialized = False
    model.initialize_weights()
