"""What trackers have of a sweep: MLflow by its client, Weights & Biases by reading its offline files."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_BLOCK = 32768  # the log format of LevelDB, which wandb's files have
_FULL, _LAST = 1, 4


@dataclass
class OfflineRun:
    """What one ``.wandb`` file holds."""

    id: str = ""
    name: str = ""
    group: str = ""
    project: str = ""
    job: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    exit_code: int | None = None


def offline_runs(folder: Path) -> dict[str, OfflineRun]:
    """By the trial that each is of; twice the same trial is an error.

    wandb's own process writes the files, and may still be at it when a run is said to have finished.
    """
    until = time.monotonic() + 10
    while True:
        runs = [offline_run(file) for file in sorted(folder.glob("wandb/offline-run-*/*.wandb"))]
        if all(run.exit_code is not None for run in runs) or time.monotonic() > until:
            break
        time.sleep(0.1)
    found: dict[str, OfflineRun] = {}
    for run in runs:
        assert run.config["trial"] not in found
        found[run.config["trial"]] = run
    return found


def offline_run(file: Path) -> OfflineRun:
    from wandb.proto.wandb_internal_pb2 import Record

    found = OfflineRun()
    for data in _records(file.read_bytes()):
        record = Record()
        record.ParseFromString(data)
        match record.WhichOneof("record_type"):
            case "run":
                run = record.run
                found.id, found.name, found.group = run.run_id, run.display_name, run.run_group
                found.project, found.job, found.tags = run.project, run.job_type, list(run.tags)
                found.config |= _values(run.config.update)
            case "config":
                found.config |= _values(record.config.update)
            case "history":
                found.history.append(_values(record.history.item))
            case "summary":
                found.summary |= _values(record.summary.update)
            case "exit":
                found.exit_code = record.exit.exit_code
    return found


def _values(items: Any) -> dict[str, Any]:
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in items}


def _records(data: bytes) -> Iterator[bytes]:
    assert data[:4] == b":W&B"
    at, whole = 7, b""
    while at + 7 <= len(data):
        left = _BLOCK - at % _BLOCK
        if left < 7:
            at += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        whole += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (_FULL, _LAST):
            yield whole
            whole = b""


@dataclass
class MLflowRun:
    """A run of MLflow's; ``metrics`` are (step, value), in the order of the steps."""

    id: str
    name: str
    status: str
    params: dict[str, str]
    tags: dict[str, str]
    start: int
    end: int | None
    latest: dict[str, float]


def mlflow_runs(uri: str, experiment: str) -> list[MLflowRun]:
    """All runs that were not deleted, the sweep's own first."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id], max_results=1000)
    runs = [
        MLflowRun(
            run.info.run_id, run.info.run_name, run.info.status, dict(run.data.params), dict(run.data.tags),
            run.info.start_time, run.info.end_time, dict(run.data.metrics),
        )
        for run in found
    ]  # fmt: skip
    return sorted(runs, key=lambda run: run.tags.get("sweepwright.trial", ""))


def mlflow_history(uri: str, run: str, metric: str) -> list[tuple[int, float]]:
    from mlflow.tracking import MlflowClient

    return sorted((one.step, one.value) for one in MlflowClient(uri).get_metric_history(run, metric))
