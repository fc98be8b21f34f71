"""Other trackers for a sweep that goes on: all else of it stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sweeps.config.overrides import apply_overrides
from sweeps.config.places import ARGUMENTS, COMMAND_LINE, Places
from sweeps.config.records import SweepConfig
from sweeps.config.secret_keys import refuse_secrets
from sweeps.config.trackers import KEY, read_trackers
from sweeps.errors import InputError
from sweeps.yaml_file import read_yaml


def retracked(config: SweepConfig, file: Path, settings: Sequence[str] | Mapping[str, Any]) -> SweepConfig:
    """The sweep with the trackers that ``settings`` name, as in ``trackers=[mlflow]``; ``trackers=[]`` is none.

    Args:
        config: the sweep as it is.
        file: its resolved sweep file.
        settings: as overrides of a sweep file.

    Raises:
        InputError: another key, or trackers that cannot be used.
    """
    document = read_yaml(file)
    where = ARGUMENTS if isinstance(settings, Mapping) else COMMAND_LINE
    data, keys = apply_overrides({KEY: document.data.get(KEY)}, settings)
    if other := next((key for key in keys if key.partition(".")[0] != KEY), None):
        mend = f"`sweeps extend {file.parent} ...` changes other things"
        raise InputError("only trackers can be others when a sweep is resumed", where=where, key=other, mend=mend)
    places = Places(str(file), document.line, keys, where)
    refuse_secrets(data, places)
    return replace(config, trackers=read_trackers(data[KEY], config.base, places))
