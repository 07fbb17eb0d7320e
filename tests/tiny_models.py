"""Language models of a few thousand random weights, as Hugging Face saves them, and a little evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from kgrag.fusion import EvidenceItems
from kgrag.fusion.items import Candidate, collect_items
from kgrag.generation import Prompt

WIDTH, HIDDEN, MODEL = 12, 6, 32  # of the text encoder, the GNN states and the language models
TEXT = (
    "what are the symptoms of malaria and which drugs treat it ? yes no the graph says only that through . , : is are"
)


def encode(texts: list[str]) -> np.ndarray:
    """Unrelated vectors, the same for the same text."""
    return np.stack([np.random.default_rng(sum(text.encode())).normal(size=WIDTH) for text in texts]).astype(np.float32)


def evidence(answers: tuple[str, ...] = ("fever", "chills"), belief: float = 0.9) -> EvidenceItems:
    """A topic, a relation, candidate answers of falling probability, a statement and a sentence."""
    return collect_items(
        encode(["q"])[0],
        topics=[Candidate(0, "malaria", 1.0)],
        answers=[Candidate(i + 1, name, belief - 0.1 * i) for i, name in enumerate(answers)],
        bridges=[],
        relations=[(5, "has symptom", False, True)],
        triples=[(0, "malaria — has symptom — fever", 0.9)],
        sentences=[((0, 0), "It comes with fever.", 0.8)],
        states=np.ones((len(answers) + 1, HIDDEN), np.float32),
        encode=encode,
    )


def asked(items: EvidenceItems, text: str = "what are the symptoms of ") -> Prompt:
    """A question about the topic."""
    return Prompt((text, 1, "?"), items, answerable=True)


def tokenizer(prefix: bool = True) -> Any:
    """A byte-level tokenizer without any of kgrag's own tokens, that reads a first word as one after a space, or does not."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from tokenizers import decoders as back

    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=prefix), back.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator([TEXT] * 3, trainer)
    return made


def language_model(kind: str, **settings: Any) -> Any:
    """A causal language model of two blocks in a layout."""
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    sizes = {
        "vocab_size": 600,
        "hidden_size": MODEL,
        "intermediate_size": 2 * MODEL,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 256,
    }
    if kind != "gpt_neox":
        sizes["num_key_value_heads"] = 2
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **sizes | settings)).eval()


def saved_model(folder: Path, kind: str, shard: str = "50GB", **settings: Any) -> Path:
    """A folder as `save_pretrained` writes it."""
    from transformers import PreTrainedTokenizerFast

    language_model(kind, **settings).save_pretrained(folder, max_shard_size=shard)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer(prefix=False), eos_token="<|end|>", pad_token="<|end|>")
    fast.save_pretrained(folder)
    return folder
