"""One of the processes that train one model together: ``python -m trainer.rank``, started by :mod:`trainer.together`.

It reads what to train as a line of JSON, then a line for each report that it may go on after; it writes lines of JSON:
``{"report"}``, ``{"error"}`` or ``{"end"}``.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn, TextIO

from trainer.failures import told


class Line:
    """The two pipes to whoever started this process. When that one is gone, this process ends."""

    def __init__(self) -> None:
        # What is trained has neither this input nor this output: nothing that it reads or prints can get between.
        commands = os.fdopen(os.dup(0), encoding="utf-8")
        with open(os.devnull) as nothing:  # noqa: PTH123 - a device
            os.dup2(nothing.fileno(), 0)
        self.spec: dict[str, Any] = json.loads(commands.readline())
        os.set_inheritable(self.spec["reports"], False)
        self._out = os.fdopen(self.spec["reports"], "w", encoding="utf-8")
        self._words: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, args=(commands,), daemon=True).start()

    def say(self, message: dict[str, Any]) -> None:
        """Send one message."""
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()

    def wait(self) -> None:
        """Until the next word."""
        self._words.get()

    def fail(self, error: BaseException) -> NoReturn:
        """Say why this process cannot go on, and stay until it is ended.

        Leaving would close connections, and the others would fail for that before the true reason is known.
        """
        traceback.print_exception(error)
        sys.stderr.flush()
        self.say({"error": told(error)})
        self.stay()

    def stay(self) -> NoReturn:
        """Until the other end hangs up."""
        while True:
            time.sleep(3600)

    def _listen(self, commands: TextIO) -> None:
        for word in commands:
            self._words.put(word)
        # Nobody waits for this training any more. An orderly end could wait for the other processes for ever.
        os._exit(1)


def main() -> None:
    """Train one share of a run, and stay until the other end hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the one in charge ends us
    line = Line()
    try:
        _train(line)
        sys.stdout.flush()
        sys.stderr.flush()
        line.say({"end": True})
    except BaseException as error:  # noqa: BLE001 - told, not swallowed
        line.fail(error)
    line.stay()


def _train(line: Line) -> None:
    spec = line.spec
    import torch

    from trainer.config import TrainConfig
    from trainer.errors import ConfigError
    from trainer.loop import train
    from trainer.progress import as_json
    from trainer.ranks import joined
    from trainer.tasks import get_task

    rank, count, gpus = spec["rank"], spec["count"], spec["gpus"]
    torch.set_num_threads(spec["threads"])
    if gpus:
        if (there := torch.cuda.device_count()) < count:
            raise ConfigError("resources.processes_per_trial", f"{count} processes see {there} GPUs", "ask for fewer")
        torch.cuda.set_device(rank)
    config = TrainConfig.build(spec["settings"])
    task = get_task(config.task)
    prepared = task.prepare(config, Path(spec["cache"]))
    with joined(rank, count, Path(spec["meeting"]), gpus=gpus) as ranks:
        try:
            for report in train(
                config,
                prepared=prepared,
                task=task,
                folder=Path(spec["folder"]) if spec["folder"] is not None else None,
                resume=spec["resume"],
                device=f"cuda:{rank}" if gpus else "cpu",
                ranks=ranks,
            ):
                if ranks.first:
                    path = str(report.checkpoint) if report.checkpoint is not None else None
                    line.say({"report": {**as_json(report), "checkpoint": path}})
                    line.wait()
        except BaseException as error:  # noqa: BLE001 - told while the others can still be reached
            line.fail(error)


if __name__ == "__main__":
    main()
