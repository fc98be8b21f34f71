"""Small models of the real classes without weights, with a byte-level BPE tokenizer learnt on training texts.

Trainings draw the weights themselves: `init: random`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def small_model(folder: Path, kind: str, texts: Iterable[str], *, vocabulary: int = 512) -> str:
    """A folder with a tokenizer and the configuration of a GPT-2, a Llama or a T5 of two layers and 64 dimensions."""
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer = _tokenizer(texts, vocabulary)
    tokenizer.save_pretrained(folder)
    _configuration(kind, tokenizer).save_pretrained(folder)
    return str(folder)


def _tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<pad>", "<begin>", "<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<begin> $A <end>", special_tokens=[("<begin>", 1), ("<end>", 2)]
    )
    names = {"pad_token": "<pad>", "bos_token": "<begin>", "eos_token": "<end>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def _configuration(kind: str, tokenizer: Any) -> Any:
    from transformers import GPT2Config, LlamaConfig, T5Config

    shared = {
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    if kind == "gpt2":
        return GPT2Config(n_embd=64, n_layer=2, n_head=4, n_positions=512, **shared)
    if kind == "llama":
        sizes = {"hidden_size": 64, "intermediate_size": 192, "num_hidden_layers": 2, "num_attention_heads": 4}
        return LlamaConfig(**sizes, max_position_embeddings=512, tie_word_embeddings=True, **shared)
    start = {"decoder_start_token_id": tokenizer.pad_token_id, "tie_word_embeddings": False, "dropout_rate": 0.0}
    sizes = {"d_model": 64, "d_kv": 16, "d_ff": 192, "num_layers": 2, "num_heads": 4}
    return T5Config(**sizes, feed_forward_proj="gated-gelu", **start, **shared)
