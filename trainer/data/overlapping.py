"""Long rows as overlapping windows, so that nothing is cut off and every token is judged once.

Windows follow from the lengths alone, so they are worked out when a trial begins: neither the length nor the overlap is
part of the prepared data. They begin and end where a fast tokenizer's do with ``return_overflowing_tokens`` and
``stride`` (Hugging Face ``tokenizers``, ``Encoding::truncate``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trainer.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from trainer.config import TrainConfig


class Windows(NamedTuple):
    """Windows over rows, in the order of the rows, ``(windows,)`` each: the row, and its tokens from ``begin`` to
    before ``end``. Every row has one at least, which may be empty."""

    row: np.ndarray
    begin: np.ndarray
    end: np.ndarray


def cover(counts: np.ndarray, room: np.ndarray, overlap: np.ndarray) -> Windows:
    """As many windows as rows of ``counts`` tokens need.

    Args:
        counts: tokens ``(rows,)``.
        room: tokens that a window of each row holds at most ``(rows,)``, 1 or more.
        overlap: tokens that neighbours share ``(rows,)``, less than ``room``.
    """
    import numpy as np

    step = room - overlap
    number = 1 + -(-np.maximum(0, counts - room) // step)
    row = np.repeat(np.arange(len(counts)), number)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    begin = nth * step[row]
    return Windows(row, begin, np.minimum(begin + room[row], counts[row]))


def owned(windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """The tokens of its row that each window has more context for than any other, from first to before last.

    Neighbours part what they share in the middle, so that every token is owned once. Source: the maximal context of
    Devlin et al.'s ``run_squad.py``.
    """
    import numpy as np

    low, high = windows.begin.copy(), windows.end.copy()
    again = np.flatnonzero(windows.row[1:] == windows.row[:-1])
    middle = (windows.begin[again + 1] + windows.end[again] + 1) // 2
    high[again], low[again + 1] = middle, middle
    return low, high


def overlap_of(config: TrainConfig, room: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Tokens that neighbouring windows share, ``(rows,)``: ``config.doc_stride``, or ``usual``.

    Raises:
        ConfigError: ``doc_stride`` leaves windows no tokens of their own.
    """
    import numpy as np

    if config.doc_stride is None:
        return usual
    least = int(room.min(initial=config.doc_stride + 1))
    if config.doc_stride >= least:
        what = f"{config.doc_stride} is not less than the {least} tokens that a window has room for"
        raise ConfigError("doc_stride", what, "give less, or a larger max_length")
    return np.full_like(room, config.doc_stride)
