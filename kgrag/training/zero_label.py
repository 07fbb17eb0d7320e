"""Fits a system to a graph of which no questions are known: with questions made from the graph itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from kgrag.encoding import GraphReader, ReaRevReader
from kgrag.training.lessons import trail
from kgrag.training.loop import Course
from kgrag.training.rearev import FROM_SCRATCH, REASONED_OVER, train_rearev
from kgrag.training.reasoner import PreparedQuestion, TrainingSet, train_reasoner
from kgrag.training.synthesis import Synthesiser, SyntheticQuestion

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG

QUESTIONS, EPOCHS = 2000, 2
HELD = 0.15  # share of the questions that are kept to choose by
LEARNING_RATE = 3e-4
LONGER = 0.01  # once the ranker knows the relations, likeness says hardly anything of how many are meant


def fit_to_graph(rag: KGRAG, questions: int = QUESTIONS, seed: int = 0) -> None:
    """Trains the reasoner of a system on questions made from its graph.

    What was learned is kept if more of the questions held back are answered rightly with it.

    Args:
        rag: The system.
        questions: How many questions to make.
        seed: Same seed, same result.
    """
    reader = rag.reader
    prepared = prepare(reader, Synthesiser(rag.graph, seed).sample(questions))
    cut = round(HELD * len(prepared))
    held, training = prepared[:cut], prepared[cut:]
    if not held:
        return
    with unfamiliar(reader):
        sets = [TrainingSet(reader, training, held)]
        if isinstance(reader, ReaRevReader):
            course = replace(FROM_SCRATCH.within(REASONED_OVER, len(training)), seed=seed)
            train_rearev(reader.rearev, rag.encoder, sets, course)
        else:
            train_reasoner(reader.reasoner, rag.encoder, sets, Course(EPOCHS, seed, LEARNING_RATE))
            with torch.no_grad():
                reader.reasoner.longer.fill_(LONGER)


def prepare(reader: GraphReader, questions: Sequence[SyntheticQuestion]) -> list[PreparedQuestion]:
    """Questions that start at one node, with the choices that their paths take."""
    prepared = []
    for question in questions:
        if len(question.topics) > 1:
            continue
        start = question.topics[0]
        plan = tuple(2 * relation + inverse for relation, inverse in question.path)
        plans = ((trail(reader.rows, start, plan),),)
        prepared.append(PreparedQuestion(question.masked, (start,), np.array(question.answers, np.int64), plans))
    return prepared


@contextmanager
def unfamiliar(reader: GraphReader) -> Iterator[None]:
    """While it lasts, questions made from the reader's phrasebook are as new to it as those that people ask."""
    reader.phrasebook.unfamiliar = True
    try:
        yield
    finally:
        reader.phrasebook.unfamiliar = False
