"""How a question is read for reasoning: word by word, then as instructions that attend to the words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import nn

from kgrag.types import TextEncoder

_WORD = re.compile(r"\w+|[^\w\s]")
UNKNOWN, KEPT_WORDS = 0, 20_000
FORGOTTEN = 0.05  # share of words that training takes for unknown ones


class WordStates(Protocol):
    """A way of turning the words of a question into vectors that instructions attend to."""

    def prepare(self, texts: Sequence[str], encoder: TextEncoder) -> list[torch.Tensor]:
        """What never changes in training, for each text; its first dimension is that of the words."""

    def __call__(self, prepared: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """States of the words, shape (questions, words, hidden), and which of them are words, shape (questions, words)."""


class _Recurrent(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.recurrent = nn.GRU(width, hidden // 2, batch_first=True, bidirectional=True)
        self.content = nn.Linear(width, hidden)

    def states(self, rows: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        lengths = torch.tensor([len(row) for row in rows])
        padded = nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
        packed = nn.utils.rnn.pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
        read, _ = nn.utils.rnn.pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)
        mask = torch.arange(padded.shape[1]) < lengths[:, None]
        return read + self.content(padded), mask.to(padded.device)


class TokenStates(_Recurrent):
    """Contextual token states of the text encoder, which stays as it is, and a trainable adapter on top.

    Args:
        width: Width of the text encoder.
        hidden: Width of the states.
    """

    def prepare(self, texts: Sequence[str], encoder: TextEncoder) -> list[torch.Tensor]:
        """See `WordStates.prepare`."""
        tokens, mask = encoder.tokens(texts)
        return [row[kept.bool()].half() for row, kept in zip(tokens, mask)]

    def forward(self, prepared: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """See `WordStates`."""
        return self.states([row.to(self.content.weight) for row in prepared])


class GRUWords(_Recurrent):
    """Words of a vocabulary, learned from scratch.

    Args:
        vocabulary: The words; others are unknown.
        hidden: Width of the states.
    """

    def __init__(self, vocabulary: Sequence[str], hidden: int) -> None:
        super().__init__(2 * hidden, hidden)
        self._places = {word: place for place, word in enumerate(vocabulary, start=UNKNOWN + 1)}
        self.embedding = nn.Embedding(len(vocabulary) + 1, 2 * hidden)

    def prepare(self, texts: Sequence[str], encoder: TextEncoder) -> list[torch.Tensor]:
        """See `WordStates.prepare`."""
        return [torch.tensor([self._places.get(word, UNKNOWN) for word in words(text)] or [UNKNOWN]) for text in texts]

    def forward(self, prepared: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """See `WordStates`."""
        rows = [row.to(self.embedding.weight.device) for row in prepared]
        if self.training:
            rows = [row.where(torch.rand(row.shape, device=row.device) > FORGOTTEN, UNKNOWN) for row in rows]
        return self.states([self.embedding(row) for row in rows])


def words(text: str) -> list[str]:
    """Words and signs of a text, in lower case."""
    return _WORD.findall(text.lower())


def vocabulary_of(texts: Sequence[str]) -> list[str]:
    """The words of texts, the most frequent ones first."""
    counts: dict[str, int] = {}
    for text in texts:
        for word in words(text):
            counts[word] = counts.get(word, 0) + 1
    return sorted(counts, key=lambda word: (-counts[word], word))[:KEPT_WORDS]


class Instructions(nn.Module):
    """Several instructions, each attending to words that those before it left.

    Args:
        hidden: Width of the states and of the instructions.
        count: How many instructions.
    """

    def __init__(self, hidden: int, count: int) -> None:
        super().__init__()
        self.wanted = nn.ModuleList(nn.Linear(4 * hidden, hidden) for _ in range(count))
        self.focus = nn.Linear(hidden, 1)

    def forward(self, states: torch.Tensor, mask: torch.Tensor, overview: torch.Tensor) -> torch.Tensor:
        """Reads instructions.

        Args:
            states: Shape (questions, words, hidden).
            mask: Which of them are words, shape (questions, words).
            overview: Of each question, shape (questions, hidden).

        Returns:
            Shape (questions, instructions, hidden).
        """
        instruction, read = torch.zeros_like(overview), []
        for wanted in self.wanted:
            seen = (instruction, overview, overview * instruction, overview - instruction)
            query = wanted(torch.cat(seen, dim=1))
            attention = self.focus(torch.tanh(query[:, None] * states)).squeeze(2).masked_fill(~mask, float("-inf"))
            instruction = (attention.softmax(1)[..., None] * states).sum(1)
            read.append(instruction)
        return torch.stack(read, dim=1)
