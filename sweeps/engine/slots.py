"""How many trials fit at once: arithmetic over what there is and what a trial wants. No Ray here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.config import Resources
from sweeps.errors import InputError


@dataclass(frozen=True)
class Node:
    """What one machine has."""

    cpus: float
    gpus: float = 0.0


@dataclass(frozen=True)
class Slots:
    """The places for trials.

    Attributes:
        count: how many trials run at once.
        cpus: CPUs of each; also its number of threads.
        gpus: GPUs of each; a fraction shares one GPU among several trials.
        chosen: what ``auto`` settled on, in words.
    """

    count: int
    cpus: int
    gpus: float
    chosen: str


def plan(wanted: Resources, nodes: Sequence[Node]) -> Slots:
    """The slots that ``nodes`` have for trials that want ``wanted``.

    Raises:
        InputError: not one trial can ever run; says what there is and what was asked.
    """
    has_gpus = any(node.gpus >= 1 for node in nodes)
    processes = wanted.processes
    gpus = float(processes if has_gpus else 0) if wanted.gpus_per_trial == "auto" else float(wanted.gpus_per_trial)
    cpus = _share(nodes, gpus, processes) if wanted.cpus_per_trial == "auto" else int(wanted.cpus_per_trial)
    count = sum(_fitting(node, cpus, gpus) for node in nodes)
    if count == 0:
        raise _impossible(nodes, cpus, gpus, of_processes=wanted.cpus_per_trial == "auto" and processes > 1)
    if wanted.max_parallel is not None:
        count = min(count, wanted.max_parallel)
    return Slots(count, cpus, gpus, _say(count, cpus, gpus, has_gpus))


def _share(nodes: Sequence[Node], gpus: float, processes: int) -> int:
    """CPUs for each trial where none were named: an even share of a GPU machine, else one for each process."""
    if gpus == 0:
        return processes
    shares = [int(node.cpus // places) for node in nodes if (places := _places(node.gpus, gpus))]
    return max(1, min(shares, default=1))


def _fitting(node: Node, cpus: int, gpus: float) -> int:
    by_cpu = int(node.cpus // cpus)
    return by_cpu if gpus == 0 else min(by_cpu, _places(node.gpus, gpus))


def _places(there: float, each: float) -> int:
    # A fraction must lie on one GPU: three trials of 0.4 need two GPUs, not 1.2.
    return int(there) * int(1 / each + 1e-6) if each < 1 else int(there / each)


def _impossible(nodes: Sequence[Node], cpus: int, gpus: float, *, of_processes: bool) -> InputError:
    """``of_processes``: nobody asked for so many CPUs, but for as many processes."""
    biggest = max(nodes, key=lambda node: (node.gpus, node.cpus), default=Node(0, 0))
    key, there, asked = (
        ("resources.gpus_per_trial", biggest.gpus, gpus)
        if gpus and not any(_places(node.gpus, gpus) for node in nodes)
        else ("resources.cpus_per_trial", max((node.cpus for node in nodes), default=0), cpus)
    )
    what = "GPUs" if "gpus" in key else "CPUs"
    mend = f"ask for at most {there:g}, or write auto"
    if of_processes and what == "CPUs":
        key, what, mend = "resources.processes_per_trial", "processes with a CPU each", f"ask for at most {there:g}"
    return InputError(
        f"asked for {asked:g} {what} for each trial, but the largest of {len(nodes)} machine(s) has {there:g}",
        key=key,
        mend=mend,
    )


def _say(count: int, cpus: int, gpus: float, has_gpus: bool) -> str:
    each = f"{cpus} CPU{'s' if cpus > 1 else ''}"
    if gpus:
        each += f" and {gpus:g} GPU{'s' if gpus > 1 else ''}"
    elif not has_gpus:
        each += ", no GPU here"
    return f"{count} trial{'s' if count > 1 else ''} at once, each with {each}"
