"""How much a row of each class counts in the training loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.errors import ConfigError, suggest

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared


def weights(config: TrainConfig, prepared: Prepared) -> np.ndarray:
    """A weight for each class ``(classes,)``, float64, with a mean of 1 over the train rows.

    ``balanced`` is scikit-learn's: rows / (classes * rows of the class), over the classes that have train rows. Of
    named weights only the ratios count, and classes that are not named have 1: scaled to that mean, weights do not
    change how large an update is.

    Raises:
        ConfigError: a name that is no class, or weights that leave no class to learn.
    """
    import numpy as np

    names = prepared.label_names
    rows = np.zeros(len(names))
    found = prepared.splits["train"].class_rows
    rows[: len(found)] = found
    given = config.class_weights
    if isinstance(given, str):
        return np.where(rows > 0, rows.sum() / (np.count_nonzero(rows) * np.maximum(rows, 1)), 0.0)
    unknown = next((name for name in given if name not in names), None)
    if unknown is not None:
        raise ConfigError("class_weights", f"{unknown!r} is none of the classes", suggest(unknown, names))
    out = np.array([given.get(name, 1.0) for name in names])
    if np.count_nonzero(out * rows) < 2:
        raise ConfigError("class_weights", "they leave fewer than two classes to learn", "give weights above 0")
    scaled: np.ndarray = out * rows.sum() / (out * rows).sum()
    return scaled


def check(config: TrainConfig, prepared: Prepared) -> None:
    """Refuse weights of classes that there are not, and weights and balanced sampling where rows have several classes.

    Raises:
        ConfigError: as ``weights``, or names the setting.
    """
    if prepared.splits["train"].arrays["labels"].ndim != 1:
        for key, absent in (("class_weights", "none"), ("sampling", "shuffle")):
            if (given := getattr(config, key)) != absent:
                raise ConfigError(key, f"{given!r} is for rows of one class each", "leave it out")
    elif config.class_weights != "none":
        weights(config, prepared)


def tensor(config: TrainConfig, prepared: Prepared, device: torch.device) -> torch.Tensor:
    """The weights ``(classes,)`` for ``torch.nn.functional.cross_entropy``, float32."""
    import torch

    return torch.from_numpy(weights(config, prepared)).to(device, torch.float32)
