"""One model trained by several processes of this machine: they are started, followed and ended here. Needs no torch."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.failures import ended, error_of
from trainer.report import Report

if TYPE_CHECKING:
    from trainer.config import TrainConfig

_LOOK_SECONDS = 0.2
"""How often ``should_stop`` is asked, and whether all processes are alive."""

_GRACE_SECONDS = 0.5
"""How long one error waits for others: a process that is killed makes the others fail, and only it knows why."""


def train_together(
    config: TrainConfig,
    count: int,
    *,
    cache: Path,
    folder: Path | None,
    gpus: bool,
    threads: int = 1,
    resume: bool = False,
    should_stop: Callable[[], bool] | None = None,
) -> Iterator[Report]:
    """As :func:`trainer.loop.train`, by so many processes; they wait while a report is looked at.

    However the iterator ends, also when it is closed, so do the processes; they end by themselves when this one is
    killed.

    Args:
        config: the settings.
        count: how many, at least 2.
        cache: where ``Task.prepare`` finds the data, or puts them.
        folder: the run's own folder; ``None`` writes no checkpoints.
        gpus: each has a GPU of its own, in the order in which they are visible; else they compute on the CPU.
        threads: of each, on the CPU.
        resume: go on from the newest valid checkpoint in ``folder``.
        should_stop: asked now and then; once true the training ends there, without a report or a checkpoint.

    Yields:
        Its reports.

    Raises:
        ConfigError, DataError, ResumeError, Diverged, torch.OutOfMemoryError, MemoryError: as in one of the processes.
        RankFailed: any other error of one of them, or one ended without a word.
    """
    spec = {
        "settings": config.model_dump(mode="json"),
        "count": count,
        "cache": str(cache),
        "folder": str(folder) if folder is not None else None,
        "gpus": gpus,
        "threads": threads,
        "resume": resume,
    }
    with tempfile.TemporaryDirectory(prefix="sweepwright-") as place, contextlib.ExitStack() as all_of_them:
        selector = all_of_them.enter_context(selectors.DefaultSelector())
        ranks = [
            all_of_them.enter_context(_Rank({**spec, "rank": rank, "meeting": str(Path(place, "meeting"))}))
            for rank in range(count)
        ]
        for rank in ranks:
            selector.register(rank.pipe, selectors.EVENT_READ, rank)
        while not all(rank.done for rank in ranks):
            if should_stop is not None and should_stop():
                return
            for report in _reports(selector):
                yield report
                ranks[0].go_on()
            if any(rank.failed for rank in ranks):
                raise _reason(ranks, selector)


class _Rank:
    """One process, from this side. Leaving the context ends it."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._number, self._count = spec["rank"], spec["count"]
        self.done = False
        self.error: dict[str, Any] | None = None
        self._rest = b""
        self.pipe, out = os.pipe()
        os.set_blocking(self.pipe, False)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "trainer.rank"],
                stdin=subprocess.PIPE,
                stdout=_printed(sys.stdout),
                stderr=_printed(sys.stderr),
                pass_fds=(out,),
                env=_environment(spec["threads"]),
            )
        except BaseException:
            os.close(self.pipe)
            raise
        finally:
            os.close(out)
        self._tell(json.dumps({**spec, "reports": out}))

    def __enter__(self) -> _Rank:
        return self

    def __exit__(self, *_: object) -> None:
        # Nothing is lost: a checkpoint appears whole or not at all. Asked to leave, it might wait for the others.
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        os.close(self.pipe)

    @property
    def failed(self) -> bool:
        """Whether it said so, or ended without saying why."""
        return self.error is not None or self.silent

    @property
    def silent(self) -> bool:
        """Whether it is no more, and did not say why."""
        return not self.done and self.error is None and self._process.poll() is not None

    def death(self) -> Exception:
        """The error of one that is silent."""
        return ended(self._number, self._count, self._process.wait())

    def go_on(self) -> None:
        """Let it train on after a report."""
        self._tell("go on")

    def heard(self) -> list[dict[str, Any]]:
        """The messages that have come; marks the end of its words."""
        try:
            text = os.read(self.pipe, 2**16)
        except BlockingIOError:
            return []
        *lines, self._rest = (self._rest + text).split(b"\n")
        messages = [json.loads(line) for line in lines]
        for message in messages:
            self.done |= "end" in message
            self.error = self.error or message.get("error")
        if not text:
            # It is ending: nobody else has the other end.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=_GRACE_SECONDS)
        return messages

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # its end is noticed elsewhere
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()


def _reports(selector: selectors.BaseSelector) -> Iterator[Report]:
    for key, _ in selector.select(_LOOK_SECONDS):
        for message in key.data.heard():
            if (facts := message.get("report")) is not None:
                path = facts["checkpoint"]
                yield Report(**{**facts, "checkpoint": Path(path) if path is not None else None})


def _reason(ranks: list[_Rank], selector: selectors.BaseSelector) -> Exception:
    """Why the training failed: of several errors a silent end, which makes others fail, or else the first."""
    until = time.monotonic() + _GRACE_SECONDS
    while (left := until - time.monotonic()) > 0 and not any(rank.silent for rank in ranks):
        for key, _ in selector.select(left):
            key.data.heard()
        time.sleep(0.01)  # a pipe that has ended is always ready
    silent = [rank for rank in ranks if rank.silent]
    if silent:
        return silent[0].death()
    return error_of(min((rank.error for rank in ranks if rank.error is not None), key=lambda facts: facts["at"]))


def _printed(stream: Any) -> Any:
    """Where a process prints: where this one does, if that is a file."""
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None


def _environment(threads: int) -> dict[str, str]:
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 - a string
    # They meet on this machine, and nobody else's business is to listen.
    local = {} if sys.platform == "darwin" else {"GLOO_SOCKET_IFNAME": "lo", "NCCL_SOCKET_IFNAME": "lo"}
    return {**local, **os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads)}
