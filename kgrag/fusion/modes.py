"""How a language model reads evidence items: one class a way, chosen by name.

A mode decides only how items enter the model. Written they are by the same head in every mode, so that no answer names
what is not in the evidence, and modes can be compared by their reading alone. Readers that are given evidence in words
("text") are no language models with items, and stand elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn import functional

from kgrag.errors import InputError, ModelError

INNER, HEADS = 512, 8  # width of cross-attention within large models, as in Flamingo


class FusionMode(Protocol):
    """A way in which items enter a language model; a `torch.nn.Module`, for what it learns."""

    def places(self, items: int) -> list[int]:
        """What stands for the evidence in a prompt: item i as i; soft tokens as negative numbers, the last as -1."""

    def read(self, vectors: torch.Tensor, present: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the language model takes beside the item vectors.

        Args:
            vectors: Item vectors, shape (questions, items, width).
            present: Which of them are items and no padding, shape (questions, items).

        Returns:
            ``soft`` tokens of shape (questions, tokens, width), or the ``memory`` that its blocks look at, of shape
            (questions, items, width), with ``memory_present``; nothing where the items are all.
        """

    def attach(self, blocks: nn.ModuleList) -> None:
        """Puts itself before blocks of the language model, where it has to."""


class EvidenceTokens(nn.Module):
    """Every item is one token of the prompt.

    Args:
        width: Width of the language model.
        blocks: How many blocks it has.
    """

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()

    def places(self, items: int) -> list[int]:
        """Each item in its place."""
        return list(range(items))

    def read(self, vectors: torch.Tensor, present: torch.Tensor) -> dict[str, torch.Tensor]:
        """Nothing beside the items."""
        return {}

    def attach(self, blocks: nn.ModuleList) -> None:
        """The blocks stay as they are."""


class SoftPrompt(nn.Module):
    """Learned queries attend over the items; what they gather are the tokens of the prompt (He et al., NeurIPS 2024).

    One query pools the evidence into one vector, as G-Retriever does. No item can be read by itself.

    Args:
        width: Width of the language model.
        blocks: How many blocks it has.
        tokens: How many queries.
    """

    def __init__(self, width: int, blocks: int, tokens: int = 8) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(tokens, width))
        self.attention = nn.MultiheadAttention(width, math.gcd(width, HEADS), batch_first=True)
        self.project = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
        self.norm = nn.LayerNorm(width)

    def places(self, items: int) -> list[int]:
        """The soft tokens, however many items there are."""
        return list(range(-len(self.queries), 0))

    def read(self, vectors: torch.Tensor, present: torch.Tensor) -> dict[str, torch.Tensor]:
        """The soft tokens."""
        queries = self.queries.expand(len(vectors), -1, -1)
        gathered, _ = self.attention(queries, vectors, vectors, key_padding_mask=~present, need_weights=False)
        return {"soft": self.norm(gathered + self.project(gathered))}

    def attach(self, blocks: nn.ModuleList) -> None:
        """The blocks stay as they are."""


