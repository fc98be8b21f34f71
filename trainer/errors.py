"""The errors this room raises on purpose."""

from __future__ import annotations


class ConfigError(ValueError):
    """A setting that cannot be used.

    Args:
        key: dotted name of the setting, for example ``data.train``.
        message: what is wrong and what was expected, with the value.
        mend: what to do about it.
    """

    def __init__(self, key: str, message: str, mend: str = "") -> None:
        self.key, self.message, self.mend = key, message, mend
        super().__init__(f"{key}: {message}" + (f" ({mend})" if mend else ""))


class DataError(ConfigError):
    """Data that cannot be trained on: missing, empty, a wrong column, a wrong label."""


class ResumeError(RuntimeError):
    """A checkpoint that does not fit the run that wants to go on from it."""


class Diverged(ArithmeticError):
    """The loss or a metric is NaN or infinite. ``step`` is the optimizer update where it was seen."""

    def __init__(self, what: str, value: float, step: int) -> None:
        self.what, self.value, self.step = what, value, step
        super().__init__(f"{what} is {value} at step {step}")
