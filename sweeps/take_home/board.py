"""TensorBoard on one sweep or several."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from sweeps.errors import Exit, InputError
from sweeps.records.best import leaders
from sweeps.records.builder import read_sweep
from sweeps.records.finding import is_sweep, no_sweep
from sweeps.views.side_by_side import SideBySide

HOST = "127.0.0.1"
_SHOWN = 10
_LOOK_SECONDS = 2.0  # between looks for new trials of several sweeps


def serve_tensorboard(folders: Sequence[Path], port: int, say: Callable[[str], None]) -> None:
    """Serve TensorBoard on loopback until Ctrl-C or SIGTERM; says where once it can be reached.

    Args:
        folders: of sweeps; a folder that is named twice counts once.
        port: on this machine; 0 takes a free one.
        say: takes a line for whoever waits.

    Raises:
        InputError: a folder that holds no sweep's TensorBoard data, or a port that is taken.
    """
    folders = list({folder.resolve(): folder for folder in folders}.values())
    for folder in folders:
        _check(folder)
    _check_port(port)
    try:
        if len(folders) == 1:
            _serve(folders[0] / "tensorboard", folders, port, say, lambda: None)
        else:
            with tempfile.TemporaryDirectory(prefix="sweepwright-board-") as place:
                several = SideBySide(Path(place), folders)
                _serve(Path(place), folders, port, say, several.follow)
    except KeyboardInterrupt:
        say("")  # the terminal has an echoed ^C on its line


def _check(folder: Path) -> None:
    if not is_sweep(folder):
        raise no_sweep(folder)
    logs = folder / "tensorboard"
    if not logs.is_dir():
        raise InputError("no TensorBoard data there", where=str(logs), mend="it comes with the first trial")


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        # As servers do: a port whose last server has just ended is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            mend = "give another --port; --port 0 takes a free one"
            raise InputError(f"port {port}: {_why(error)}", where="command line", key="--port", mend=mend) from None


def _why(error: OSError) -> str:
    return "something else listens there already" if error.errno == errno.EADDRINUSE else str(error.strerror)


def _serve(
    logs: Path, folders: Sequence[Path], port: int, say: Callable[[str], None], look: Callable[[], None]
) -> None:
    from tensorboard import default, program

    # An end in good order: TensorBoard's data server goes with it, and so do the links to several sweeps.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(int(Exit.TERMINATED)))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
    board = program.TensorBoard(default.get_plugins())
    arguments = [f"--logdir={logs}", f"--host={HOST}", f"--port={port}", f"--load_fast={_fast()}"]
    board.configure([sys.argv[0], *arguments])
    url = board.launch()
    say(f"TensorBoard: {url} (Ctrl-C ends it)")
    say(f"  all trials in a table: {url}#hparams")
    say(f"  training and validation on one chart: {url}#custom_scalars{_filter(folders)}")
    while True:
        time.sleep(_LOOK_SECONDS)
        look()


def _filter(folders: Sequence[Path]) -> str:
    """Shows the curves of the best trials first: of more than 40 runs TensorBoard shows none until some are chosen."""
    if len(folders) > 1:
        return ""
    trials = leaders(read_sweep(folders[0]), _SHOWN)
    chosen = quote("|".join(trials))
    return f"&regexInput={chosen}" if trials else ""


def _fast() -> str:
    """Whether TensorBoard's own data server can be used, which loads a thousand trials many times faster."""
    from tensorboard.data import server_ingester

    try:
        server_ingester.get_server_binary()
    except server_ingester.NoDataServerError:
        return "false"
    return "true"
