"""Hub names where the hub is missing, slow, or has no such thing: one clear error within seconds, and no noise."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

COMMIT = "0" * 40


def here(program: str, folder: Path, **settings: str) -> tuple[Any, str]:
    """What a program prints as JSON, and what the libraries print beside it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_HOME": str(folder / "home"), "PYTHONPATH": os.pathsep.join(sys.path), **settings}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout), done.stderr


def nobody() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("offline", [pytest.param(True, marks=pytest.mark.slow), False])
def test_without_a_hub_there_is_one_clear_error_within_seconds(tmp_path: Path, offline: bool) -> None:
    program = """
import json, time
from trainer import pretrained
from trainer.config import TrainConfig
from trainer.data import hub
from trainer.errors import ConfigError
found = []
data = TrainConfig.build({"model": "x", "data": {"name": "some/data"}}).data
for load in (lambda: pretrained.tokenizer("some/encoder"), lambda: hub.fingerprints(data)):
    started = time.monotonic()
    try:
        load()
    except ConfigError as error:
        found.append([error.key, error.message, error.mend, time.monotonic() - started])
print(json.dumps(found))
"""
    settings = {"HF_HUB_OFFLINE": "1"} if offline else {"HF_ENDPOINT": nobody()}
    (model, data), noise = here(program, tmp_path, **settings)
    assert noise == ""
    assert model[:2] == [
        "model",
        "'some/encoder' is no folder here, the hub's cache lacks it or a part of it, and "
        + ("HF_HUB_OFFLINE is set" if offline else f"{settings['HF_ENDPOINT']} cannot be reached ({refused(model)})"),
    ]
    assert model[2].endswith("fill the cache first where the hub can be reached: hf download some/encoder")
    assert data[0] == "data.name"
    assert data[1].startswith("cannot load 'some/data': it is not in the cache here, and ")
    assert max(model[3], data[3]) < 15  # imports among them; the libraries alone take 50


def refused(model: list[str]) -> str:
    return model[1].rpartition("(")[2].rstrip(")")


@pytest.mark.slow
def test_a_cached_model_needs_no_hub(tmp_path: Path, encoder: Path) -> None:
    snapshot = cache(tmp_path, "some/whole", encoder)
    (cache(tmp_path, "some/part", encoder) / "model.safetensors").unlink()
    program = """
import json, time
from trainer import pretrained
from trainer.errors import ConfigError
started = time.monotonic()
kind = pretrained.build("some/whole", {}, pretrained.classifier(("a", "b")), None).config.model_type
tokens = pretrained.tokenizer("some/part")("the cat")["input_ids"]
try:
    pretrained.build("some/part", {}, pretrained.classifier(("a", "b")), None)
except ConfigError as error:
    print(json.dumps([kind, len(tokens), error.message]))
"""
    (kind, tokens, message), noise = here(program, tmp_path, HF_ENDPOINT=nobody())
    assert snapshot.is_dir()
    assert (kind, tokens, noise) == ("bert", 4, "")
    assert "'some/part' is no folder here, the hub's cache lacks it or a part of it" in message


def cache(tmp_path: Path, name: str, folder: Path) -> Path:
    repository = tmp_path / "home" / "hub" / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    return Path(shutil.copytree(folder, repository / "snapshots" / COMMIT))


class _Hub(BaseHTTPRequestHandler):
    asked: list[str]

    def do_HEAD(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if "slow" in self.path:
            time.sleep(1.5)
        gone = "gone" in self.path
        self.send_response(404 if gone else 503 if "busy" in self.path else 200)
        if gone:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    server.asked = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_only_a_hub_that_never_answers_counts_as_missing(tmp_path: Path, hub: ThreadingHTTPServer) -> None:
    program = """
import json
from trainer.hub_access import why_not
names = ["a/there", "a/slow", "a/busy", "a/gone", "a/there"]
print(json.dumps([why_not(name, "model") for name in names] + [why_not("no name at all", "model")]))
"""
    endpoint = f"http://127.0.0.1:{hub.server_port}"
    said, noise = here(program, tmp_path, HF_ENDPOINT=endpoint, HF_HUB_ETAG_TIMEOUT="1")
    gone = f"{endpoint} has no such model, or keeps it private"
    assert said == ["", "", "", gone, "", "that is no name of a model on the hub"]
    assert noise == ""
    assert len(hub.asked) == 4  # an answer is remembered  # type: ignore[attr-defined]
