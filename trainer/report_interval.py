"""When a ``Trainer`` would evaluate, save and log, as one report interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.errors import ConfigError

_DEFAULT = 500  # of save_steps and logging_steps in transformers
_NEVER = ("no", False)


def report_interval(given: Mapping[str, Any]) -> dict[str, Any]:
    """``report_every`` under the name that decides it; empty where nothing asks for one.

    Evaluation decides, and where it is not mentioned the checkpoints do: here each report has both. As in transformers
    evaluation by steps without ``eval_steps`` goes by ``logging_steps``.

    Raises:
        ConfigError: checkpoints or losses are asked for at other times.
    """
    name = "evaluation_strategy" if "evaluation_strategy" in given else "eval_strategy"
    if name in given and "eval_strategy" in given and name != "eval_strategy":
        raise ConfigError(name, "says the same as eval_strategy, which is given too", "remove one of the two")
    steps = given.get("eval_steps", given.get("logging_steps", _DEFAULT))
    evaluated = _interval(given, name, "eval_steps", steps)
    saved = _interval(given, "save_strategy", "save_steps", given.get("save_steps", _DEFAULT))
    logged = _interval(given, "logging_strategy", "logging_steps", given.get("logging_steps", _DEFAULT))
    if saved == {"fraction": 1.0}:
        message = "'no' cannot be had: a checkpoint is written with each report"
        raise ConfigError("save_strategy", message, "remove it")
    decided = evaluated if evaluated is not None else saved
    if saved is not None and not _among(saved, decided):
        key = "save_strategy" if "save_strategy" in given else "save_steps"
        message = f"asks for checkpoints at other times than reports: {_shown(saved)}, not {_shown(decided)}"
        raise ConfigError(key, message, "each report has a checkpoint: remove it")
    if logged is not None and logged != {"fraction": 1.0} and logged != decided:
        key = "logging_steps" if "logging_steps" in given else "logging_strategy"
        raise ConfigError(key, "has no meaning here", "training loss is logged with each report: write report_every")
    if decided is None:
        return {}
    named = [one for one in (name, "eval_steps", "save_strategy", "save_steps") if one in given]
    return {named[0]: decided}


def _interval(given: Mapping[str, Any], strategy: str, steps: str, number: Any) -> Any:
    """Epochs, or steps as a mapping; ``None`` where neither name is there, or any time will do."""
    if strategy not in given and steps not in given:
        return None
    kind = given.get(strategy, "steps")
    if kind == "epoch":
        return 1.0
    if any(kind is one or kind == one for one in _NEVER):
        return {"fraction": 1.0}
    if kind == "best" and strategy == "save_strategy":
        return None
    if kind != "steps":
        raise ConfigError(strategy, f"expected epoch, steps or no, got {kind!r}")
    if not isinstance(number, int | float) or isinstance(number, bool) or number <= 0:
        raise ConfigError(steps, f"expected a number above 0, got {number!r}")
    return {"steps": int(number)} if number >= 1 else {"fraction": number}


def _among(saved: Any, reports: Any) -> bool:
    if isinstance(saved, dict) and isinstance(reports, dict) and "steps" in saved and "steps" in reports:
        return bool(saved["steps"] % reports["steps"] == 0)
    return bool(saved == reports)


def _shown(interval: Any) -> str:
    return f"every {interval:g} epochs" if isinstance(interval, float) else f"every {interval}"
