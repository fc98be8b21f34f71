"""The Hugging Face hub: its cache first, then the network, after a quick look whether the hub can be asked at all.

The libraries try every file six times over half a minute before they give up. Here one small request decides, so that
a missing network costs seconds. Once the hub has answered, downloads are the libraries' own, with all their patience.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging import ERROR
from pathlib import Path
from typing import Any, Literal, TypeVar

from trainer.errors import ConfigError

Loaded = TypeVar("Loaded")

_CONNECT_SECONDS = 5.0  # HF_HUB_ETAG_TIMEOUT overrules it
_WAITS = (0.5, 1.0)  # before a second and a third try, where the first failed at once
_WEIGHTS = tuple(
    f"{name}{index}" for name in ("model.safetensors", "pytorch_model.bin") for index in ("", ".index.json")
)
# By name: the hub's library has moved from one HTTP library to another and keeps these names.
_NO_CONNECTION = {"ConnectError", "ConnectTimeout", "ConnectionError", "ProxyError", "UnsupportedProtocol"}

_answered: set[tuple[str, str]] = set()


def load_model_files(name: str, load: Callable[..., Loaded]) -> Loaded:
    """What ``load`` makes of a model folder or a hub name, from the cache where that has all of it.

    Args:
        name: the folder or the hub name.
        load: a ``from_pretrained`` that takes ``local_files_only``.

    Raises:
        ConfigError: one for whatever goes wrong: it says what was looked for, where, and what to do.
    """
    if Path(name).is_dir():
        with quiet():
            try:
                return load()
            except Exception as error:
                raise ConfigError("model", f"cannot load the model folder {name}: {_first_line(error)}") from error
    with quiet():
        if _cached(name):
            with suppress(Exception):  # files may be missing nevertheless: then the hub is asked
                return load(local_files_only=True)
        why = why_not(name, "model")
        try:
            return load(local_files_only=bool(why))
        except Exception as error:
            if not why:
                message = f"{name!r} is on the hub, but cannot be loaded: {_first_line(error)}"
                raise ConfigError("model", message, "check the name, or give a local folder") from error
            message = f"{name!r} is no folder here, the hub's cache lacks it or a part of it, and {why}"
            raise ConfigError("model", message, _mend(name, why)) from error


def why_not(name: str, kind: Literal["model", "dataset"]) -> str:
    """Why nothing of ``name`` can be fetched; empty where the hub has answered, however slowly.

    Costs one small request; an answer is remembered by this process, a failure is not.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    if (name, kind) in _answered:
        return ""
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    file, repository = ("config.json", "model") if kind == "model" else ("README.md", "dataset")
    seconds = float(os.environ.get("HF_HUB_ETAG_TIMEOUT") or _CONNECT_SECONDS)
    started, failure = time.monotonic(), ""
    with quiet():
        for wait in (*_WAITS, None):
            try:
                get_hf_file_metadata(hf_hub_url(name, file, repo_type=repository), timeout=seconds)
            except RepositoryNotFoundError:
                return f"{constants.ENDPOINT} has no such {kind}, or keeps it private"
            except HFValidationError:
                return f"that is no name of a {kind} on the hub"
            except Exception as error:  # noqa: BLE001  # an answer of any other kind, or a slow one, is for the library
                if not _NO_CONNECTION & {base.__name__ for base in type(error).__mro__}:
                    break
                failure = _first_line(error)
            else:
                break
            if wait is None or time.monotonic() - started > seconds / 2:
                return f"{constants.ENDPOINT} cannot be reached ({failure})"
            time.sleep(wait)
    _answered.add((name, kind))
    return ""


@contextmanager
def quiet() -> Iterator[None]:
    """No reports, retries and progress bars of transformers and the hub's library inside."""
    from huggingface_hub.utils import logging as hub_logging
    from transformers.utils import logging

    level, hub_level, bars = logging.get_verbosity(), hub_logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    hub_logging.set_verbosity(ERROR)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        hub_logging.set_verbosity(hub_level)
        if bars:
            logging.enable_progress_bar()


def _cached(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    def there(file: str) -> bool:
        return isinstance(try_to_load_from_cache(name, file), str)

    try:
        inputs = any(map(there, ("tokenizer_config.json", "preprocessor_config.json")))
        return there("config.json") and inputs and any(map(there, _WEIGHTS))
    except HFValidationError:
        return False


def _mend(name: str, why: str) -> str:
    if "cannot be reached" in why or "HF_HUB_OFFLINE" in why:
        return f"give a local folder, or fill the cache first where the hub can be reached: hf download {name}"
    return "check the name, log in if it is private, or give a local folder"


def _first_line(error: Exception) -> str:
    first: Any = (str(error).strip().splitlines() or [""])[0]
    return str(first) or type(error).__name__
