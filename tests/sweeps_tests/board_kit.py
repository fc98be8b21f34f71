"""A real TensorBoard process, and what it answers over HTTP."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.parse import quote, urlencode

STATUSES = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Board:
    """What a server answers; ``url`` without a slash at its end."""

    def __init__(self, url, process=None):
        self.url, self.process = url, process

    def get(self, path, **query):
        return self._fetch(f"{self.url}/data/{path}?{urlencode(query, quote_via=quote)}")

    def post(self, path, **body):
        asked = urllib.request.Request(f"{self.url}/data/{path}", json.dumps(body).encode())
        asked.add_header("Content-Type", "application/json")
        return self._fetch(asked)

    def groups(self):
        """HParams rows by the first word of their names."""
        found = self.post(
            "plugin/hparams/session_groups", experimentName="", startIndex=0, sliceSize=5000, colParams=[],
            allowedStatuses=STATUSES,
        ).get("sessionGroups", [])  # fmt: skip
        return {group["name"].split()[0]: group for group in found}

    def metrics(self):
        """The same rows' metrics, rounded."""
        return {
            name: {one["name"]["tag"]: round(one["value"], 4) for one in group.get("metricValues", [])}
            for name, group in self.groups().items()
        }

    def experiment(self):
        return self.post("plugin/hparams/experiment", experimentName="")

    def charts(self):
        """For each chart of the layout the regular expressions of its tags."""
        sections = self.get("plugin/custom_scalars/layout").get("category", [])
        return {chart["title"]: chart["multiline"]["tag"] for one in sections for chart in one["chart"]}

    def _fetch(self, asked):
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.load(answer)


@contextlib.contextmanager
def plain_board(logs, *, fast):
    """TensorBoard as anybody starts it, with or without its data server."""
    port = free_port()
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logs), "--port", str(port)]
    command += ["--host", "127.0.0.1", f"--load_fast={fast}", "--reload_interval", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield Board(f"http://127.0.0.1:{port}", process)
        process.terminate()


@contextlib.contextmanager
def own_board(*folders, port=0):
    """``sweeps tensorboard``; its first lines are in ``said``."""
    command = [sys.executable, "-m", "sweeps.cli", "tensorboard", *map(str, folders), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = [process.stdout.readline() for _ in range(3)]
            url = said[0].split("TensorBoard: ")[1].split(" ")[0] if "TensorBoard: " in said[0] else ""
            board = Board(url.rstrip("/"), process)
            board.said = "".join(said)
            yield board
        finally:
            if process.poll() is None:
                process.kill()


def until(check, seconds=40):
    """The first true answer of ``check``, which may fail until then."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, KeyError, IndexError):
            if result := check():
                return result
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.2)
