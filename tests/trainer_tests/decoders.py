"""Tiny decoders that classify: GPT-2 and Llama, with a tokenizer of bytes that pads with nothing of its own."""

from __future__ import annotations

from pathlib import Path

import torch

END = "<|end|>"


def build_decoder(folder: Path, kind: str) -> Path:
    """One layer of 16 dimensions, as a Hugging Face folder; ``kind`` is ``gpt2`` or ``llama``."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2Config, GPT2Model, LlamaConfig, LlamaModel, PreTrainedTokenizerFast

    vocabulary = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE({**vocabulary, END: len(vocabulary)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        model_max_length=32,
        model_input_names=["input_ids", "attention_mask"],
    )
    folder.mkdir(parents=True, exist_ok=True)
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    size = len(vocabulary) + 1
    if kind == "gpt2":
        GPT2Model(
            GPT2Config(
                vocab_size=size,
                n_positions=32,
                n_embd=16,
                n_layer=1,
                n_head=2,
                bos_token_id=None,
                eos_token_id=size - 1,
            )
        ).save_pretrained(folder)
    else:
        LlamaModel(
            LlamaConfig(
                vocab_size=size,
                max_position_embeddings=32,
                hidden_size=16,
                intermediate_size=32,
                num_hidden_layers=1,
                num_attention_heads=2,
                num_key_value_heads=2,
                bos_token_id=None,
                eos_token_id=size - 1,
            )
        ).save_pretrained(folder)
    return folder
