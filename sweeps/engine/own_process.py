"""What a training function of one's own changes in its process, put back before the next trial uses it."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def left_as_found(base: Path) -> Iterator[None]:
    """The working folder, the environment and accelerate's state, which is shared by the whole process, come back.

    Modules, and what they hold, stay: that is what a kept process is for.

    Args:
        base: the working folder meanwhile. A script's relative paths start from the folder of its sweep file, wherever
            the sweep is run or resumed from.
    """
    folder, environment = os.getcwd(), dict(os.environ)  # noqa: PTH109 - a string, for chdir
    try:
        with contextlib.suppress(OSError):  # a machine of a cluster that does not have it
            os.chdir(base)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.chdir(folder)
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        _forget_accelerate()


def seed(number: int) -> None:
    """Seed Python's generator, and NumPy's and torch's where they are loaded.

    A trial must not depend on which trials its process had before; scripts with a seed of their own set it anyway.
    """
    random.seed(number)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(number % 2**32)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(number)


def _forget_accelerate() -> None:
    state = sys.modules.get("accelerate.state")
    if state is not None:
        # The first Accelerator of a process decides its precision for all others, which refuse any other.
        state.AcceleratorState._reset_state(reset_partial_state=True)
        state.GradientState._reset_state()
