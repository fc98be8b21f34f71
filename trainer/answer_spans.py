"""From start and end scores to answers: the best span of each window, the best window of each question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainer.data import packed

if TYPE_CHECKING:
    import numpy as np
    import torch

MAX_ANSWER_LENGTH = 30
"""Tokens of an answer at most, where nothing is said: as in transformers' ``run_qa.py``."""


@dataclass(frozen=True)
class Answers:
    """Answers to questions, ``(questions,)`` each.

    Attributes:
        texts: empty where there is none.
        begins: first character in the context.
        ends: before which character it ends.
        scores: the answer's probability among all spans of all its windows.
    """

    texts: list[str]
    begins: list[int]
    ends: list[int]
    scores: list[float]


def best_spans(
    logits: torch.Tensor, inside: torch.Tensor, null: torch.Tensor, shift: torch.Tensor, longest: int
) -> torch.Tensor:
    """The best span of each window, over all pairs of start and end.

    transformers' ``utils_qa.py`` pairs the 20 best starts with the 20 best ends instead; whatever it finds scores no
    more.

    Args:
        logits: ``(windows, tokens, 2)``: scores of starts and of ends.
        inside: ``(windows, tokens)``, true where an answer may be.
        null: ``(windows,)``, the place that means no answer.
        shift: ``(windows,)``, what to add to a place to get the token of the context.
        longest: tokens of a span at most.

    Returns:
        ``(windows, 5)``, float32: the sum of both scores, first and last token of the context, the sum of both scores
        of no answer, and the logarithm of the sum of all spans' exponentiated scores.
    """
    import torch

    scores = logits.float()
    start, end = scores.masked_fill(~inside[..., None], -torch.inf).unbind(dim=-1)
    width = start.shape[1]
    best, place = torch.full_like(start[:, 0], -torch.inf), torch.zeros_like(null)
    more, mass = torch.zeros_like(null), []
    for length in range(min(longest, width)):
        both = start[:, : width - length] + end[:, length:]
        mass.append(both.logsumexp(dim=1))
        value, at = both.max(dim=1)
        better = value > best
        best, place = torch.where(better, value, best), torch.where(better, at, place)
        more = torch.where(better, length, more)
    none = scores.gather(1, null[:, None, None].expand(-1, 1, 2)).sum(dim=(1, 2))
    first = place + shift
    return torch.stack([best, first, first + more, none, torch.stack(mass).logsumexp(dim=0)], dim=1)


def answers_of(found: np.ndarray, arrays: Mapping[str, np.ndarray], *, may_be_none: bool) -> Answers:
    """The best answer to each question.

    Scores of windows are compared as they are; no answer counts with its lowest score of all windows, and is taken
    where that is higher than the best span's. Source: transformers' ``utils_qa.py``, with a threshold of 0.

    Args:
        found: what ``best_spans`` gave ``(windows, 5)``.
        arrays: of the split, as ``trainer.data.qa_tokens`` has them.
        may_be_none: whether there are questions without an answer.
    """
    import numpy as np

    row = arrays["row"]
    starts = np.flatnonzero(np.diff(row, prepend=-1))  # every row has a window
    best = np.lexsort((-found[:, 0], row))[starts]
    score, none = found[best, 0], np.minimum.reduceat(found[:, 3], starts)
    mass = np.logaddexp.reduceat(found[:, 4].astype(np.float64), starts)
    empty = ~np.isfinite(score)
    if may_be_none:
        empty |= none > score
        mass = np.logaddexp(mass, none)
    with np.errstate(invalid="ignore"):
        certain = np.exp(np.where(empty, none, score) - mass).clip(0.0, 1.0)
    contexts = packed.unpack(arrays["text"], arrays["text_offsets"])
    answers = Answers([], [], [], [])
    for question, window in enumerate(best.tolist()):
        begin = end = 0
        context = int(arrays["context"][question])
        if not empty[question]:
            first, last = (int(arrays["context_offsets"][context] + token) for token in found[window, 1:3])
            begin, end = int(arrays["begins"][first]), int(arrays["ends"][last])
            # Some tokenizers count the space before a word to it.
            begin += len(contexts[context][begin:end]) - len(contexts[context][begin:end].lstrip())
        answers.texts.append(contexts[context][begin:end])
        answers.begins.append(begin)
        answers.ends.append(end)
        answers.scores.append(float(certain[question]))
    return answers
