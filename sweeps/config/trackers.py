"""Trackers that hear of a sweep, as a sweep file names them. They are no part of what is trained."""

from __future__ import annotations

import importlib.util
import netrc
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

from search_spaces.errors import suggest
from sweeps.config.module_files import check_form, check_function
from sweeps.config.places import Places, show
from sweeps.config.section import Section
from trainer.errors import ConfigError

Mode = Literal["online", "offline", "disabled"]
KEY = "trackers"
NAMES = ("mlflow", "wandb")
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class MLflow:
    """MLflow. Without ``tracking_uri`` what ``MLFLOW_TRACKING_URI`` says, else MLflow's own default; ``experiment`` is
    the sweep's name where it is not given."""

    tracking_uri: str | None = None
    experiment: str | None = None
    name = "mlflow"

    def to_mapping(self) -> dict[str, Any]:
        """As in a sweep file."""
        return _given({"name": self.name, "tracking_uri": self.tracking_uri, "experiment": self.experiment})


@dataclass(frozen=True)
class WandB:
    """Weights & Biases. Without ``mode`` what ``WANDB_MODE`` says, else online; ``project`` and ``group`` are the
    sweep's name where they are not given."""

    project: str | None = None
    entity: str | None = None
    group: str | None = None
    mode: Mode | None = None
    tags: tuple[str, ...] = ()
    name = "wandb"

    @property
    def offline(self) -> bool:
        """Whether it only writes files."""
        return (self.mode or os.environ.get("WANDB_MODE") or "online") in ("offline", "dryrun")

    @property
    def online(self) -> bool:
        """Whether it sends what it is told."""
        return (self.mode or os.environ.get("WANDB_MODE") or "online") in ("online", "run", "shared")

    def to_mapping(self) -> dict[str, Any]:
        """As in a sweep file."""
        mapping = {"name": self.name, "project": self.project, "entity": self.entity, "group": self.group}
        return _given({**mapping, "mode": self.mode, "tags": list(self.tags) or None})


