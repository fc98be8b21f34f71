"""Windows over long rows: where a tokenizer's are, and every token judged once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from trainer.config import TrainConfig
from trainer.data import overlapping, tokens
from trainer.errors import ConfigError


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6), st.integers(1, 20), st.data())
def test_windows_cover_every_token_and_own_it_once(counts: list[int], room: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, room - 1))
    lengths = np.array(counts)
    found = overlapping.cover(lengths, np.full_like(lengths, room), np.full_like(lengths, overlap))
    low, high = overlapping.owned(found)
    for row, count in enumerate(counts):
        mine = found.row == row
        assert mine.any()
        assert ((found.end - found.begin)[mine] <= room).all()
        owned = [token for start, stop in zip(low[mine], high[mine], strict=True) for token in range(start, stop)]
        assert owned == list(range(count))
        assert ((found.begin <= low) & (high <= found.end)).all()


def test_the_middle_of_an_overlap_parts_it() -> None:
    found = overlapping.cover(np.array([10]), np.array([6]), np.array([2]))
    assert list(zip(found.begin, found.end, strict=True)) == [(0, 6), (4, 10)]
    low, high = overlapping.owned(found)
    assert list(zip(low, high, strict=True)) == [(0, 5), (5, 10)]


@pytest.mark.parametrize("stride", [0, 3, 9])
def test_windows_are_those_of_the_tokenizer(encoder: Path, stride: int) -> None:
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    texts = ["the cat sat on a very good film " * 4, "a dog", "it is not bad food and the dog ran " * 5]
    expected = tokenizer(
        texts, truncation=True, max_length=16, stride=stride, return_overflowing_tokens=True, padding=True
    )
    frame = tokens.frame(tokenizer, pair=False)
    ids, offsets = tokens.tokenise(tokenizer, texts)
    counts, room = np.diff(offsets), np.full(3, 16 - tokens.specials(frame))
    found = overlapping.cover(counts, room, np.full(3, stride))
    batch = tokens.lay_out(frame, [ids], [offsets[found.row] + found.begin], [found.end - found.begin])
    assert batch["input_ids"].tolist() == expected["input_ids"]
    assert found.row.tolist() == expected["overflow_to_sample_mapping"]


def test_an_overlap_that_leaves_nothing_is_refused() -> None:
    config = TrainConfig.build({"model": "m", "data": {"train": "t"}, "doc_stride": 8})
    with pytest.raises(ConfigError, match="doc_stride: 8 is not less than the 8 tokens that a window has room for"):
        overlapping.overlap_of(config, np.array([9, 8]), np.array([1, 1]))
    assert overlapping.overlap_of(config, np.array([9, 10]), np.array([1, 1])).tolist() == [8, 8]
