"""TensorBoard on a sweep."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sweeps.errors import InputError


def serve_tensorboard(folder: Path, port: int) -> None:
    """Become a TensorBoard server on loopback; does not return.

    Raises:
        InputError: the folder holds no sweep's TensorBoard data.
    """
    logs = folder / "tensorboard"
    if not logs.is_dir():
        raise InputError("no TensorBoard data there", where=str(logs), mend="name the folder of a sweep")
    arguments = ["--logdir", str(logs), "--host", "127.0.0.1", "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", "tensorboard.main", *arguments])
