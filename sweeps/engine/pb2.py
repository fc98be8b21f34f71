"""Tune's PB2, told what became of its suggestions, and not asked again for those that a ledger remembers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import numpy as np
from ray.tune.schedulers import pb2


class TunePB2(pb2.PB2):  # type: ignore[misc]  # ray is untyped here
    """PB2 whose data hold the values that are trained with, not those that it came up with before they were rounded.

    Attributes:
        recalled: the next suggestion is known already. Its model is not fitted for it, which takes seconds each time;
            ``settle`` gives it the values.
    """

    recalled = False
    _before: tuple[Any, Any, Any] | None = None  # its data before the latest suggestion, until that is settled
    data: Any
    current: Any
    last_exploration_time: Any

    def _get_new_config(self, trial: Any, trial_to_clone: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        self._before = (self.data, self.current, self.last_exploration_time)
        nothing = np.zeros(len(self._hyperparam_bounds_flat), dtype=np.float32)
        skipped = patch.object(pb2, "_select_config", return_value=nothing) if self.recalled else nullcontext()
        with skipped:
            found: tuple[dict[str, Any], dict[str, Any]] = super()._get_new_config(trial, trial_to_clone)
        return found

    def settle(self, config: Mapping[str, Any] | None) -> None:
        """The latest suggestion became this configuration; ``None``: nothing came of it."""
        before, self._before = self._before, None
        if before is None:
            return
        if config is None:
            self.data, self.current, self.last_exploration_time = before
            return
        names = list(self._hyperparam_bounds_flat)
        values = [float(config[name]) for name in names]
        if len(self.data) > len(before[0]):  # too little is known of the winner at first to add anything
            self.data.loc[self.data.index[-1], names] = values
        self.current[-1] = values
