"""Runs the checks and prints a line for each; the exit code is 1 if any failed."""

from __future__ import annotations

import argparse
import importlib.util
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator

from scripts.gpu.outcome import Outcome

NEEDED = ("torch", "numpy", "pydantic", "safetensors", "transformers")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/gpu_check", description=__doc__)
    parser.add_argument("--cpu", action="store_true", help="try the checks without a GPU, with tiny sizes")
    parser.add_argument("--no-ray", action="store_true", help="leave out what starts a sweep")
    arguments = parser.parse_args()
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        print(f"gpu_check needs {', '.join(missing)}: {sys.executable} -m pip install {' '.join(missing)}")
        return 1
    import torch

    if not torch.cuda.is_available() and not arguments.cpu:
        print(f"no GPU here (torch {torch.__version__}): nothing was checked; --cpu tries the checks themselves")
        return 0
    device = torch.device("cpu" if arguments.cpu else "cuda:0")
    if arguments.cpu:
        torch.set_num_threads(1)  # for sizes as small as these, more would only wait for each other
    print(describe(device), flush=True)
    since = time.monotonic()
    failed = 0
    for outcome in outcomes(device, ray=not arguments.no_ray):
        print(outcome, flush=True)
        failed += outcome.passed is False
    print(f"{failed} failed, in {time.monotonic() - since:.0f} s")
    return 1 if failed else 0


def describe(device) -> str:
    import numpy
    import torch
    import transformers

    name = f"CPU, {torch.get_num_threads()} threads"
    if device.type == "cuda":
        about = torch.cuda.get_device_properties(device)
        name = f"{about.name}, {about.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}, numpy {numpy.__version__}"
    return f"{name}; Python {platform.python_version()}, {versions}"


def outcomes(device, *, ray: bool) -> Iterator[Outcome]:
    from scripts.gpu import backoff, formats, memory, resume, sharing, throughput

    checks: list[tuple[str, Callable]] = [
        ("number formats", formats.check),
        ("memory after a trial", memory.check),
        ("back-off", backoff.check),
        ("resume", resume.check),
        ("throughput", throughput.check),
    ]
    if ray:
        checks.append(("a GPU shared by trials", sharing.check))
    for name, check in checks:
        try:
            yield from check(device)
        except Exception as error:  # noqa: BLE001 - one check that breaks is a failure, and the others still count
            traceback.print_exc()
            yield Outcome(name, False, f"{type(error).__name__}: {error}".splitlines()[0])


if __name__ == "__main__":
    sys.exit(main())
