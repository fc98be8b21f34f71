"""The names of a trial's scalars in TensorBoard, and which of them share a chart.

``loss/train``, ``loss/validation``, ``train/<name>``, ``validation/<name>``
    what a report holds; training and validation of one metric share a chart
``training/<name>``
    learning rate, gradient norm, samples and tokens per second, memory
``best/<metric>``, ``trial/seconds``, ``trial/state``
    columns of the HParams table, beside the parameters
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sweeps.records.record import State

TRAINING = {
    "learning_rate": "learning rate",
    "grad_norm": "gradient norm",
    "samples_per_second": "samples per second",
    "tokens_per_second": "tokens per second",
    "device_memory_gb": "peak device memory (GB)",
    "host_memory_gb": "host memory (GB)",
}
SECONDS, STATE = "trial/seconds", "trial/state"
# A metric is a number: TensorBoard reads a session's texts once, when it starts, and a state changes.
CODES = {
    State.DIVERGED: -2, State.FAILED: -1, State.PENDING: 0, State.RUNNING: 1, State.PAUSED: 2,
    State.INTERRUPTED: 3, State.STOPPED: 4, State.FINISHED: 5,
}  # fmt: skip


def tag_of(name: str) -> str:
    """The tag of a report's metric: ``loss/train`` for ``train_loss``."""
    if name in TRAINING:
        return f"training/{name}"
    side = "train" if name.startswith("train_") else "validation"
    name = name.removeprefix("train_")
    return f"loss/{side}" if name == "loss" else f"{side}/{name}"


def best_tag(metric: str) -> str:
    """The tag of the best value so far."""
    return f"best/{metric}"


def tags_of(metrics: Mapping[str, float], metric: str, best: float | None) -> dict[str, float]:
    """What is written of one report; ``best`` is the best value of ``metric`` so far."""
    tags = {tag_of(name): value for name, value in metrics.items() if name != f"best_{metric}"}
    return tags if best is None else {**tags, best_tag(metric): best}


def charts(names: Iterable[str], metrics: Sequence[str]) -> dict[str, dict[str, str]]:
    """What shares a chart: for each section the charts' titles, and of each the regular expression of its tags.

    Args:
        names: of all metrics that reports have.
        metrics: those that sweeps are about, which come first.
    """
    known = dict.fromkeys(names)
    all_names = [name for name in [*metrics, *known] if name not in TRAINING]
    skipped = {f"best_{metric}" for metric in metrics}
    curves = {}
    for name in dict.fromkeys(name.removeprefix("train_") for name in all_names if name not in skipped):
        both = f"train_{name}" in known
        title = f"{name}: training and validation" if both else name
        curves[title] = _any_of([tag_of(f"train_{name}"), tag_of(name)] if both else [tag_of(name)])
    curves |= {f"best {metric} so far": _any_of([best_tag(metric)]) for metric in metrics}
    training = {title: _any_of([tag_of(name)]) for name, title in TRAINING.items() if name in known}
    return {"curves": curves, "training": training} if training else {"curves": curves}


def _any_of(tags: list[str]) -> str:
    # TensorBoard matches from the beginning of a tag only; names are spelled out, so that no sign in them matches more.
    escaped = ["".join(sign if sign.isalnum() or sign in "_/-" else f"\\{sign}" for sign in tag) for tag in tags]
    return f"^({'|'.join(escaped)})$"
