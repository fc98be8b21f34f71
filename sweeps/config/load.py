"""A sweep file, a recipe or plain data -> SweepConfig. Every complaint is one InputError."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from search_spaces.errors import suggest
from search_spaces.space import SearchSpace
from sweeps.config.carrying import KEYS as CARRYING_KEYS
from sweeps.config.carrying import read_carrying
from sweeps.config.exported_model import Export, read_export
from sweeps.config.familiar import renamed
from sweeps.config.function_trainer import read_function_trainer
from sweeps.config.init_from import continued, continuing, first
from sweeps.config.limits import KEYS as LIMIT_KEYS
from sweeps.config.limits import read_limits
from sweeps.config.mutable import read_population
from sweeps.config.overrides import apply_overrides
from sweeps.config.places import ARGUMENTS, COMMAND_LINE, Places, show
from sweeps.config.points import read_points, with_preset_points
from sweeps.config.records import METHODS, FunctionTrainer, Method, Metric, SweepConfig
from sweeps.config.secret_keys import refuse_secrets
from sweeps.config.section import Section
from sweeps.config.sections import read_early_stopping, read_metric, read_resources
from sweeps.config.space import read_space
from sweeps.config.task_trainer import read_task_trainer
from sweeps.config.together import check_constraints, check_together
from sweeps.config.trackers import read_trackers
from sweeps.errors import InputError
from sweeps.recipes import find_recipe, recipes
from sweeps.yaml_file import read_yaml
from trainer.config import TrainConfig
from trainer.familiar_names import KNOWN

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
KEYS = (
    "name",
    "base",
    "trainer",
    "metric",
    "method",
    "preset",
    "parameters",
    "constraints",
    "points",
    "early_stopping",
    "trials",
    *LIMIT_KEYS,
    "resources",
    "seed",
    "keep_checkpoints",
    "retries",
    "grid_limit",
    *CARRYING_KEYS,
    "trackers",
)
# Where a key that was written at the top level belongs, and what W&B's sweep files call the same thing.
_ELSEWHERE = {
    **{name: f"did you mean trainer.{name}?" for name in (*TrainConfig.model_fields, *KNOWN)},
    "program": "name your training function as trainer: {function: module:function}",
    "early_terminate": "write early_stopping: asha",
    "run_cap": "write trials",
    "command": "name your training function as trainer: {function: module:function}",
}


def load_sweep(
    source: str | Path,
    overrides: Sequence[str] | Mapping[str, Any] = (),
    *,
    name: str | None = None,
    seed: int | None = None,
    init_from: str | Path | None = None,
) -> SweepConfig:
    """The sweep in a YAML file, or the recipe of that name.

    Args:
        source: path of a file, or a recipe's name. Relative paths inside a file start from its folder,
            those inside a recipe and in overrides from the current folder.
        overrides: ``a.b=value``, the value in YAML, or a mapping of dotted keys to values; a value that is a
            mapping replaces what stood there, whole.
        name: instead of the file's.
        seed: instead of the file's.
        init_from: an exported model that its trials begin from; see ``sweeps.config.init_from``.

    Raises:
        InputError: names file and line (or the command line), key, value, what was expected and the mend.
    """
    path = Path(source).expanduser()
    recipe = find_recipe(source) if isinstance(source, str) and not path.is_file() else None
    if recipe is None and not path.exists():
        known = [recipe.name for recipe in recipes()]
        message = f"there is no such file and no such recipe: {show(str(source))}"
        raise InputError(message, where=COMMAND_LINE, mend=f"recipes: {suggest(source, known)}")
    document = read_yaml(recipe.path if recipe else path)
    data, overridden = apply_overrides(document.data, overrides)
    flags = {key: value for key, value in {"name": name, "seed": seed}.items() if value is not None}
    where = f"recipe {recipe.name}" if recipe else str(source)
    overrider = ARGUMENTS if isinstance(overrides, Mapping) else COMMAND_LINE
    places = Places(where, document.line, (*overridden, *flags), overrider)
    base = Path.cwd() if recipe else path.resolve().parent
    return _read({**data, **flags}, base, places, export=read_export(init_from) if init_from is not None else None)


def from_mapping(
    data: Mapping[str, Any],
    *,
    base: Path,
    where: str = "",
    lines: Callable[[str], int | None] | None = None,
    outside: bool = True,
    overridden: tuple[str, ...] = (),
    overrider: str = COMMAND_LINE,
    init_from: str | Path | None = None,
) -> SweepConfig:
    """The sweep that plain data describes, in the shape of a sweep file.

    Args:
        data: as read from YAML.
        base: folder from which paths and ``module:function`` resolve, where ``data`` names none.
        where: what to call the source in errors.
        lines: from a dotted key to its line in the source.
        outside: whether data files, model folders and modules must be there now.
        overridden: dotted keys that do not come from the source, but from ``overrider``.
        overrider: see ``overridden``.
        init_from: as ``load_sweep``.

    Raises:
        InputError: as ``load_sweep``.
    """
    places = Places(where, lines, overridden, overrider)
    export = read_export(init_from) if init_from is not None else None
    return _read(data, base.expanduser().resolve(), places, outside=outside, export=export)


def read_config(folder: Path, file: str = "sweep.yaml") -> SweepConfig:
    """The resolved configuration in a sweep's folder; what it was trained on need not be there any more.

    Raises:
        InputError: there is no such ``file``, or it was changed into something that is none.
    """
    path = folder / file
    document = read_yaml(path)
    return from_mapping(document.data, base=folder, where=str(path), lines=document.line, outside=False)


def _read(
    data: Mapping[str, Any], base: Path, places: Places, *, outside: bool = True, export: Export | None = None
) -> SweepConfig:
    refuse_secrets(data, places)
    data, places = renamed(data, places)
    top = Section(data, "", places, KEYS, _ELSEWHERE)
    name = top.text("name", "add name: my-sweep")
    if not NAME.match(name):
        message = f"expected 1 to 64 letters, digits, dots, _ and -, starting with a letter or digit, got {show(name)}"
        raise top.error("name", message, "it names the sweep's folder: choose a shorter, plainer one")
    if top.has("base"):
        base = (base / Path(top.text("base", "name a folder")).expanduser()).resolve()
    method = cast("Method", top.choice("method", METHODS, "auto"))
    seed = cast("int", top.whole("seed", 0, least=0, most=2**32 - 1))
    space = read_space(data.get("preset"), data.get("parameters"), data.get("constraints"), places)
    check_constraints(space, method, places)
    begun = None
    if export is not None:
        data, begun = continuing(data, export, space.names, places), continued(space, export)
    trainer, metric = _read_trainer(data, space, seed, base, places, outside)
    config = SweepConfig(
        name=name,
        trainer=trainer,
        metric=metric,
        space=space,
        points=first(begun.point if begun else None, _points(data, space, method, places)),
        method=method,
        early_stopping=read_early_stopping(data.get("early_stopping"), places),
        trials=top.whole("trials", None, least=1),
        limits=read_limits(top, places, own_function=isinstance(trainer, FunctionTrainer)),
        carrying=read_carrying(top, base, places),
        resources=read_resources(data.get("resources"), places),
        seed=seed,
        keep_checkpoints=cast("int", top.whole("keep_checkpoints", 3, least=1)),
        retries=cast("int", top.whole("retries", 2, least=0)),
        grid_limit=cast("int", top.whole("grid_limit", 2000, least=1)),
        base=base,
        trackers=read_trackers(data.get("trackers"), base, places, outside=outside),
        continued=begun,
        places=places,
    )
    check_together(config, places)
    return read_population(config, places)


def _points(
    data: Mapping[str, Any], space: SearchSpace, method: Method, places: Places
) -> tuple[Mapping[str, Any], ...]:
    """The sweep's own, then the preset's, which take at most half of the trials; ``points: []`` is without any.

    Draws, and grids, stay what they are.
    """
    points = read_points(data.get("points"), space, places)
    trials, given = data.get("trials"), data.get("points")
    if method in ("grid", "random", "sobol") or (given is not None and not points):
        return points
    return with_preset_points(points, data.get("preset"), space, trials // 2 if isinstance(trials, int) else 8)


def _read_trainer(
    data: Mapping[str, Any], space: SearchSpace, seed: int, base: Path, places: Places, outside: bool
) -> tuple[TrainConfig | FunctionTrainer, Metric]:
    trainer = data.get("trainer")
    if trainer is None:
        raise places.error("trainer", "is missing: what is to be trained", "add trainer: with task, model and data")
    if not isinstance(trainer, Mapping):
        message = f"expected a mapping of settings, got {show(trainer)}"
        raise places.error("trainer", message, "for a function of your own: trainer: {function: module:function}")
    metric = read_metric(data.get("metric"), trainer, places)
    if "function" in trainer:
        return read_function_trainer(trainer, space, base, places, outside=outside), metric
    return read_task_trainer(trainer, space, metric, seed, base, places, outside=outside), metric
