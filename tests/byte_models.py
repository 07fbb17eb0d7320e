"""Untrained language models and a tokenizer of bytes, made for tests."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

SPECIAL = ["<pad>", "<s>", "</s>"]


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Every byte is a token."""
    alphabet = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>")


def tiny_model(kind: str, seed: int = 0) -> Any:
    """A model of random weights: "neox", "bart" or "t5"."""
    torch.manual_seed(seed)
    ids = {"vocab_size": 259, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    if kind == "neox":
        sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
        return GPTNeoXForCausalLM(GPTNeoXConfig(**ids, **sizes, max_position_embeddings=2048))
    if kind == "bart":
        layers = {
            f"{side}_{what}": n
            for side in ("encoder", "decoder")
            for what, n in (("layers", 1), ("attention_heads", 2))
        }
        sizes = {"d_model": 32, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 1024}
        # as real ones are set up: both would fight with the grammar, if they were heard
        forced = {"forced_bos_token_id": 1, "forced_eos_token_id": 2, "decoder_start_token_id": 2}
        return BartForConditionalGeneration(BartConfig(**ids, **layers, **sizes, **forced))
    sizes = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 1, "num_heads": 2, "decoder_start_token_id": 0}
    return T5ForConditionalGeneration(T5Config(**ids, **sizes))
