"""One configuration, trained in this process without Ray: for debugging, and for the last run by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from search_spaces.errors import suggest
from sweeps.config import FunctionTrainer, SweepConfig, load_sweep
from sweeps.config.familiar import renamed_values
from sweeps.config.load import KEYS
from sweeps.engine.attempt import attempt
from sweeps.engine.machine import local_node
from sweeps.engine.preparation import prepare
from sweeps.engine.slots import plan
from sweeps.errors import InputError, SweepError
from sweeps.take_home.card import single_card
from sweeps.take_home.export import Came, check_new, write_model
from sweeps.yaml_file import parse_value
from trainer.config import field_names
from trainer.errors import ConfigError
from trainer.requirement import fulfilled, said


def train_single(
    source: str,
    settings: Sequence[str],
    export: Path | None,
    *,
    init_from: Path | None = None,
    echo: Callable[[str], Any],
) -> dict[str, float]:
    """Train each searched parameter at its given value, else at its middle; return the last report's metrics.

    Args:
        source: a sweep file or a recipe.
        settings: ``name=value``: for a searched name its value, for others a setting of the file.
        export: write the model of the best report into this new folder.
        init_from: an exported model to begin from; its values are taken before the middles.
        echo: takes a line for each report.

    Raises:
        InputError: settings or data that cannot be used.
        SweepError: the training failed or diverged.
    """
    if export is not None:
        check_new(export)
    given = _given(source, settings, init_from)
    config = load_sweep(source, [one for one in settings if one not in given], init_from=init_from)
    if config.continued is not None:
        echo(config.continued.remark)
    try:
        params = _params(config, renamed_values(_values(given)))
    except ConfigError as error:
        raise InputError(error.message, where="command line", key=error.key, mend=error.mend) from None
    echo("  ".join(f"{name}={value}" for name, value in params.items()))
    with tempfile.TemporaryDirectory(prefix="sweepwright-") as scratch:
        cache, folder = Path(scratch) / "cache", Path(scratch) / "trial"
        prepare(config, cache)
        task = {
            "settings": config.trial_settings(params),
            "folder": str(folder),
            "function": config.trainer.function if isinstance(config.trainer, FunctionTrainer) else None,
            "base": str(config.base),
            "cache": str(cache),
            "metric": config.metric.name,
            "goal": config.metric.goal,
            **_devices(config),
        }
        best = _follow(config, task, echo)
        if export is not None:
            _export(config, params, best, cache, export)
    return dict(best["metrics"])


def _given(source: str, settings: Sequence[str], init_from: Path | None) -> list[str]:
    """Those of ``settings`` that are values of parameters, which may be called as keys of the file are."""
    names = [one.partition("=")[0] for one in settings]
    alike = [name for name in names if name in KEYS]
    searched = load_sweep(source, init_from=init_from).space.names if alike else ()
    return [
        one for one, name in zip(settings, names, strict=True) if name in searched or name.partition(".")[0] not in KEYS
    ]


def _devices(config: SweepConfig) -> dict[str, Any]:
    """What a training gets here that is shared by several processes; one alone takes what it likes."""
    if config.processes == 1:
        return {}
    slots = plan(config.resources, [local_node()])
    return {"threads": slots.cpus, "processes": config.processes, "gpus": slots.gpus}


def _values(given: Sequence[str]) -> dict[str, Any]:
    return {name: parse_value(value, "command line") for name, _, value in (one.partition("=") for one in given)}


def _params(config: SweepConfig, given: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration: what was given, all else that is active then at its middle."""
    space = config.space
    for name, value in given.items():
        if name not in space.names:
            raise InputError("is not searched in this sweep", where="command line", key=name, mend=_meant(name, config))
        if not space[name].contains(value):
            facts = ", ".join(f"{key} {fact}" for key, fact in space[name].to_mapping().items())
            raise InputError(f"{value!r} is not in the space", where="command line", key=name, mend=f"it has {facts}")
    begun = config.continued.point if config.continued is not None else None
    params = space.complete({**space.middle(), **(begun or {}), **given}, priors=False)
    for name in given:
        if name not in params:
            needed = " ".join(f"{parent}={value}" for parent, value in space.needed(name).items())
            raise InputError("is inactive there", where="command line", key=name, mend=f"leave it out, or add {needed}")
    if broken := space.broken(params):
        values = ", ".join(f"{name}={params[name]!r}" for name in broken.names)
        message = f"the constraint {broken.text!r} is broken by {values}"
        raise InputError(message, where="command line", key=broken.names[0], mend="change one of these")
    return params


def _meant(name: str, config: SweepConfig) -> str:
    if name in field_names():
        return f"did you mean trainer.{name}?"
    inner = [known for known in config.space.names if known.rpartition(".")[2] == name]
    return f"did you mean {inner[0]}?" if inner else suggest(name, config.space.names)


def _follow(config: SweepConfig, task: dict[str, Any], echo: Callable[[str], Any]) -> dict[str, Any]:
    best: dict[str, Any] | None = None
    metric, require = config.metric.name, config.metric.require
    sign = 1.0 if config.metric.goal == "maximize" else -1.0
    for message in attempt(task):
        if end := message.get("end"):
            if end["state"] != "finished":
                raise SweepError(f"the training {end['state']}: {end['text']}")
            break
        report = message["report"]
        shown = "  ".join(f"{name}={value:.5g}" for name, value in report["metrics"].items())
        echo(f"report {report['number']}  {shown}")
        value = report["metrics"].get(metric)
        if value is None:
            raise SweepError(f"no {metric} in the report, which has {', '.join(report['metrics'])}")
        if fulfilled(require, report["metrics"]) and (best is None or sign * value > sign * best["metrics"][metric]):
            best = report
    if best is None:
        what = f"a report with {said(require)}" if require else "a report"
        raise SweepError(f"the training ended without {what}")
    echo(f"best {metric}={best['metrics'][metric]:.6g} at report {best['number']}")
    return best


def _export(config: SweepConfig, params: dict[str, Any], best: dict[str, Any], cache: Path, out: Path) -> None:
    if best.get("checkpoint") is None:
        raise SweepError("the best report has no checkpoint, so there is nothing to export")
    write_model(
        config,
        params,
        Path(best["checkpoint"]),
        cache,
        out,
        came_to=Came(config.metric.name, best["metrics"][config.metric.name], best["number"]),
        card=lambda facts: single_card(config, params, best["number"], best["metrics"], facts),
    )
