"""Which Gaussian process describes a sweep's values: one that believes earlier sweeps, or one that does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sweeps.search.beliefs import Beliefs
from sweeps.search.gaussian_process import Hyperparameters, Metric, Posterior, fit

# Differences of the log posterior: what speaks against beliefs may be so large until they are dropped, and what speaks
# for them must be so large until they are taken to be borne out.
DOUBT, PROOF = 1.0, 1.0
LEAST_WEIGHT = 0.1  # of all earlier sweeps together, to be borne out


@dataclass(frozen=True)
class Model:
    """Hyperparameters, whether they go with the beliefs, and whether these are borne out by the values."""

    hyper: Hyperparameters
    believing: bool = False
    borne_out: bool = False


def choose_model(
    metric: Metric, beliefs: Beliefs | None, points: np.ndarray, values: np.ndarray, coarse: np.ndarray
) -> Model:
    """The more probable one of two: with the beliefs, if there are any, and without.

    Args:
        metric: of the space.
        beliefs: what earlier sweeps say.
        points: (n, dimensions) in the unit cube.
        values: (n,) standardised.
        coarse: (n,) from 1, the lowest fidelity, to 0.
    """
    plain = Model(fit(metric, points, values, coarse))
    if not beliefs:
        return plain
    trend = beliefs.trend(points)
    hyper = fit(metric, points, values, coarse, trend)
    gained = plain.hyper.loss - hyper.loss
    if gained < -DOUBT:
        return plain
    learnt = Posterior(metric, hyper, points, values, coarse, trend).learnt
    return Model(hyper, believing=True, borne_out=gained > PROOF and float(learnt[1:].sum()) > LEAST_WEIGHT)