class CrossAttention(nn.Module):
    """Gated layers between the blocks look at the items, which take no room in the prompt (Alayrac et al., NeurIPS 2022).

    Each layer's gates are zero at first: before training the language model is what it was.

    Args:
        width: Width of the language model.
        blocks: How many blocks it has.
        every: A layer stands before every so many blocks.
    """

    def __init__(self, width: int, blocks: int, every: int = 2) -> None:
        super().__init__()
        self.every = every
        self.layers = nn.ModuleList(GatedCrossAttention(width) for _ in range(0, blocks, every))

    def places(self, items: int) -> list[int]:
        """None."""
        return []

    def read(self, vectors: torch.Tensor, present: torch.Tensor) -> dict[str, torch.Tensor]:
        """The items, to be looked at."""
        return {"memory": vectors, "memory_present": present}

    def attach(self, blocks: nn.ModuleList) -> None:
        """Puts the layers before their blocks; on the devices of these, where the model lies on several."""
        for number, block in enumerate(blocks):
            layer: Any = None if number % self.every else self.layers[number // self.every]
            if layer is not None:
                layer.to(next(block.parameters()).device)
            block.register_forward_pre_hook(partial(_look, layer), with_kwargs=True)


class GatedCrossAttention(nn.Module):
    """Attention over items and a feed-forward layer, each added through a gate ``tanh(a)`` with ``a`` zero at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = min(width, INNER)
        self.heads = math.gcd(inner, HEADS)
        self.norm, self.memory_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query = nn.Linear(width, inner, bias=False)
        self.key_value = nn.Linear(width, 2 * inner, bias=False)
        self.out = nn.Linear(inner, width, bias=False)
        feed = (nn.LayerNorm(width), nn.Linear(width, 4 * inner), nn.GELU(), nn.Linear(4 * inner, width))
        self.feed = nn.Sequential(*feed)
        self.attention_gate = nn.Parameter(torch.zeros(1))
        self.feed_gate = nn.Parameter(torch.zeros(1))

    def forward(self, hidden: torch.Tensor, memory: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """Adds what the items say.

        Args:
            hidden: Hidden states, shape (questions, length, width).
            memory: Item vectors, shape (questions, items, width).
            present: Which of them are items, shape (questions, items).
        """
        own = self.query.weight
        state, memory, present = hidden.to(own), memory.to(own), present.to(own.device)
        key, value = (self._split(x) for x in self.key_value(self.memory_norm(memory)).chunk(2, dim=-1))
        query = self._split(self.query(self.norm(state)))
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=present[:, None, None, :])
        state = state + self.attention_gate.tanh() * self.out(seen.transpose(1, 2).flatten(2))
        return (state + self.feed_gate.tanh() * self.feed(state)).to(hidden)

    def _split(self, vectors: torch.Tensor) -> torch.Tensor:
        return vectors.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def _look(layer: GatedCrossAttention | None, block: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Before a block: takes the evidence out of its arguments, and lets the layer, if there is one, look at it."""
    memory, present = named.pop("evidence", (None, None))
    if layer is not None and memory is not None:
        hidden, *rest = given
        given = (layer(hidden, memory, present), *rest)
    return given, named


Mode = EvidenceTokens | SoftPrompt | CrossAttention
MODES: dict[str, type[Mode]] = {
    "evidence_tokens": EvidenceTokens,
    "soft_prompt": SoftPrompt,
    "cross_attention": CrossAttention,
}


def fusion_mode(name: str, width: int, blocks: int, options: Mapping[str, int]) -> Mode:
    """The mode of a name.

    Args:
        name: One of ``MODES``.
        width: Width of the language model.
        blocks: How many blocks it has.
        options: What the mode takes beside: ``tokens`` of a soft prompt, or ``every`` of cross-attention.

    Raises:
        InputError: There is no such mode, or it does not take such an option.
    """
    if name not in MODES:
        raise InputError(f"There is no fusion mode called {name!r}.", f"There are: {', '.join(MODES)}.")
    if any(not isinstance(number, int) or number < 1 for number in options.values()):
        raise InputError(f"The options {dict(options)} of {name!r} are no whole numbers above 0.", "Give such.")
    try:
        return MODES[name](width, blocks, **options)
    except TypeError as error:
        raise InputError(
            f"{name!r} does not take {', '.join(options)}.", "soft_prompt takes tokens, cross_attention every."
        ) from error


def blocks_of(lm: Any) -> nn.ModuleList:
    """The blocks of a Hugging Face causal language model, whatever its layout calls them.

    Raises:
        ModelError: It has none.
    """
    count = lm.config.num_hidden_layers
    for module in lm.base_model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise ModelError(
        f"A {lm.config.model_type} has no list of {count} blocks.",
        "Give a model like GPT-NeoX, Llama, Qwen or Mistral.",
    )
