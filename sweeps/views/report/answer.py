"""The answer: who won, by how much, and how to have it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from sweeps.records.best import Best
from sweeps.records.confirmation import Candidate
from sweeps.views.confirmation import standing
from sweeps.views.report.sources import Sources
from sweeps.views.text import metric_text

_LONG = 10_000  # a value stays on one line


@dataclass(frozen=True)
class Answer:
    """The winner.

    Attributes:
        best: its best report.
        standing: names and texts: whether it is confirmed, and its test score where that was looked at.
        mean: of the repeats with fresh seeds, where it was confirmed, with its standard error.
        command: trains it again from its parameters; empty where nothing does, and ``reproduces`` says why.
        reproduces: what the command gives, or why there is none.
        export: takes the checkpoint home; empty where there is none.
    """

    best: Best
    standing: tuple[tuple[str, str], ...]
    mean: Candidate | None
    command: str
    reproduces: str
    export: str

    @property
    def value(self) -> str:
        """The metric as it is to be read: of the repeats where there are any, with its standard error."""
        if self.mean is None:
            return f"{self.best.value:.6g}"
        error = f" ± {self.mean.error:.2g}" if self.mean.error is not None else ""
        return f"{metric_text(self.mean.mean)}{error}"

    @property
    def sentence(self) -> str:
        """In words."""
        best = self.best
        if self.mean is None:
            return f"best {best.metric} {metric_text(best.value)} by {best.trial} at report {best.report}"
        of = f"{len(self.mean.values)} fresh seeds"
        return f"{best.trial} wins with a mean {best.metric} of {self.value} (standard error) over {of}"


def answer_of(sources: Sources) -> Answer | None:
    """The winner; ``None`` where there is none."""
    best, record = sources.best, sources.record
    if best is None:
        return None
    command, reproduces = _again(sources, best)
    export = f"sweeps export {_quoted(sources.folder)} best-model" if best.checkpoint else ""
    winner = record.confirmation.winner if record.confirmation and best.confirmed else None
    return Answer(best, tuple(standing(record, best)), winner, command, reproduces, export)


def value_text(value: Any) -> str:
    """A parameter exactly, as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=_LONG)
    return text.removesuffix("\n").removesuffix("\n...")


def _again(sources: Sources, best: Best) -> tuple[str, str]:
    """The command that trains the best trial again, and what it gives."""
    if best.parent is not None:
        return "", (
            f"{best.trial} began from the checkpoint of report {best.parent.report} of {best.parent.trial}, trained "
            "with other values: no single training gives it. Its checkpoint does."
        )
    if sources.file is None:
        return "", "the configuration that it was trained by is not there, or was changed since."
    settings = " ".join(shlex.quote(f"{name}={value_text(value)}") for name, value in _given(sources, best).items())
    export = " --export best-again" if best.checkpoint else ""
    command = f"sweeps train {_quoted(sources.file)} {settings}{export}".replace("  ", " ")
    at = f"report {best.report} has {best.metric}={best.value:.6g}"
    if sources.own_function:
        return command, f"{at} again if the function draws all its chance from config['seed']"
    early = ", and goes on to the end of the training, from which the trial was stopped" if best.stopped_early else ""
    return (
        command,
        f"{at} again{early}: to the last bit with the same versions on the same kind of CPU, near it on GPUs",
    )


def _given(sources: Sources, best: Best) -> Mapping[str, Any]:
    """Its parameters, less those that never vary: the file has them."""
    searched = {parameter.name for parameter in sources.space.searched}
    return {name: value for name, value in best.params.items() if name in searched or best.generation > 1}


def _quoted(path: object) -> str:
    return shlex.quote(str(path))
