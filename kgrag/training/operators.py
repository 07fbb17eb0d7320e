"""Trains the recogniser of what is to be computed, on synthesised questions: ``python -m kgrag.training.operators``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from kgrag.encoder import default_encoder
from kgrag.progress import track
from kgrag.resources import data_folder
from kgrag.symbolic.recogniser import Recogniser, tags_of, word_states
from kgrag.training.operator_questions import OperatorQuestion, OperatorQuestions
from kgrag.types import TextEncoder
from kgrag.wordings.operators import CLAUSES, DIRECTIONS, OPERATORS

QUESTIONS, EPOCHS, BATCH = 26_000, 8, 128
LEARNING_RATE = 3e-3
UNTAGGED = -100  # words of ordinary questions: they teach no marks


def train_operators(
    encoder: TextEncoder, questions: Sequence[OperatorQuestion], epochs: int = EPOCHS, seed: int = 0
) -> Recogniser:
    """Trains a recogniser.

    Args:
        encoder: The text encoder to recognise with.
        questions: To learn from.
        epochs: Passes over them.
        seed: Same seed, same result.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    recogniser = Recogniser(encoder.width, encoder=encoder.name)
    states, tags, targets = prepared(questions, encoder)
    optimiser = torch.optim.AdamW(recogniser.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    steps = epochs * -(-len(questions) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps + 1, pct_start=0.1)
    for epoch in range(epochs):
        recogniser.train()
        order = rng.permutation(len(questions))
        for start in track(range(0, len(order), BATCH), f"operators, epoch {epoch + 1} of {epochs}"):
            rows = order[start : start + BATCH].tolist()
            words = torch.nn.utils.rnn.pad_sequence([states[row].float() for row in rows], batch_first=True)
            wanted = torch.nn.utils.rnn.pad_sequence([tags[row] for row in rows], True, UNTAGGED)
            marks, logits = recogniser(words, torch.tensor([len(states[row]) for row in rows]))
            loss = functional.cross_entropy(marks.flatten(0, 1), wanted.flatten(), ignore_index=UNTAGGED)
            for head, logit in enumerate(logits):
                loss = loss + functional.cross_entropy(logit, targets[rows, head])
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(recogniser.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return recogniser.eval()


def prepared(
    questions: Sequence[OperatorQuestion], encoder: TextEncoder
) -> tuple[list[torch.Tensor], list[torch.Tensor], torch.Tensor]:
    """States of the words of each question (half precision), the marks of the words, and the three names of each question."""
    states: list[torch.Tensor] = []
    tags: list[torch.Tensor] = []
    for start in track(range(0, len(questions), 256), "reading questions"):
        part = questions[start : start + 256]
        spans, words = word_states([question.text for question in part], encoder)
        states += [one.half() for one in words]
        for question, places in zip(part, spans):
            known = tags_of(places, question.parts) if question.parts else [UNTAGGED] * len(places)
            tags.append(torch.tensor(known))
    targets = [(OPERATORS.index(q.operator), CLAUSES.index(q.clause), DIRECTIONS.index(q.direction)) for q in questions]
    return states, tags, torch.tensor(targets)


def main() -> None:
    """Trains the shipped recogniser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=data_folder() / "models" / "default")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    questions = OperatorQuestions(arguments.seed).sample(QUESTIONS)
    train_operators(default_encoder(), questions, seed=arguments.seed).save(arguments.out)


if __name__ == "__main__":
    main()
