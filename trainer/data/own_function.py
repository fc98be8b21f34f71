"""What ``data.function``, a function of one's own, returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trainer import hooks
from trainer.errors import DataError

if TYPE_CHECKING:
    from trainer.sections import DataConfig

_SPLITS = ("train", "validation", "test", "retain")


def splits(data: DataConfig) -> Mapping[str, Any]:
    """Call the function: what it returns for each split; what is no mapping of splits is train.

    Raises:
        ConfigError: no such function.
        DataError: it fails, or returns splits of other names.
    """
    key, spec = "data.function", str(data.function)
    function = hooks.resolve(spec, key=key)
    try:
        returned = function()
    except Exception as error:
        raise DataError(key, f"{spec} failed: {type(error).__name__}: {error}") from error
    given = returned if isinstance(returned, Mapping) else {"train": returned}
    if "train" not in given or any(name not in _SPLITS for name in given):
        raise DataError(key, f"{spec} returned splits {', '.join(map(str, given))}", f"known are {', '.join(_SPLITS)}")
    return given
