"""Texts into words that do not depend on a tokenizer, so that scores of different models can be compared."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_CJK = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FA1F))


def words(text: str) -> list[tuple[int, int]]:
    """Where each word is, from its first character to before its last.

    Runs of letters, digits and marks; punctuation and symbols one by one, and so characters of scripts without spaces.
    """
    found: list[tuple[int, int]] = []
    begin = -1
    for at, character in enumerate(text):
        kind = _kind(character)
        if kind != "run" and begin >= 0:
            found.append((begin, at))
            begin = -1
        if kind == "run" and begin < 0:
            begin = at
        elif kind == "single":
            found.append((at, at + 1))
    if begin >= 0:
        found.append((begin, len(text)))
    return found


@lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    if character.isspace():
        return "space"
    if any(low <= ord(character) <= high for low, high in _CJK):
        return "single"
    return "single" if character != "_" and unicodedata.category(character)[0] in "PS" else "run"
