"""Secrets have no place in a sweep file: it is copied into ledgers, reports and event files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sweeps.config.places import Places

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS = frozenset(
    {"apikey", "credential", "credentials", "passphrase", "passwd", "password", "pwd", "secret", "secrets"}
)
_SECRET_KEYS = frozenset({"access", "api", "auth", "private", "signing", "ssh"})  # followed by "key"
# Tokens of a text, not of a person: pad_token, num_token.
_TEXT_TOKENS = frozenset(
    {"bos", "class", "cls", "end", "eos", "image", "mask", "max", "min", "num", "pad", "per", "sep", "special", "start"}
    | {"unk"}
)
# What the common services' tokens look like.
_SECRET_VALUE = re.compile(r"(?:hf_|sk-|ghp_|github_pat_|glpat-|xox[abp]-|AKIA)[A-Za-z0-9_-]{16,}\Z")


def refuse_secrets(data: Mapping[str, Any], places: Places) -> None:
    """Refuse keys and values that look like secrets, at any depth. Never shows the value.

    Raises:
        InputError: names the first such key.
    """
    for key, name, value in _walk(data, ""):
        if looks_secret(name):
            message = "looks like a secret, which would be copied into ledger, report and event files"
            raise places.error(key, message, "read it from an environment variable in your own code")
        if isinstance(value, str) and _SECRET_VALUE.match(value):
            message = "its value looks like a secret, which would be copied into ledger, report and event files"
            raise places.error(key, message, "read it from an environment variable in your own code")


def looks_secret(name: str) -> bool:
    """Whether a key's name is that of a secret: ``api_key``, ``hf_token``; not ``tokenizer``, ``max_tokens``."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words:
        return False
    before = words[-2] if len(words) > 1 else ""
    if words[-1] == "token":
        return before not in _TEXT_TOKENS
    return bool(_SECRET_WORDS & set(words)) or (words[-1] == "key" and before in _SECRET_KEYS)


def _walk(value: Any, key: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            path = f"{key}.{name}" if key else str(name)
            yield path, str(name).rpartition(".")[2], inner
            yield from _walk(inner, path)
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield f"{key}.{i}", "", inner
            yield from _walk(inner, f"{key}.{i}")
