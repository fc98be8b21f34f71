"""Another package's optimizer in a process of its own environment."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from scripts.benchmarks.search.row import ROOT, Setting
from search_spaces import Float, Int, Parameter

PYTHON = ROOT / ".venv-peers" / "bin" / "python"
WORKER = Path(__file__).with_name("peers") / "worker.py"
ETA = 3


class PeerProcess:
    """A pipe of JSON lines to `peers/worker.py`.

    Raises:
        RuntimeError: at a question that it did not answer, with the end of what it complained of.
    """

    def __init__(self, peer: str, setting: Setting) -> None:
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        self._complaints = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 (closed in `close`)
        self._process = subprocess.Popen(
            [str(PYTHON), str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            env=environment,
        )
        parameters = [_described(parameter) for parameter in setting.space.searched]
        first = {"peer": peer, "seed": setting.seed, "most": setting.reports, "eta": ETA, "parameters": parameters}
        self._write(first)

    def ask(self) -> dict[str, Any]:
        """``job``, ``config`` and ``budget`` of what it wants to know next; empty while it waits for results."""
        return self._answer({"ask": 1})

    def tell(self, job: int, loss: float) -> None:
        """The loss of a job."""
        self._answer({"tell": job, "loss": loss})

    def placed(self, job: int, config: dict[str, Any]) -> None:
        """The configuration that a job got instead of what was asked for."""
        self._answer({"placed": job, "config": config})

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._complaints.close()

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        self._write(message)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._complaints.seek(0)
            raise RuntimeError(f"the peer's process ended:\n{self._complaints.read()[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()


def _described(parameter: Parameter) -> dict[str, Any]:
    assert isinstance(parameter, Float | Int)  # all that published curves have
    kind = "int" if isinstance(parameter, Int) else "float"
    return {
        "name": parameter.name,
        "kind": kind,
        "low": parameter.low,
        "high": parameter.high,
        "log": parameter.log,
    }
