"""The best span of each window, held to all pairs; the best window of each question."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainer.answer_spans import answers_of, best_spans
from trainer.data.packed import pack, unpack


@pytest.mark.parametrize("longest", [1, 3, 50])
def test_the_best_of_all_pairs(longest: int) -> None:
    generator = torch.Generator().manual_seed(longest)
    logits = torch.randn(20, 12, 2, generator=generator)
    inside = torch.rand(20, 12, generator=generator) < 0.6
    inside[0] = False
    null, shift = torch.randint(12, (20,), generator=generator), torch.randint(-3, 30, (20,), generator=generator)
    found = best_spans(logits, inside, null, shift, longest)
    for row in range(20):
        pairs = {
            (start, end): float(logits[row, start, 0] + logits[row, end, 1])
            for start in range(12)
            for end in range(start, min(12, start + longest))
            if inside[row, start] and inside[row, end]
        }
        none = float(logits[row, null[row]].sum())
        assert float(found[row, 3]) == pytest.approx(none, abs=1e-5)
        if not pairs:
            assert found[row, 0] == found[row, 4] == -torch.inf
            continue
        (start, end), score = max(pairs.items(), key=lambda pair: pair[1])
        assert found[row, :3].tolist() == pytest.approx(
            [score, start + int(shift[row]), end + int(shift[row])], abs=1e-5
        )
        assert float(found[row, 4]) == pytest.approx(np.logaddexp.reduce(list(pairs.values())), abs=1e-5)


def arrays(rows: list[int]) -> dict[str, np.ndarray]:
    """Questions about "red green blue" and " grey", a token a word; of each window the question."""
    text, offsets = pack(["red green blue", " grey"])
    return {
        "row": np.array(rows),
        "context": np.array([0, 1, 0]),
        "context_offsets": np.array([0, 3, 4]),
        "begins": np.array([0, 4, 10, 0]),
        "ends": np.array([3, 9, 14, 5]),
        "text": text,
        "text_offsets": offsets,
    }


def test_the_best_window_answers_and_no_answer_counts_with_its_lowest_score() -> None:
    windows = np.array(
        [[2.0, 0, 1, 5.0, 2.0], [3.0, 1, 2, 1.0, 3.0], [4.0, 0, 0, 4.5, 4.0], [-np.inf, 0, 0, 1.0, -np.inf]],
        dtype=np.float32,
    )
    found = answers_of(windows, arrays([0, 0, 1, 2]), may_be_none=True)
    assert found.texts == ["green blue", "", ""]
    assert (found.begins, found.ends) == ([4, 0, 0], [14, 0, 0])
    mass = np.exp(2) + np.exp(3) + np.exp(1)
    assert found.scores == pytest.approx([np.exp(3) / mass, np.exp(4.5) / (np.exp(4.5) + np.exp(4)), 1.0])
    always = answers_of(windows, arrays([0, 0, 1, 2]), may_be_none=False)
    assert always.texts == ["green blue", "grey", ""]
    assert always.begins[1] == 1  # not at the space
    assert np.isfinite(always.scores).all()


def test_packed_texts_come_back() -> None:
    texts = ["", "日本", "a\x00b", "", "🐈"]
    assert unpack(*pack(texts)) == texts
    assert unpack(*pack([])) == []
