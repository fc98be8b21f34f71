"""Words as token ids: which token stands for which word, and windows over rows that are too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trainer.data import overlapping
from trainer.data.words import Rows
from trainer.tasks.base import PAD, Split

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from trainer.config import TrainConfig

_CHUNK = 2000


def encode(tokenizer: Any, rows: Rows, tags: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
    """Rows as flat arrays.

    A word is labelled and predicted by its first token. A token that several words share (as ``...`` can be) is
    labelled with the first of them, and its prediction is that of all.

    Returns:
        ``ids`` (tokens,), int32, end to end without special tokens, and ``offsets`` (rows + 1,); ``tags`` (words,) and
        ``word_offsets`` (rows + 1,); ``heads`` (words,), the token of each word, counted over all rows, or -1 where it
        has none; ``labels`` (tokens,), the tag that a token stands for, or ``PAD``.
    """
    import numpy as np

    pieces, heads, counts = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=np.int64)], [0]
    total = len(rows.words)
    at = 0
    for start in range(0, total, _CHUNK):
        for row, encoding in enumerate(_encodings(tokenizer, rows, start, start + _CHUNK), start=start):
            pieces.append(np.asarray(encoding.ids, dtype=np.int32))
            found = _by_offset(encoding, rows.places[row]) if rows.places is not None else _by_word(encoding, rows, row)
            heads.append(np.where(found >= 0, found + at, -1))
            at += len(encoding.ids)
            counts.append(at)
    flat = np.array([tag for row in tags for tag in row], dtype=np.int32)
    head = np.concatenate(heads)
    labels = np.full(at, PAD, dtype=np.int32)
    # Backwards, so that of words which share a token the first comes last and stays.
    has = np.flatnonzero(head >= 0)[::-1]
    labels[head[has]] = flat[has]
    return {
        "ids": np.concatenate(pieces),
        "offsets": np.array(counts, dtype=np.int64),
        "tags": flat,
        "word_offsets": np.cumsum([0, *map(len, tags)], dtype=np.int64),
        "heads": head,
        "labels": labels,
    }


def windowed(split: Split, config: TrainConfig, max_length: int, specials: int) -> Split:
    """The split with windows for rows, of ``max_length`` tokens at most with the special ones; those in which no word
    is judged are left out.

    Adds, each ``(windows,)``: ``begin`` and ``end`` (tokens of all rows), and ``low`` and ``high``, between which the
    window judges words. Neighbours share ``config.doc_stride`` tokens, a quarter of what has room by default.

    Raises:
        ConfigError: ``doc_stride`` is too large.
    """
    import numpy as np

    offsets = split.arrays["offsets"]
    counts = np.diff(offsets)
    rooms = np.full_like(counts, max_length - specials)
    found = overlapping.cover(counts, rooms, overlapping.overlap_of(config, rooms, rooms // 4))
    low, high = (offsets[found.row] + side for side in overlapping.owned(found))
    judged = np.concatenate([[0], np.cumsum(split.arrays["labels"] != PAD)])
    kept = judged[high] > judged[low]
    begin, end = offsets[found.row] + found.begin, offsets[found.row] + found.end
    own = {"begin": begin, "end": end, "low": low, "high": high}
    arrays = {**split.arrays, **{name: array[kept] for name, array in own.items()}}
    return Split(int(kept.sum()), arrays, arrays["end"] - arrays["begin"] + specials)


def of_words(arrays: Mapping[str, np.ndarray], judged: np.ndarray, missing: Any) -> np.ndarray:
    """What was found for each labelled token, in order, as what it means for each word ``(words,)``."""
    import numpy as np

    heads = arrays["heads"]
    place = np.cumsum(arrays["labels"] != PAD) - 1
    return np.where(heads >= 0, judged[place[heads]], missing) if len(judged) else np.full(len(heads), missing)


def _encodings(tokenizer: Any, rows: Rows, start: int, end: int) -> Any:
    options = {"add_special_tokens": False, "truncation": False, "verbose": False}
    if rows.texts is not None:
        return tokenizer(rows.texts[start:end], **options).encodings
    return tokenizer(rows.words[start:end], is_split_into_words=True, **options).encodings


def _by_word(encoding: Any, rows: Rows, row: int) -> np.ndarray:
    import numpy as np

    found = np.full(len(rows.words[row]), -1, dtype=np.int64)
    for token, word in reversed(list(enumerate(encoding.word_ids))):
        if word is not None:
            found[word] = token
    return found


def _by_offset(encoding: Any, places: Sequence[tuple[int, int]]) -> np.ndarray:
    """The first token of each word, by the characters that they share."""
    import numpy as np

    if not places or not encoding.ids:
        return np.full(len(places), -1, dtype=np.int64)
    begins, ends = np.array(encoding.offsets, dtype=np.int64).T
    starts, stops = np.array(places, dtype=np.int64).T
    # Offsets of tokens ascend, so the first that ends behind the word's start is the only candidate.
    first = np.searchsorted(np.maximum.accumulate(ends), starts, side="right")
    inside = np.minimum(first, len(begins) - 1)
    return np.where((first < len(begins)) & (begins[inside] < stops), first, -1)
