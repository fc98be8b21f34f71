"""What is believed of a function before any of its values are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Trend:
    """What is believed of the function at some points: a sum of ``columns`` (n, k) whose weights are normal.

    ``means`` (k,) and ``variances`` (k,) are those of the weights.
    """

    columns: Array
    means: Array
    variances: Array

    @property
    def mean(self) -> Array:
        """What is expected (n,)."""
        expected: Array = self.columns @ self.means
        return expected

    @property
    def spread(self) -> Array:
        """The variance (n,) of what is expected."""
        spread: Array = np.square(self.columns) @ self.variances
        return spread

    def covariance(self, other: Trend) -> Array:
        """With the same beliefs at other points: (n, m)."""
        covariance: Array = (self.columns * self.variances) @ other.columns.T
        return covariance
