"""TensorBoard on a sweep."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sweeps.errors import InputError
from sweeps.records.finding import is_sweep, no_sweep


def serve_tensorboard(folder: Path, port: int) -> None:
    """Become a TensorBoard server on loopback; does not return.

    Raises:
        InputError: the folder holds no sweep's TensorBoard data.
    """
    logs = folder / "tensorboard"
    if not is_sweep(folder):
        raise no_sweep(folder)
    if not logs.is_dir():
        raise InputError("no TensorBoard data there", where=str(logs), mend="it comes with the first report")
    arguments = ["--logdir", str(logs), "--host", "127.0.0.1", "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", "tensorboard.main", *arguments])
