"""Learning rates as pure functions of the step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.optim.names import Schedule


def lr_at(
    step: int,
    *,
    schedule: Schedule,
    peak: float,
    warmup: float = 0,
    total: int = 0,
    step_size: float = 1.0,
    gamma: float = 0.1,
    decay: float = 0.2,
    cycles: int = 1,
    power: float = 1.0,
    lr_end: float = 0.0,
    timescale: int | None = None,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> float:
    """Learning rate of one optimizer update.

    Args:
        step: updates done before this one, so the first has 0.
        schedule: ``linear`` falls to 0 at ``total``; ``cosine`` is half a cosine down to ``lr_end`` there;
            ``cosine_with_restarts`` falls to 0 ``cycles`` times and jumps back to the peak in between; ``polynomial``
            falls to ``lr_end`` as the ``power`` of what is left; ``inverse_sqrt`` falls with the square root of the
            step; ``one_cycle`` rises by a cosine and falls by one; ``wsd`` (warm-up, stable, decay) stays at the peak
            and falls to 0 over the last updates; ``step`` multiplies by ``gamma`` every ``step_size`` updates;
            ``constant`` stays at the peak.
        peak: the learning rate after warm-up.
        warmup: updates over which the rate rises, linearly from 0 but for ``one_cycle``.
        total: updates of the whole run; not read by ``step``, ``inverse_sqrt`` and ``constant``.
        step_size: updates between two drops, counted from the run's start; need not be whole.
        gamma: factor of each drop.
        decay: the last so much of ``total`` is the fall of ``wsd``.
        cycles: how often ``cosine_with_restarts`` falls.
        power: 1 is a straight line.
        lr_end: the rate at ``total``.
        timescale: updates after warm-up at which ``inverse_sqrt`` is at 0.71 of the peak; where left out as many as
            ``warmup``, and 10,000 without one.
        div_factor: ``one_cycle`` begins at the peak over this.
        final_div_factor: and ends at its first rate over this.

    Source: transformers' ``get_linear_schedule_with_warmup`` and its siblings; torch's ``StepLR`` and ``OneCycleLR``
    (Smith and Topin 2018), here without a cycle of the momentum; ``wsd`` is from Hu et al. 2024, "MiniCPM: Unveiling
    the Potential of Small Language Models with Scalable Training Strategies". As in those, the very first update of a
    warm-up has rate 0.
    """
    if schedule == "one_cycle":
        return _one_cycle(step, peak, warmup, total, div_factor, final_div_factor)
    if step < warmup:
        return peak * step / warmup
    left = max(0.0, (total - step) / max(1, total - warmup))
    match schedule:
        case "linear":
            return peak * left
        case "cosine":
            return lr_end + (peak - lr_end) * _half_cosine(1.0 - left)
        case "cosine_with_restarts":
            return peak * _half_cosine((cycles * (1.0 - left)) % 1.0) if left > 0 else 0.0
        case "polynomial":
            return lr_end + (peak - lr_end) * float(left**power)
        case "inverse_sqrt":
            scale = timescale or warmup or 10_000
            return peak / math.sqrt((step - warmup + scale) / scale)
        case "wsd":
            return peak * min(1.0, max(0.0, (total - step) / max(1.0, decay * total)))
        case "step":
            return float(peak * gamma ** int(step // step_size))
        case "constant":
            return peak


def _half_cosine(progress: float) -> float:
    """From 1 at progress 0 to 0 at progress 1."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def _one_cycle(step: int, peak: float, warmup: float, total: int, div: float, final_div: float) -> float:
    first, top = peak / div, warmup - 1.0
    if step <= top:
        return peak + (first - peak) * _half_cosine(step / top if top > 0 else 1.0)
    last = first / final_div
    return last + (peak - last) * _half_cosine(min(1.0, (step - top) / max(1e-9, total - 1 - top)))
