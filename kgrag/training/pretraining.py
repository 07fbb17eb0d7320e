"""Trains the language model of a generator to go on with plain text, before it learns to answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from kgrag.generation import Generator
from kgrag.generation.printer import verb_phrase
from kgrag.graph import KnowledgeGraph, is_verbal
from kgrag.training.generator import by_length
from kgrag.training.loop import Course, Quality, learn
from kgrag.types import Ids

READING = Course(epochs=3, learning_rate=1e-3, batch_size=32)
MEASURED = 32  # texts that are measured at once


def verbalised(graph: KnowledgeGraph) -> Iterator[str]:
    """The statements of a graph as sentences."""
    for statement in graph.statements.tolist():
        subject, relation, target = graph.triple(statement).labels
        if is_verbal(relation):
            yield f"{subject} {verb_phrase(relation, plural=False)} {target}."
        else:
            yield f"The {relation} of {subject} is {target}."


def pretrain_generator(
    generator: Generator,
    texts: Sequence[str],
    held: Sequence[str],
    course: Course = READING,
    checkpoint: str | Path | None = None,
    log_file: str | Path | None = None,
) -> list[float]:
    """Trains the language model alone; its fusion layer stays as it is.

    Args:
        generator: Trained in place.
        texts: Such as the sentences of passages, and those of `verbalised`.
        held: Texts to choose the best epoch by.
        course: How long and how fast.
        checkpoint: See `kgrag.training.loop.learn`, as for ``log_file`` and what is raised.

    Returns:
        Share of the tokens of the held texts that are foreseen: before, then after each epoch.
    """
    lessons = _Reading(generator, texts, held)
    batches = by_length(np.array([len(text) for text in lessons.texts]))
    return learn(generator.model.lm, lessons, course, "pretraining", checkpoint, log_file, batches)


class _Reading:
    """Texts to go on with."""

    def __init__(self, generator: Generator, texts: Sequence[str], held: Sequence[str]) -> None:
        self.lm = generator.model.lm
        marks: list[int] = [generator.special[name] for name in ("<pad>", "<bos>", "<eos>")]
        # those that its own vocabulary lacks are beside the language model
        self.pad, first, last = marks if max(marks) < self.lm.config.vocab_size else [0, 0, 0]
        most = self.lm.config.max_position_embeddings - 2

        def read(text: str) -> torch.Tensor:
            words = generator.word_ids(text if generator.settings["cased"] else text.lower())[:most]
            return torch.tensor([first, *words, last])

        self.texts, self.held = [read(text) for text in texts], [read(text) for text in held]

    def __len__(self) -> int:
        return len(self.texts)

    def loss(self, places: Ids) -> torch.Tensor:
        """Loss of some texts."""
        return functional.cross_entropy(*self._foreseen([self.texts[place] for place in places.tolist()]))

    @torch.no_grad()
    def quality(self) -> Quality:
        """Share of the tokens that are foreseen, and the mean probability of what follows."""
        hits, chances = [], []
        for start in range(0, len(self.held), MEASURED):
            logits, following = self._foreseen(self.held[start : start + MEASURED])
            hits.append(logits.argmax(-1) == following)
            chances.append(logits.softmax(-1).gather(1, following[:, None]))
        return Quality(float(torch.cat(hits).float().mean()), float(torch.cat(chances).mean()))

    def _foreseen(self, texts: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, shape (tokens, vocabulary), and what follows, shape (tokens,)."""
        ids = torch.nn.utils.rnn.pad_sequence(list(texts), batch_first=True, padding_value=self.pad).to(self.lm.device)
        lengths = torch.tensor([[len(text)] for text in texts], device=ids.device)
        spoken = torch.arange(ids.shape[1], device=ids.device) < lengths
        logits = self.lm(ids, attention_mask=spoken.long()).logits[:, :-1]
        return logits[spoken[:, 1:]].float(), ids[:, 1:][spoken[:, 1:]]
