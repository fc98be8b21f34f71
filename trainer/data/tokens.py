"""Texts as token ids: tokenised once without special tokens, cut and framed batch by batch.

Which length is best is a question for the sweep, so no length is baked into the stored ids. Cutting and framing
in ``assemble`` gives what the tokenizer itself gives with ``truncation=True`` and ``padding=True``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainer.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

_CHUNK = 2000


def tokenise(tokenizer: Any, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Ids of all texts end to end, int32, and where each begins: offsets ``(texts + 1,)``, int64."""
    import numpy as np

    pieces, counts = [np.empty(0, dtype=np.int32)], [0]
    for start in range(0, len(texts), _CHUNK):
        chunk = list(texts[start : start + _CHUNK])
        options = {"add_special_tokens": False, "return_attention_mask": False, "return_token_type_ids": False}
        for ids in tokenizer(chunk, truncation=False, verbose=False, **options)["input_ids"]:
            pieces.append(np.asarray(ids, dtype=np.int32))
            counts.append(len(ids))
    return np.concatenate(pieces), np.cumsum(counts, dtype=np.int64)


def frame(tokenizer: Any, *, pair: bool, pad: int | None = None) -> dict[str, Any]:
    """What a tokenizer puts around, between and beside the ids of a text or a pair: plain numbers for JSON.

    ``pad`` is taken where the tokenizer has no padding token.

    Raises:
        ConfigError: no padding token, or a tokenizer that does not say where its special tokens are.
    """
    pad = pad if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    if pad is None:
        raise ConfigError("model", f"the tokenizer of {tokenizer.name_or_path} has no padding token")
    if not tokenizer.is_fast:
        raise ConfigError("model", f"{tokenizer.name_or_path} has no fast tokenizer", "save it with a tokenizer.json")
    probe = tokenizer(*(["a"] * (2 if pair else 1)), return_token_type_ids=True)
    ids, types, sequences = probe["input_ids"], probe["token_type_ids"], probe.sequence_ids()
    segments: list[list[int]] = [[], [], []]  # before, between, after
    segment_types: list[list[int]] = [[], [], []]
    body_types: dict[int, int] = {}
    last = 1 if pair else 0
    for token, kind, sequence in zip(ids, types, sequences, strict=True):
        if sequence is not None:
            body_types[sequence] = kind
            continue
        place = 0 if not body_types else 2 if last in body_types else 1
        segments[place].append(token)
        segment_types[place].append(kind)
    if len(body_types) != last + 1:
        raise ConfigError("model", f"the tokenizer of {tokenizer.name_or_path} makes no tokens of plain text")
    return {
        "segments": segments,
        "segment_types": segment_types,
        "body_types": [body_types[sequence] for sequence in range(last + 1)],
        "pad": pad,
        "mask": tokenizer.unk_token_id if tokenizer.mask_token_id is None else tokenizer.mask_token_id,
        "pad_type": tokenizer.pad_token_type_id,
        "padding_side": tokenizer.padding_side,
        "truncation_side": tokenizer.truncation_side,
        "inputs": [name for name in tokenizer.model_input_names if name in ("token_type_ids", "attention_mask")],
    }


def specials(frame: Mapping[str, Any]) -> int:
    """How many special tokens a row has."""
    return sum(len(segment) for segment in frame["segments"])


def assemble(
    frame: Mapping[str, Any],
    bodies: Sequence[tuple[np.ndarray, np.ndarray]],
    rows: np.ndarray,
    max_length: int,
) -> dict[str, np.ndarray]:
    """A padded batch, int64, ``(len(rows), longest)``.

    Args:
        frame: from ``frame``.
        bodies: ids and offsets of the text, and of its pair where there is one.
        rows: row numbers.
        max_length: tokens per row at most, special ones among them.
    """
    starts = [offsets[rows] for _, offsets in bodies]
    counts = [offsets[rows + 1] - start for (_, offsets), start in zip(bodies, starts, strict=True)]
    kept = cut(counts, max_length - specials(frame))
    if frame["truncation_side"] == "left":
        starts = [start + count - keep for start, count, keep in zip(starts, counts, kept, strict=True)]
    return lay_out(frame, [ids for ids, _ in bodies], starts, kept)