@dataclass(frozen=True)
class OwnTracker:
    """One's own: ``module:function`` gets ``settings`` and the sweep, and gives a sink (`sweeps.views.sink`)."""

    function: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For messages, and the name of its log."""
        return self.function

    def to_mapping(self) -> dict[str, Any]:
        """As in a sweep file."""
        return {"function": self.function, **self.settings}


Tracker = MLflow | WandB | OwnTracker


def read_trackers(data: object, base: Path, places: Places, *, outside: bool = True) -> tuple[Tracker, ...]:
    """``trackers``: a list of names, or of mappings with a ``name`` or a ``function``; one alone needs no list.

    Args:
        data: what stands there.
        base: from where relative paths and modules resolve; those of a command line from the current folder.
        places: where keys stand.
        outside: whether packages, modules and keys of services must be there now.

    Raises:
        InputError: no such tracker or setting, or with ``outside`` what `check_trackers` refuses.
    """
    listed = [] if data is None else [data] if isinstance(data, str | Mapping) else data
    if not isinstance(listed, list | tuple):
        message = f"expected a list of trackers, got {show(data)}"
        raise places.error(KEY, message, "write trackers: [mlflow]")
    here = Path.cwd() if any(key.partition(".")[0] == KEY for key in places.overridden) else base
    found = tuple(_read(one, f"{KEY}.{place}", here, places) for place, one in enumerate(listed))
    for place, one in enumerate(found):
        if one in found[:place]:
            raise places.error(f"{KEY}.{place}", f"is there twice: {one.name}", "remove one")
    if outside:
        check_trackers(found, base, places)
    return found


def check_trackers(trackers: Sequence[Tracker], base: Path, places: Places) -> None:
    """Refuse trackers that could not take anything, before anything starts. Imports none of them.

    Raises:
        InputError: a package or a function is not there, or nobody is logged in where that is needed.
    """
    for place, one in enumerate(trackers):
        key = f"{KEY}.{place}"
        if isinstance(one, OwnTracker):
            try:
                check_function(one.function, base, "function")
            except ConfigError as error:
                raise places.setting_error(f"{key}.function", error) from None
        elif importlib.util.find_spec(one.name) is None:
            mend = f"pip install 'sweepwright[{one.name}]'"
            raise places.error(key, f"{one.name} is not installed", mend)
        elif isinstance(one, WandB) and one.online and not _logged_in():
            message = "wandb would be online, and there is no key for it"
            raise places.error(key, message, "run `wandb login`, set WANDB_API_KEY, or write mode: offline")


def _read(data: object, key: str, base: Path, places: Places) -> Tracker:
    if isinstance(data, str):
        data = {"function": data} if ":" in data else {"name": data}
    if not isinstance(data, Mapping):
        message = f"expected a tracker, got {show(data)}"
        raise places.error(key, message, "write mlflow, {name: wandb, mode: offline} or {function: module:make}")
    if data.get("function") is not None:
        return _own(data, key, places)
    if data.get("name") not in NAMES:
        what = f"expected one of {', '.join(NAMES)}" if "name" in data else "has neither name nor function"
        mend = suggest(data.get("name"), NAMES) if "name" in data else "write name: mlflow"
        raise places.error(
            f"{key}.name" if "name" in data else key, f"{what}, got {show(data.get('name', data))}", mend
        )
    return _mlflow(data, key, base, places) if data["name"] == "mlflow" else _wandb(data, key, places)


def _own(data: Mapping[str, Any], key: str, places: Places) -> OwnTracker:
    try:
        check_form(data["function"], "function")
    except ConfigError as error:
        raise places.setting_error(f"{key}.function", error) from None
    return OwnTracker(str(data["function"]), {name: value for name, value in data.items() if name != "function"})


def _mlflow(data: Mapping[str, Any], key: str, base: Path, places: Places) -> MLflow:
    known = ("name", "tracking_uri", "experiment")
    section = Section(data, key, places, known, {"uri": "write tracking_uri", "experiment_name": "write experiment"})
    uri = _text(section, "tracking_uri")
    if uri is not None:
        try:
            secret = urlsplit(uri).password
        except ValueError:
            raise section.error("tracking_uri", f"is no URI: {show(uri)}", "as in sqlite:///mlflow.db") from None
        if secret:
            message = "holds a password, which would be copied into the sweep's folder"
            mend = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
            raise section.error("tracking_uri", message, mend)
        file = uri.removeprefix(_SQLITE)
        if uri.startswith(_SQLITE) and file and not file.startswith("/"):
            uri = f"{_SQLITE}{base / file}"
    return MLflow(uri, _text(section, "experiment"))


def _wandb(data: Mapping[str, Any], key: str, places: Places) -> WandB:
    section = Section(data, key, places, ("name", "project", "entity", "group", "mode", "tags"))
    tags: Any = section.data.get("tags") or ()
    if not isinstance(tags, list | tuple) or not all(isinstance(tag, str) for tag in tags):
        raise section.error("tags", f"expected a list of texts, got {show(tags)}", "write tags: [baseline]")
    mode = cast("Mode", section.choice("mode", get_args(Mode))) if section.has("mode") else None
    return WandB(_text(section, "project"), _text(section, "entity"), _text(section, "group"), mode, tuple(tags))


def _text(section: Section, name: str) -> str | None:
    return section.text(name, "give a text, or leave it out") if section.has(name) else None


def _logged_in() -> bool:
    """As wandb looks for its key: in the environment, then in the netrc file."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL") or "https://api.wandb.ai").hostname or ""
    files = [os.environ["NETRC"]] if os.environ.get("NETRC") else ["~/.netrc", "~/_netrc"]
    for file in files:
        try:
            if netrc.netrc(Path(file).expanduser()).authenticators(host) is not None:
                return True
        except (OSError, netrc.NetrcParseError):
            continue
    return False


def _given(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value is not None}
