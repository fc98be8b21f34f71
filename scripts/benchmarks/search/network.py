"""The seam to onnxruntime: YAHPO Gym's surrogate of LCBench as a function from arrays to arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Codes of tasks, int32 (n, 1), and inputs, float32 (n, 8), to outputs (n, 6); see `lcbench` for the columns.
Network = Callable[[NDArray[np.int32], NDArray[np.float32]], NDArray[Any]]


def load_network(path: Path) -> Network:
    """The network in an ONNX file, on one CPU thread."""
    import onnxruntime  # only here: the rest works without the extra `benchmark`

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def call(codes: NDArray[np.int32], inputs: NDArray[np.float32]) -> NDArray[Any]:
        return np.asarray(session.run(None, {"x_cat": codes, "x_cont": inputs})[0])

    return call
