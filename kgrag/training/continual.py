"""Learns from questions that come later, without forgetting what earlier ones taught: some of these are learned from again.

Experience replay (Rolnick et al., NeurIPS 2019): with as many earlier questions as new ones, little is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrag.types import Question

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG

REMEMBERED = 5_000  # questions that a system keeps


def learn(
    rag: KGRAG, questions: Sequence[Question], valid: Sequence[Question] = (), replay: float = 1.0, **options: Any
) -> None:
    """Trains the reasoner of a system on new questions and on some of those that it was trained on before, in place.

    Args:
        rag: The system.
        questions: The new ones.
        valid: To choose the best epoch by; a tenth of all that are learned from where not given.
        replay: How many earlier questions there are for each new one, as far as they are known.
        **options: Of `kgrag.training.labelled.train`, which says what is raised.
    """
    from kgrag.training.labelled import train

    again = drawn(rag.learned, round(replay * len(questions)), options.get("seed", 0))
    train(rag, [*questions, *again], valid, **options)


def remembered(learned: Sequence[Question], questions: Sequence[Question], seed: int = 0) -> list[Question]:
    """What is kept of all questions that were learned from: each once, and of too many a part drawn at random."""
    once = {(question.question, question.answers): question for question in (*learned, *questions)}
    return drawn(list(once.values()), REMEMBERED, seed)


def drawn(questions: Sequence[Question], count: int, seed: int) -> list[Question]:
    """Some of the questions, in their order."""
    places = np.random.default_rng(seed).permutation(len(questions))[:count]
    return [questions[place] for place in sorted(places.tolist())]
