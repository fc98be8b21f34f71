"""Sweeps that are looked at together: each under a name of its own, with what it fixes for its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig
from sweeps.errors import InputError
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import read_events
from sweeps.records.record import SweepRecord, TrialRecord
from sweeps.records.sweep_file import read_config


@dataclass(frozen=True, eq=False)
class Opened:
    """A sweep as it stands.

    Attributes:
        folder: the sweep's.
        label: its name; where several have the same one, as much of the path as tells them apart.
        record: what the ledger tells.
        configs: its configurations by generation, as far as they can be read.
        settings: what each of them fixes of a training, by dotted names; without what is ``null``.
    """

    folder: Path
    label: str
    record: SweepRecord
    configs: Mapping[int, SweepConfig] = field(default_factory=dict)
    settings: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def config(self) -> SweepConfig | None:
        """The latest configuration; ``None`` where its file was changed or is gone."""
        return self.configs.get(self.record.generation)

    def fixed(self, trial: TrialRecord) -> Mapping[str, Any]:
        """What the sweep fixes of the training of ``trial``."""
        return self.settings.get(trial.generation, {})


def open_sweeps(folders: Sequence[Path]) -> list[Opened]:
    """The sweeps in ``folders``, each once, in that order.

    Raises:
        InputError: one of them is no sweep.
    """
    distinct = list({folder.expanduser().resolve(): folder for folder in folders}.values())
    records = [read_sweep(folder) for folder in distinct]
    labels = _labels([record.name for record in records], distinct)
    return [_opened(*one) for one in zip(distinct, labels, records, strict=True)]


def open_sweep(folder: Path) -> Opened:
    """The sweep in ``folder``.

    Raises:
        InputError: there is none.
    """
    return open_sweeps([folder])[0]


def flat(settings: Mapping[str, Any], head: str = "") -> dict[str, Any]:
    """Mappings in mappings as one, by dotted names; without what is ``None``."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        key = f"{head}.{name}" if head else str(name)
        if isinstance(value, Mapping):
            found |= flat(value, key)
        elif value is not None:
            found[key] = value
    return found


def _opened(folder: Path, label: str, record: SweepRecord) -> Opened:
    configs = _configs(folder, record)
    settings = {generation: flat(config.to_mapping()["trainer"]) for generation, config in configs.items()}
    return Opened(folder, label, record, configs, settings)


def _configs(folder: Path, record: SweepRecord) -> dict[int, SweepConfig]:
    """A file that was edited or deleted does not keep anybody from looking at what was trained."""
    starts = [event for event in read_events(folder)[0] if event["event"] == "sweep"]
    found = {}
    for generation in sorted({record.generation, *(trial.generation for trial in record.trials)}):
        try:
            found[generation] = read_config(folder, starts, generation)
        except InputError:
            continue
    return found


def _labels(names: Sequence[str], folders: Sequence[Path]) -> list[str]:
    if len(set(names)) == len(names):
        return list(names)
    paths = [folder.expanduser().resolve().parts for folder in folders]
    depth = next(n for n in range(1, max(map(len, paths)) + 1) if len({path[-n:] for path in paths}) == len(paths))
    return ["/".join(path[-depth:]) for path in paths]
