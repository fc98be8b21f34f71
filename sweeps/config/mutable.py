"""What a population may change while it trains: which parameters a checkpoint can be gone on from with other values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from search_spaces.errors import suggest
from search_spaces.parameters import Categorical, Constant, Float, Int, Parameter
from sweeps.config.places import Places
from sweeps.config.records import FunctionTrainer, SweepConfig
from sweeps.errors import InputError

# The shared trainer reads these anew wherever it goes on, and nothing that a checkpoint holds depends on them.
MUTABLE = (
    "learning_rate",
    "head_learning_rate",
    "layer_decay",
    "weight_decay",
    "momentum",
    "nesterov",
    "beta1",
    "beta2",
    "epsilon",
    "max_grad_norm",
    "dropout",
    "lora_dropout",
    "label_smoothing",
    "class_weights",
    "augment",
    "schedule",
    "warmup",
    "decay",
    "step_size",
    "gamma",
    "cycles",
    "power",
    "lr_end",
    "timescale",
    "div_factor",
    "final_div_factor",
    "ema",
)
# Why not the others.
_FIXED: Mapping[str, str] = {
    "model": "the checkpoint holds that model's weights",
    "model_args": "the checkpoint holds weights of that shape",
    "data": "the checkpoint's place in the data depends on it",
    "require": "it says which reports count",
    "loss": "trials are compared by it",
    "metrics": "trials are compared by them",
    "batch_size": "the checkpoint's place in the data depends on it",
    "sampling": "the checkpoint's place in the data depends on it",
    "seed": "the checkpoint's place in the data depends on it",
    "init": "the checkpoint holds the weights that came of it",
    "weights": "the checkpoint holds the weights that came of them",
    "max_length": "the data were prepared for it",
    "max_target_length": "the data were prepared for it",
    "doc_stride": "the data were prepared for it",
    "max_answer_length": "answers would be scored by different rules",
    "packing": "the data were prepared for it",
    "completion_only": "the data were prepared for it",
    "generation": "texts would be scored by different rules",
    "optimizer": "the checkpoint holds its state",
    "peft": "the checkpoint holds the adapters",
    "lora_rank": "the checkpoint holds adapters of that rank",
    "lora_targets": "the checkpoint holds adapters of those layers",
    "lora_alpha": "what the checkpoint's adapters learned is scaled by it",
    "quantize": "the checkpoint's adapters were trained over such weights",
    "freeze": "the checkpoint lacks what was frozen",
    "unfreeze_every": "the checkpoint lacks what was frozen",
    "epochs": "it says how far a training has come, by which trials are compared",
    "precision": "the checkpoint holds what belongs to it",
    "patience": "it says when a training is over",
    "micro_batch_size": "it is a matter of memory and changes no result",
    "eval_batch_size": "it is a matter of memory and changes no result",
    "compile": "it is a matter of time",
    "gradient_checkpointing": "it is a matter of memory and changes no result",
    "sharding": "it is a matter of memory and changes no result",
}


def read_population(config: SweepConfig, places: Places) -> SweepConfig:
    """The same sweep; where its trials are a population, with all parameters named that a copy may have otherwise.

    By default those are all that vary, are numbers and can be changed; of a training function of one's own all that
    vary, since what its checkpoints hold is its own affair.

    Raises:
        InputError: a parameter that cannot be changed, none at all, or no population.
    """
    stopping = config.early_stopping
    if not stopping.population:
        return config
    if config.planned is None or config.planned < 2:
        message = f"{stopping.scheduler} needs a population: the number of trials that train side by side"
        got, mend = ("is missing", "add trials: 8") if config.planned is None else (f"is {config.planned}", "give more")
        raise places.error("trials", f"{got}; {message}", mend)
    for name in stopping.mutate:
        if name not in config.space.names:
            raise _refusal(places, f"{name} is no parameter of this sweep", suggest(name, config.space.names))
        if why := why_fixed(config, config.space[name]):
            raise _refusal(places, f"{name} cannot be changed while a trial trains: {why}", "remove it from mutate")
    if stopping.mutate:
        return config
    found = tuple(one.name for one in config.space if _by_default(config, one) and not why_fixed(config, one))
    if not found:
        raise _nothing(config, places)
    return replace(config, early_stopping=replace(stopping, mutate=found))


def _by_default(config: SweepConfig, parameter: Parameter) -> bool:
    own = isinstance(config.trainer, FunctionTrainer)
    return own or not isinstance(parameter, Categorical) or all(_is_number(one) for one in parameter.choices)


def why_fixed(config: SweepConfig, parameter: Parameter) -> str:
    """Why a copy cannot have another value of ``parameter``; empty where it can."""
    name = parameter.name
    if isinstance(parameter, Constant):
        return "it has one value"
    if parameter.conditions or any(one.parent == name for other in config.space for one in other.conditions):
        return "other parameters come and go with it" if not parameter.conditions else "it is not always there"
    if not isinstance(config.trainer, FunctionTrainer) and name.partition(".")[0] not in MUTABLE:
        return _FIXED.get(name) or _FIXED.get(name.partition(".")[0], "the trainer reads it only at the beginning")
    if config.early_stopping.scheduler == "pb2" and not isinstance(parameter, Float | Int):
        return "pb2 needs a range with two ends (min and max)"
    return ""


def _nothing(config: SweepConfig, places: Places) -> InputError:
    whys = [f"{one.name} ({why})" for one in config.space.searched if (why := why_fixed(config, one))]
    what = f": {'; '.join(whys[:3])}" if whys else ""
    message = f"{config.early_stopping.scheduler} can change none of the parameters while trials train{what}"
    own = isinstance(config.trainer, FunctionTrainer)
    mend = "give one min and max" if own else "search learning_rate, weight_decay or dropout, or take asha"
    return places.error("early_stopping.scheduler", message, mend)


def _refusal(places: Places, message: str, mend: str) -> InputError:
    return places.error("early_stopping.mutate", message, mend)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