def lay_out(
    frame: Mapping[str, Any],
    bodies: Sequence[np.ndarray],
    starts: Sequence[np.ndarray],
    counts: Sequence[np.ndarray],
) -> dict[str, np.ndarray]:
    """A padded batch, int64, ``(rows, longest)``, of these parts of texts: nothing is cut here.

    Args:
        frame: from ``frame``.
        bodies: ids of the text, and of its pair where there is one, each end to end.
        starts: where each row's part begins in them, ``(rows,)`` for each body.
        counts: how many tokens it has, ``(rows,)`` for each body.
    """
    import numpy as np

    totals = np.sum(counts, axis=0) + specials(frame)
    rows, width = len(totals), max(1, int(totals.max()))
    typed = "token_type_ids" in frame["inputs"]
    ids = np.full((rows, width), frame["pad"], dtype=np.int64)
    types = np.full((rows, width), frame["pad_type"], dtype=np.int64) if typed else None
    left = frame["padding_side"] == "left"
    places = (width - totals).tolist() if left else [0] * rows
    spans = [list(zip(s.tolist(), k.tolist(), strict=True)) for s, k in zip(starts, counts, strict=True)]
    # before text after, or before text between pair after
    segments, kinds = frame["segments"], frame["segment_types"]
    order = (0, None, 2) if len(bodies) == 1 else (0, None, 1, None, 2)
    for row, place in enumerate(places):
        body = 0
        for segment in order:
            if segment is None:
                start, length = spans[body][row]
                ids[row, place : place + length] = bodies[body][start : start + length]
                kind = frame["body_types"][body]
                body += 1
            else:
                length = len(segments[segment])
                ids[row, place : place + length] = segments[segment]
                kind = kinds[segment]
            if types is not None:
                types[row, place : place + length] = kind
            place += length
    out = {"input_ids": ids}
    if "attention_mask" in frame["inputs"]:
        at = np.arange(width)
        inside = at >= (width - totals)[:, None] if left else at < totals[:, None]
        inside[totals == 0, 0] = True  # an empty text without special tokens: attention needs something to look at
        out["attention_mask"] = inside.astype(np.int64)
    if types is not None:
        out["token_type_ids"] = types
    return out


def body_places(frame: Mapping[str, Any], counts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Where ``lay_out`` puts the first token of each body, ``(rows,)`` each."""
    import numpy as np

    totals = np.sum(counts, axis=0) + specials(frame)
    at = totals.max() - totals if frame["padding_side"] == "left" else np.zeros_like(totals)
    at = at + len(frame["segments"][0])
    return [at] if len(counts) == 1 else [at, at + counts[0] + len(frame["segments"][1])]


def cut(counts: Sequence[np.ndarray], room: int) -> list[np.ndarray]:
    """How many tokens of each text stay, so that rows have ``room`` at most; ``(rows,)`` each.

    A pair loses from the longer text until both are equal, then from both (``longest_first`` of Hugging Face
    ``tokenizers``, ``utils/truncation.rs``): an odd room leaves the longer text one token more.
    """
    import numpy as np

    if len(counts) == 1:
        return [np.minimum(counts[0], room)]
    first, second = counts
    short = np.minimum(first, second)
    both = 2 * short > room
    short_kept = np.where(both, room // 2, short)
    long_kept = np.where(both, room // 2 + room % 2, room - short)
    over = first + second > room
    first_is_long = first > second
    first_kept = np.where(first_is_long, long_kept, short_kept)
    second_kept = np.where(first_is_long, short_kept, long_kept)
    return [np.where(over, first_kept, first), np.where(over, second_kept, second)]
