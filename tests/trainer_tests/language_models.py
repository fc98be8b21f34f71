"""Small random models that write texts, of the real classes, with byte-level BPE tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

CORPUS = (
    "the cat sat on the mat and the dog ran to the good food",
    "what is the name of the film? it was a very bad film, said the dog.",
    "one two three four five six seven eight nine ten",
)
SIZE = 32


def build_tokenizer(folder: Path, texts: Sequence[str] = CORPUS, *, vocabulary: int = 320, kind: str = "gpt2") -> Any:
    """``gpt2`` has an end of text only and no padding; ``llama`` begins texts with one of its own; ``t5`` ends them."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    names = {"gpt2": ["<end>"], "llama": ["<pad>", "<end>", "<begin>"], "t5": ["<pad>", "<end>"]}[kind]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=names, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    if kind != "gpt2":
        single = "<begin> $A" if kind == "llama" else "$A <end>"
        marks = [(name, tokenizer.token_to_id(name)) for name in names if name in single]
        tokenizer.post_processor = processors.TemplateProcessing(single=single, special_tokens=marks)
    given = {"eos_token": "<end>", "pad_token": "<pad>", "bos_token": "<begin>"}
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{key: name for key, name in given.items() if name in names}
    )
    folder.mkdir(parents=True, exist_ok=True)
    wrapped.save_pretrained(folder)
    return wrapped


def build_decoder(folder: Path, *, kind: str = "gpt2", size: int = SIZE, positions: int = 64) -> Path:
    """A GPT-2, or a Llama, of one layer."""
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    tokenizer = build_tokenizer(folder, kind=kind)
    torch.manual_seed(0)
    ends = {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id}
    if kind == "gpt2":
        GPT2LMHeadModel(
            GPT2Config(
                n_embd=size,
                n_layer=1,
                n_head=2,
                n_positions=positions,
                bos_token_id=tokenizer.eos_token_id,
                **ends,
            )
        ).save_pretrained(folder)
    else:
        LlamaForCausalLM(
            LlamaConfig(
                hidden_size=size,
                intermediate_size=2 * size,
                num_hidden_layers=1,
                num_attention_heads=2,
                num_key_value_heads=1,
                max_position_embeddings=positions,
                bos_token_id=tokenizer.bos_token_id,
                pad_token_id=tokenizer.pad_token_id,
                **ends,
            )
        ).save_pretrained(folder)
    return folder


def build_encoder_decoder(folder: Path, *, kind: str = "t5", size: int = SIZE) -> Path:
    """A T5, or a BART, of one layer on either side."""
    from transformers import BartConfig, BartForConditionalGeneration, T5Config, T5ForConditionalGeneration

    tokenizer = build_tokenizer(folder, kind="t5")
    torch.manual_seed(0)
    tokens = {
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "decoder_start_token_id": tokenizer.pad_token_id,
    }
    if kind == "t5":
        T5ForConditionalGeneration(
            T5Config(d_model=size, d_kv=size // 2, d_ff=2 * size, num_layers=1, num_heads=2, **tokens)
        ).save_pretrained(folder)
    else:
        sides = {
            f"{side}_{name}": value
            for side in ("encoder", "decoder")
            for name, value in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 2 * size))
        }
        BartForConditionalGeneration(
            BartConfig(
                d_model=size, max_position_embeddings=64, bos_token_id=None, forced_eos_token_id=None, **sides, **tokens
            )
        ).save_pretrained(folder)
    return folder
