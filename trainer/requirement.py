"""What a report has to fulfil to count as the best: bounds on its metrics. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, model_validator

RETAIN = "retain_"
"""What the metrics of the second set to evaluate begin with."""


class Bounds(BaseModel):
    """A metric's least and largest value, both allowed; one of them at least."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _some(self) -> Bounds:
        if self.min is None and self.max is None:
            raise ValueError("expected min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    def hold(self, value: float) -> bool:
        """Whether a value is within."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    def said(self, name: str) -> str:
        """``0.8 <= retain_accuracy``: for people."""
        parts = [f"{self.min:g} <= " if self.min is not None else "", name]
        return "".join([*parts, f" <= {self.max:g}" if self.max is not None else ""])


def fulfilled(require: Mapping[str, Bounds], metrics: Mapping[str, float]) -> bool:
    """Whether every metric named is there and within its bounds."""
    return all(name in metrics and bounds.hold(metrics[name]) for name, bounds in require.items())


def said(require: Mapping[str, Bounds]) -> str:
    """All of it in a line."""
    return " and ".join(bounds.said(name) for name, bounds in require.items())
