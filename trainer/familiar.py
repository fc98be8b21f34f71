"""Settings under the names of transformers' ``TrainingArguments``, as settings of ours. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.errors import ConfigError
from trainer.familiar_names import KNOWN, SCHEDULE_ARGUMENTS, UNKNOWN
from trainer.report_interval import report_interval

_COMBINED = (
    *("per_device_train_batch_size", "gradient_accumulation_steps"),
    *("eval_strategy", "evaluation_strategy", "eval_steps", "save_strategy", "save_steps"),
    *("logging_strategy", "logging_steps"),
    *("bf16", "fp16", "max_steps", "num_train_epochs", "warmup_steps", "lr_scheduler_kwargs"),
)


class Renamed(dict[str, Any]):
    """Settings of ours.

    Attributes:
        written: for each name of ours that came from another one, the name that was written.
    """

    written: dict[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.written = {}

    def take(self, ours: str, value: Any, written: str) -> None:
        """Set one.

        Raises:
            ConfigError: it is there already.
        """
        if ours in self:
            other = self.written.get(ours, ours)
            raise ConfigError(written, f"says the same as {other}, which is given too", "remove one of the two")
        self[ours] = value
        self.written[ours] = written


def rename(settings: Mapping[str, Any]) -> Renamed:
    """All settings under our names; values in their old spelling become ours.

    Raises:
        ConfigError: names as written: one that has no meaning here, with what to write instead; a value that has none;
            the same thing said twice.
    """
    _refuse_unknown(settings)
    renamed = Renamed()
    renamed.update({name: value for name, value in settings.items() if name not in KNOWN and name not in UNKNOWN})
    for name, value in settings.items():
        if name in KNOWN and name not in _COMBINED:
            renamed.take(KNOWN[name].ours, ours(name, value), name)
    given = {name: settings[name] for name in _COMBINED if name in settings}
    _batch(given, renamed)
    _length(given, renamed)
    _warmup(settings, renamed)
    _precision(given, renamed)
    _schedule(given, renamed)
    for name, value in report_interval(given).items():
        renamed.take("report_every", value, name)
    return renamed


def ours(name: str, value: Any) -> Any:
    """One value of a known name in our spelling.

    Raises:
        ConfigError: it has no meaning here.
    """
    if name == "metric_for_best_model" and isinstance(value, str):
        return value.removeprefix("eval_")
    values = KNOWN[name].values
    if values is None:
        return value
    if not isinstance(value, str | bool) or value not in values:
        there = ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in values)
        raise ConfigError(name, f"{value!r} has no meaning here", f"choose from {there}, or write {KNOWN[name].ours}")
    return values[value]


def _refuse_unknown(settings: Mapping[str, Any]) -> None:
    refused = [
        name
        for name, value in settings.items()
        if name in UNKNOWN and value is not None and not any(_alike(value, one) for one in UNKNOWN[name].harmless)
    ]
    if refused:
        others = f", as have {', '.join(refused[1:])}" if refused[1:] else ""
        raise ConfigError(refused[0], f"has no meaning here{others}", UNKNOWN[refused[0]].mend)


def _alike(value: Any, harmless: Any) -> bool:
    value = tuple(value) if isinstance(value, list) else value
    return bool(value == harmless) and isinstance(value, bool) == isinstance(harmless, bool)


def _batch(given: Mapping[str, Any], renamed: Renamed) -> None:
    name, accumulation = "per_device_train_batch_size", given.get("gradient_accumulation_steps", 1)
    if not isinstance(accumulation, int) or isinstance(accumulation, bool) or accumulation < 1:
        raise ConfigError("gradient_accumulation_steps", f"expected a whole number from 1 on, got {accumulation!r}")
    if name in given:
        size = given[name]
        several = accumulation > 1 and isinstance(size, int)
        renamed.take("batch_size", size * accumulation if several else size, name)
        if several:
            renamed.take("micro_batch_size", size, "gradient_accumulation_steps")
    elif accumulation > 1:
        message = "is a factor of the batch, of which per_device_train_batch_size is not fixed here"
        mend = "write batch_size, the rows of an update, and micro_batch_size, those on the device at once"
        raise ConfigError("gradient_accumulation_steps", message, mend)


def _length(given: Mapping[str, Any], renamed: Renamed) -> None:
    if "num_train_epochs" in given:
        renamed.take("epochs", given["num_train_epochs"], "num_train_epochs")
    if given.get("max_steps", -1) != -1:
        renamed.take("epochs", {"steps": given["max_steps"]}, "max_steps")


def _warmup(given: Mapping[str, Any], renamed: Renamed) -> None:
    if given.get("lr_scheduler_type") == "constant" and (given.get("warmup_steps") or given.get("warmup_ratio")):
        message = "'constant' leaves warm-up out in transformers, and warm-up is given"
        raise ConfigError("lr_scheduler_type", message, "write constant_with_warmup, or remove the warm-up")
    if (steps := given.get("warmup_steps")) is not None:
        fraction = isinstance(steps, float) and 0 < steps < 1
        renamed.take("warmup", steps if fraction else {"steps": steps}, "warmup_steps")


def _precision(given: Mapping[str, Any], renamed: Renamed) -> None:
    asked = {name: ours(name, given[name]) for name in ("bf16", "fp16") if given.get(name) is not None}
    chosen = [name for name, value in asked.items() if value != "fp32"]
    if len(chosen) == 2:
        raise ConfigError("fp16", "and bf16 are both true", "keep one")
    if asked:
        name = (chosen or list(asked))[0]
        renamed.take("precision", asked[name], name)


def _schedule(given: Mapping[str, Any], renamed: Renamed) -> None:
    name = "lr_scheduler_kwargs"
    arguments = given.get(name) or {}
    if not isinstance(arguments, Mapping):
        raise ConfigError(name, f"expected a mapping, got {arguments!r}", "write the settings themselves: power: 2")
    for key, value in arguments.items():
        if key not in SCHEDULE_ARGUMENTS:
            known = ", ".join(SCHEDULE_ARGUMENTS)
            raise ConfigError(f"{name}.{key}", "has no meaning here", f"there are {known}")
        renamed.take(SCHEDULE_ARGUMENTS[key], value, f"{name}.{key}")
