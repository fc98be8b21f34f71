"""Runs in `.venv-peers`: another package's optimizer, asked and told by JSON lines on a pipe.

First line in: ``{"peer", "seed", "parameters", "most", "eta"}``, where ``most`` is the largest budget in reports and a
parameter is ``{"name", "kind": "float" | "int", "low", "high", "log"}``. Then a line out for each line in:
``{"ask": 1}`` -> ``{"job", "config", "budget"}``, or ``{}`` while results must come first;
``{"tell": job, "loss": x}`` -> ``{}``; ``{"placed": job, "config": {...}}`` -> ``{}``, which says what
configuration it got instead.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import warnings
from importlib import import_module

import ConfigSpace


def config_space(parameters: list[dict], seed: int) -> ConfigSpace.ConfigurationSpace:
    kinds = {"float": ConfigSpace.Float, "int": ConfigSpace.Integer}
    space = ConfigSpace.ConfigurationSpace(seed=seed)
    for one in parameters:
        space.add(kinds[one["kind"]](one["name"], (one["low"], one["high"]), log=one["log"]))
    return space


def main() -> None:
    # What the packages print must not get into the pipe.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    task = json.loads(sys.stdin.readline())
    space = config_space(task["parameters"], task["seed"])
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:
        make = import_module(f"{task['peer']}_peer").make
        peer = make(space, seed=task["seed"], most=task["most"], eta=task["eta"], folder=folder)
        for line in sys.stdin:
            message, answer = json.loads(line), {}
            if "ask" in message:
                answer = peer.ask()
            elif "tell" in message:
                peer.tell(message["tell"], message["loss"])
            elif hasattr(peer, "placed"):
                peer.placed(message["placed"], message["config"])
            print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
