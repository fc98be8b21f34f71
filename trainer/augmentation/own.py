"""A step of one's own: ``augment.function``, called with each row that is trained on, each time anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from trainer import hooks
from trainer.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from trainer.draws import Draws
    from trainer.sections import AugmentConfig

_KEY = "augment.function"


def check(steps: AugmentConfig) -> None:
    """Refuse a function that cannot be called with a row and a generator, and a strength that it does not take.

    Raises:
        ConfigError: names the setting.
    """
    if steps.function is None:
        if steps.strength is not None:
            mend = "name it: function: module:function, or leave the strength out"
            raise ConfigError("augment.strength", f"{steps.strength} is for a function of your own", mend)
        return
    takes = hooks.parameters(steps.function, key=_KEY)
    if len(takes.names) < 2 or any(name != "strength" for name in takes.required[2:]):
        what = f"{steps.function} takes {', '.join(takes.names) or 'nothing'}"
        raise ConfigError(_KEY, what, "it is called with a row and a numpy generator, and strength=... where given")
    if steps.strength is not None and not takes.accepts("strength"):
        raise ConfigError("augment.strength", f"{steps.function} takes no strength", "leave it out")
    if steps.strength is None and "strength" in takes.required:
        raise ConfigError("augment.strength", f"is missing, and {steps.function} has no default for it", "give it")


def texts(rows: Sequence[str], steps: AugmentConfig, draws: Draws) -> list[str]:
    """Each text as the function changed it.

    Raises:
        ConfigError: it gave something else than a text.
    """
    found = []
    for changed in _changed(rows, steps, draws):
        if not isinstance(changed, str):
            raise ConfigError(_KEY, f"{steps.function} returned {type(changed).__name__}", "return a text")
        found.append(changed)
    return found


def pictures(rows: np.ndarray, steps: AugmentConfig, draws: Draws) -> np.ndarray:
    """Each picture ``(channels, height, width)``, float32 from 0 to 1, as the function changed it.

    Raises:
        ConfigError: it gave something of another shape.
    """
    import numpy as np

    found = np.empty_like(rows)
    for number, changed in enumerate(_changed(list(rows.copy()), steps, draws)):
        shape = np.shape(changed)
        if shape != rows.shape[1:]:
            what = f"{steps.function} returned shape {shape} for {rows.shape[1:]}"
            raise ConfigError(_KEY, what, "return an array of the shape that came in")
        found[number] = changed
    return found


def _changed(rows: Sequence[Any], steps: AugmentConfig, draws: Draws) -> Iterator[Any]:
    import numpy as np

    function = hooks.resolve(str(steps.function), key=_KEY)
    more = {} if steps.strength is None else {"strength": steps.strength}
    # A generator for each row, so that neither a resume nor the size of a micro-batch changes what is drawn.
    seeds = (draws.uniform("own") * 2**53).astype(np.int64)[:, 0]
    for row, seed in zip(rows, seeds.tolist(), strict=True):
        yield function(row, np.random.default_rng(seed), **more)
