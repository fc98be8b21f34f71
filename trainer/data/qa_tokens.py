"""Questions and contexts as token ids, where answers lie among them, and windows over contexts that are too long."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainer.data import overlapping, packed, tokens
from trainer.data.questions import Answer, Questions
from trainer.tasks.base import Split

if TYPE_CHECKING:
    import numpy as np

    from trainer.config import TrainConfig

NO_ANSWER = -1
_USUAL_OVERLAP = 128
"""Of transformers' ``run_qa.py``; of half a window where that is less."""
_CHUNK = 500


def encode(tokenizer: Any, rows: Questions) -> dict[str, np.ndarray]:
    """Rows as flat arrays; a context that several questions share is there once.

    Returns:
        ``question_ids``, int32, end to end, and ``question_offsets`` (rows + 1,);
        ``context_ids`` and ``context_offsets`` of the distinct contexts, ``context`` (rows,), which of them is the
        row's, and ``begins`` and ``ends``, the characters of each of their tokens;
        ``text`` and ``text_offsets``, the contexts packed; ``answers`` and ``answer_offsets``, the right answers of
        each row, packed as JSON lists;
        ``first`` and ``last`` (rows,), the tokens of its context between which the first right answer lies, or
        ``NO_ANSWER``.
    """
    import numpy as np

    distinct = list(dict.fromkeys(rows.contexts))
    number = {text: index for index, text in enumerate(distinct)}
    context = np.array([number[text] for text in rows.contexts], dtype=np.int64)
    question_ids, question_offsets = tokens.tokenise(tokenizer, rows.questions)
    ids, offsets, characters = _with_offsets(tokenizer, distinct)
    spans = [
        _tokens_of(answers, characters[offsets[of] : offsets[of + 1]])
        for answers, of in zip(rows.answers, context, strict=True)
    ]
    text, text_offsets = packed.pack(distinct)
    answers, answer_offsets = packed.pack([json.dumps([one.text for one in given]) for given in rows.answers])
    first, last = np.array(spans, dtype=np.int64).reshape(-1, 2).T
    return {
        "question_ids": question_ids,
        "question_offsets": question_offsets,
        "context_ids": ids,
        "context_offsets": offsets,
        "context": context,
        "begins": characters[:, 0].copy(),
        "ends": characters[:, 1].copy(),
        "text": text,
        "text_offsets": text_offsets,
        "answers": answers,
        "answer_offsets": answer_offsets,
        "first": first.copy(),
        "last": last.copy(),
    }


def windowed(split: Split, config: TrainConfig, max_length: int, specials: int) -> Split:
    """The split with windows over contexts for rows, of ``max_length`` tokens at most with question and special ones.

    A question takes half of the room at most; what is longer is cut. Neighbours share ``config.doc_stride`` tokens of
    the context, by default 128, or half of what has room where that is less.

    Adds, each ``(windows,)``: ``row``; ``begin`` and ``end``, tokens of the row's context; ``asked``, how many of its
    question's are there; ``start`` and ``stop``, first and last token of the answer where all of it is in the window,
    else
    ``NO_ANSWER``.

    Raises:
        ConfigError: ``doc_stride`` is too large.
    """
    import numpy as np

    arrays, room = split.arrays, max_length - specials
    asked = np.minimum(np.diff(arrays["question_offsets"]), room // 2)
    counts = lengths(arrays) - np.diff(arrays["question_offsets"])
    left = room - asked
    overlap = overlapping.overlap_of(config, left, np.minimum(_USUAL_OVERLAP, left // 2))
    row, begin, end = overlapping.cover(counts, left, overlap)
    first, last = arrays["first"][row], arrays["last"][row]
    inside = (first >= begin) & (last < end) & (first != NO_ANSWER)
    own = {
        "row": row,
        "begin": begin,
        "end": end,
        "asked": asked[row],
        "start": np.where(inside, first, NO_ANSWER),
        "stop": np.where(inside, last, NO_ANSWER),
    }
    return Split(len(row), {**arrays, **own}, asked[row] + end - begin + specials)


def lengths(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Tokens of each row's question and whole context ``(rows,)``."""
    import numpy as np

    found: np.ndarray = np.diff(arrays["question_offsets"]) + np.diff(arrays["context_offsets"])[arrays["context"]]
    return found


def right_answers(arrays: Mapping[str, np.ndarray]) -> list[list[str]]:
    """The answers that count as right for each row."""
    return [json.loads(given) for given in packed.unpack(arrays["answers"], arrays["answer_offsets"])]


def null_place(tokenizer: Any, frame: Mapping[str, Any]) -> int:
    """Where "no answer" points to: the tokenizer's classification token, else the first token.

    From the row's start where it is 0 or more, from its end where it is negative (XLNet).
    """
    before, _, after = frame["segments"]
    mark = tokenizer.cls_token_id
    if mark in before:
        return int(before.index(mark))
    return int(after.index(mark) - len(after)) if mark in after else 0


def _with_offsets(tokenizer: Any, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids, offsets of the texts, and characters ``(tokens, 2)`` of each token."""
    import numpy as np

    pieces, characters, counts = [np.empty(0, dtype=np.int32)], [np.empty((0, 2), dtype=np.int32)], [0]
    for start in range(0, len(texts), _CHUNK):
        chunk = list(texts[start : start + _CHUNK])
        for encoding in tokenizer(chunk, add_special_tokens=False, truncation=False, verbose=False).encodings:
            pieces.append(np.asarray(encoding.ids, dtype=np.int32))
            characters.append(np.asarray(encoding.offsets, dtype=np.int32).reshape(-1, 2))
            counts.append(len(encoding.ids))
    return np.concatenate(pieces), np.cumsum(counts, dtype=np.int64), np.concatenate(characters)


def _tokens_of(answers: Sequence[Answer], characters: np.ndarray) -> tuple[int, int]:
    """First and last token that share a character with the first answer."""
    import numpy as np

    if not answers:
        return NO_ANSWER, NO_ANSWER
    text, start = answers[0]
    shared = np.flatnonzero((characters[:, 0] < start + len(text)) & (characters[:, 1] > start))
    return (int(shared[0]), int(shared[-1])) if len(shared) else (NO_ANSWER, NO_ANSWER)
