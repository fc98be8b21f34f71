"""Where Ray is: a local one of our own, or a cluster that is named."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sweeps.config import Resources
from sweeps.engine.machine import local_node
from sweeps.engine.slots import Node, Slots, plan
from sweeps.errors import InputError

# Before ray is imported: nothing is sent anywhere, and Tune neither logs, snapshots nor handles signals for us.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
}
_PROBE_SECONDS = 5.0
_NO_CLUSTER = "start one, mend --address or RAY_ADDRESS, or leave both out for a local Ray"
_OBJECT_STORE_BYTES = 200 * 2**20  # only small dicts cross it; the default takes a third of the memory


def set_environment() -> None:
    """Ray's switches as this project wants them; what the user has set stays."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def address_of(address: str | None) -> str:
    """The address to use: the one given, then ``RAY_ADDRESS``, then a local Ray of our own."""
    return address or os.environ.get("RAY_ADDRESS") or "local"


@contextmanager
def connected(address: str, wanted: Resources, say: Callable[[str], None]) -> Iterator[Slots]:
    """A Ray to run on, for as long as the context lasts, and the slots it has.

    Args:
        address: ``local``, or that of a cluster.
        wanted: what each trial gets.
        say: takes a line for whoever waits, once nothing is left to refuse.

    Raises:
        InputError: what a trial wants is nowhere to be had (said before a local Ray is started), or nobody answers at
            ``address``.
    """
    set_environment()
    if address == "local":
        slots = plan(wanted, [local_node()])
        say("starting Ray")
        with _local(slots):
            yield slots
    else:
        with _existing(address):
            slots = plan(wanted, _nodes())
            say(f"on the Ray cluster at {address}")
            yield slots


@contextmanager
def _local(slots: Slots) -> Iterator[None]:
    import ray

    # Exactly the slots and no more, so that resources are what limits the trials: with a CPU to spare Tune starts
    # worker processes that it then throws away.
    gpus = local_node().gpus
    ray.init(
        address="local",
        num_cpus=slots.count * slots.cpus,
        num_gpus=int(gpus),
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=_OBJECT_STORE_BYTES,
    )
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _existing(address: str) -> Iterator[None]:
    import ray

    if address.startswith("ray://"):
        raise InputError(
            "Ray's client protocol is not supported here", where=address, mend="run on a machine of the cluster"
        )
    _probe(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"no Ray cluster answers there: {reason}", where=address, mend=_NO_CLUSTER) from error
    try:
        yield
    finally:
        ray.shutdown()


def _probe(address: str) -> None:
    """Knock before Ray does: it would wait for two minutes for somebody to answer.

    Raises:
        InputError: nobody listens there.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        return  # "auto": Ray knows where
    try:
        socket.create_connection((host, int(port)), timeout=_PROBE_SECONDS).close()
    except OSError as error:
        message = f"no Ray cluster answers there: {error.strerror or error}"
        raise InputError(message, where=address, mend=_NO_CLUSTER) from error


def _nodes() -> list[Node]:
    import ray

    return [
        Node(node["Resources"].get("CPU", 0), node["Resources"].get("GPU", 0)) for node in ray.nodes() if node["Alive"]
    ]
