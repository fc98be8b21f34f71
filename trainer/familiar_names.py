"""The names of transformers' ``TrainingArguments``: what each of them is called here, or what to write instead.

One table, by which sweep files and parameters are read and the guide is checked. :mod:`trainer.familiar` reads by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Known:
    """A name for something that there is.

    Attributes:
        ours: the setting's name here, dotted where it is inside one.
        values: their values to ours, where they differ; others are refused.
        searched: whether a parameter can have the name.
        said: what the guide says besides.
    """

    ours: str
    values: Mapping[Any, Any] | None = None
    searched: bool = True
    said: str = ""


@dataclass(frozen=True)
class Unknown:
    """A name for something that there is not, or that another part of a sweep file says.

    Attributes:
        mend: what to write or to do instead.
        harmless: values that ask for what happens here anyway; ``None`` always is one.
    """

    mend: str
    harmless: tuple[Any, ...] = ()


_REMOVE = "remove it"
_CHECKPOINTS = "a checkpoint is written with each report: write report_every"
_LOGGED = "training loss is averaged between reports: write report_every"
_MEMORY = "data are read from memory-mapped files in the trial's own process"
_DEVICES = "write resources: {gpus_per_trial: ...} at the top level"
_EXPORT = "export the best model, and push that"
_OURS_ONLY = "there is nothing like it here"

OPTIMIZERS = {
    "adamw": "adamw",
    "adamw_torch": "adamw",
    "adamw_torch_fused": "adamw",
    "adafactor": "adafactor",
    "sgd": "sgd",
    "lion": "lion",
    "lion_32bit": "lion",
    "adam": "adam",
    "muon": "muon",
}
SCHEDULES = {
    "linear": "linear",
    "cosine": "cosine",
    "cosine_with_restarts": "cosine_with_restarts",
    "cosine_with_min_lr": "cosine",
    "polynomial": "polynomial",
    "inverse_sqrt": "inverse_sqrt",
    "constant": "constant",
    "constant_with_warmup": "constant",
}
SCHEDULE_ARGUMENTS = {
    "num_cycles": "cycles",
    "power": "power",
    "lr_end": "lr_end",
    "min_lr": "lr_end",
    "timescale": "timescale",
}

KNOWN: Mapping[str, Known] = {
    "num_train_epochs": Known("epochs"),
    "max_steps": Known("epochs.steps", said="-1 is not given"),
    "per_device_train_batch_size": Known("batch_size", said="times `gradient_accumulation_steps`, rows per update"),
    "per_device_eval_batch_size": Known("eval_batch_size"),
    "gradient_accumulation_steps": Known(
        "micro_batch_size", searched=False, said="`batch_size` is the product, and the device takes the other factor"
    ),
    "lr_scheduler_type": Known("schedule", SCHEDULES),
    "lr_scheduler_kwargs": Known(
        "cycles", searched=False, said="`num_cycles`, `power`, `lr_end` or `min_lr`, `timescale`, each a setting here"
    ),
    "warmup_ratio": Known("warmup"),
    "warmup_steps": Known("warmup.steps", said="below 1 it is a fraction"),
    "optim": Known("optimizer", OPTIMIZERS),
    "adam_beta1": Known("beta1"),
    "adam_beta2": Known("beta2"),
    "adam_epsilon": Known("epsilon"),
    "label_smoothing_factor": Known("label_smoothing"),
    "bf16": Known("precision", {True: "bf16", False: "fp32"}),
    "fp16": Known("precision", {True: "fp16", False: "fp32"}),
    "activation_checkpointing": Known("gradient_checkpointing"),
    "torch_compile": Known("compile"),
    "fsdp": Known(
        "sharding",
        {"full_shard": "full", "full_shard auto_wrap": "full", True: "full", "": "none", False: "none"},
        said="`full_shard` is `full`; how it wraps is not chosen",
    ),
    "eval_strategy": Known("report_every", searched=False, said="`epoch`, or `steps`; `no` is one report at the end"),
    "evaluation_strategy": Known("report_every", searched=False, said="as `eval_strategy`"),
    "eval_steps": Known("report_every.steps", said="below 1 it is a fraction of the training"),
    "save_strategy": Known(
        "report_every",
        searched=False,
        said="a checkpoint is written with each report; one that asks for others is refused",
    ),
    "save_steps": Known("report_every.steps", searched=False, said="as `save_strategy`"),
    "logging_steps": Known(
        "report_every.steps", searched=False, said="losses are logged with each report; other steps are refused"
    ),
    "logging_strategy": Known("report_every", searched=False, said="as `logging_steps`"),
    "metric_for_best_model": Known("metric", searched=False, said="without `eval_`; in a sweep file its `metric`"),
    "greater_is_better": Known("goal", {True: "maximize", False: "minimize"}, searched=False),
    "early_stopping_patience": Known("patience"),
}
"""Names with a meaning. Those of the same name and meaning are not listed: ``learning_rate``, ``weight_decay``,
``max_grad_norm``, ``seed``, ``gradient_checkpointing``."""

UNKNOWN: Mapping[str, Unknown] = {
    "output_dir": Unknown("the sweep's folder is --storage; a model is written by export"),
    "overwrite_output_dir": Unknown("a sweep is resumed, or has a new name", (False,)),
    "run_name": Unknown("write name at the top level"),
    "logging_dir": Unknown("TensorBoard's files lie in the sweep's folder"),
    "report_to": Unknown("TensorBoard is always written", ("none", "tensorboard", (), ("none",), ("tensorboard",))),
    "load_best_model_at_end": Unknown("the best checkpoint is always kept, and exported", (True,)),
    "save_total_limit": Unknown("write keep_checkpoints at the top level; a running trial keeps three"),
    "save_only_model": Unknown("a checkpoint can always be gone on from", (False,)),
    "save_safetensors": Unknown("weights are always safetensors", (True,)),
    "save_on_each_node": Unknown(_REMOVE, (False,)),
    "enable_jit_checkpoint": Unknown(_CHECKPOINTS, (False,)),
    "resume_from_checkpoint": Unknown("run sweeps resume"),
    "restore_callback_states_from_checkpoint": Unknown(_REMOVE, (False,)),
    "ignore_data_skip": Unknown("a resumed run goes on at its place in the data", (False,)),
    "logging_first_step": Unknown(_LOGGED, (False,)),
    "logging_nan_inf_filter": Unknown("a loss that is not finite ends the trial"),
    "log_level": Unknown(_REMOVE, ("passive",)),
    "log_level_replica": Unknown(_REMOVE, ("warning",)),
    "log_on_each_node": Unknown(_REMOVE, (True,)),
    "disable_tqdm": Unknown("the sweep's own table is shown; --quiet hides it"),
    "eval_on_start": Unknown(_OURS_ONLY, (False,)),
    "eval_delay": Unknown("write report_every and early_stopping: {grace: ...}", (0,)),
    "eval_accumulation_steps": Unknown("what evaluation keeps is moved once"),
    "eval_do_concat_batches": Unknown(_REMOVE, (True,)),
    "eval_use_gather_object": Unknown(_REMOVE, (False,)),
    "batch_eval_metrics": Unknown("metrics are computed over the whole split", (False,)),
    "include_for_metrics": Unknown("the task says what its metrics see", ((),)),
    "include_num_input_tokens_seen": Unknown("reports have samples_per_second", (False, "no")),
    "prediction_loss_only": Unknown("metrics are always computed", (False,)),
    "early_stopping_threshold": Unknown("patience counts any improvement; write early_stopping at the top level", (0,)),
    "neftune_noise_alpha": Unknown(_OURS_ONLY),
    "optim_args": Unknown("write the optimizer's settings themselves: beta1, beta2, momentum"),
    "optim_target_modules": Unknown(_OURS_ONLY),
    "gradient_checkpointing_kwargs": Unknown("torch's non-reentrant kind is used", ({"use_reentrant": False}, {})),
    "activation_checkpointing_kwargs": Unknown("torch's non-reentrant kind is used", ({"use_reentrant": False}, {})),
    "auto_find_batch_size": Unknown("micro_batch_size is always halved when memory runs out", (True,)),
    "torch_empty_cache_steps": Unknown(_OURS_ONLY),
    "torch_compile_backend": Unknown("torch's default is used", ("inductor",)),
    "torch_compile_mode": Unknown("torch's default is used", ("default",)),
    "use_liger_kernel": Unknown(_OURS_ONLY, (False,)),
    "liger_kernel_config": Unknown(_OURS_ONLY),
    "use_cache": Unknown("write model_args: {use_cache: ...}", (False,)),
    "bf16_full_eval": Unknown("evaluation has the precision of training", (False,)),
    "fp16_full_eval": Unknown("evaluation has the precision of training", (False,)),
    "half_precision_backend": Unknown("mixed precision is torch's own", ("auto",)),
    "tf32": Unknown("write precision: bf16"),
    "data_seed": Unknown("seed orders the data too; write data: {split_seed: ...} for its splits"),
    "full_determinism": Unknown("a run on a CPU always comes out the same", (False,)),
    "average_tokens_across_devices": Unknown("micro-batches are always weighed by what they hold", (True,)),
    "dataloader_num_workers": Unknown(_MEMORY, (0,)),
    "dataloader_pin_memory": Unknown("on a GPU memory is always pinned", (True,)),
    "dataloader_persistent_workers": Unknown(_MEMORY, (False,)),
    "dataloader_prefetch_factor": Unknown(_MEMORY),
    "dataloader_multiprocessing_context": Unknown(_MEMORY),
    "dataloader_in_order": Unknown(_MEMORY, (True,)),
    "dataloader_drop_last": Unknown("the last batch of an epoch is always trained on", (False,)),
    "remove_unused_columns": Unknown("name the columns under data: text, label", (True,)),
    "label_names": Unknown("name the column as data: {label: ...}, its classes as data: {label_names: [...]}"),
    "train_sampling_strategy": Unknown("rows of like length always go together", ("group_by_length",)),
    "group_by_length": Unknown("rows of like length always go together", (True,)),
    "length_column_name": Unknown("lengths are counted by the tokenizer", ("length",)),
    "use_cpu": Unknown(_DEVICES, (False,)),
    "no_cuda": Unknown(_DEVICES, (False,)),
    "local_rank": Unknown(_DEVICES, (-1, 0)),
    "ddp_backend": Unknown(_DEVICES),
    "ddp_timeout": Unknown(_DEVICES, (1800,)),
    "ddp_find_unused_parameters": Unknown(_DEVICES),
    "ddp_bucket_cap_mb": Unknown(_DEVICES),
    "ddp_broadcast_buffers": Unknown(_DEVICES),
    "ddp_static_graph": Unknown(_DEVICES),
    "fsdp_config": Unknown(_DEVICES),
    "deepspeed": Unknown(_DEVICES),
    "accelerator_config": Unknown(_DEVICES),
    "parallelism_config": Unknown(_DEVICES),
    "debug": Unknown(_REMOVE, ("", ())),
    "skip_memory_metrics": Unknown(_REMOVE, (True,)),
    "do_train": Unknown(_REMOVE, (True,)),
    "do_eval": Unknown("validation rows are always evaluated", (True,)),
    "do_predict": Unknown("run sweeps evaluate on the exported model", (False,)),
    "push_to_hub": Unknown(_EXPORT, (False,)),
    "hub_model_id": Unknown(_EXPORT),
    "hub_token": Unknown(_EXPORT),
    "hub_strategy": Unknown(_EXPORT),
    "hub_private_repo": Unknown(_EXPORT),
    "hub_always_push": Unknown(_EXPORT, (False,)),
    "hub_revision": Unknown(_EXPORT),
    "project": Unknown(_REMOVE, ("huggingface",)),
    "trackio_space_id": Unknown(_REMOVE),
    "trackio_bucket_id": Unknown(_REMOVE),
    "trackio_static_space_id": Unknown(_REMOVE),
}
"""Names without one."""
