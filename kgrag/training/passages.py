"""Trains how a system finds passages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgrag.retrieval import expand
from kgrag.training.passage_lessons import lessons_of, unlabelled_pairs
from kgrag.training.retriever import RetrieverTrainer
from kgrag.types import Question

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG


def train_retriever(
    rag: KGRAG,
    questions: Sequence[Question],
    valid: Sequence[Question] = (),
    checkpoint: Path | None = None,
    pairs: int = 0,
    **options: Any,
) -> list[float]:
    """Trains how a system finds passages, in place.

    Args:
        rag: The system; its linker says which nodes questions name.
        questions: Questions with ``gold_passages``; others are left out.
        valid: Questions to choose by; some of ``questions`` where not given.
        checkpoint: File to go on from after an interruption.
        pairs: How many texts without labels, of the passages and of the graph, encoders learn from first; see
            `kgrag.training.passage_lessons.unlabelled_pairs`.
        **options: Of `RetrieverTrainer`.

    Returns:
        See `RetrieverTrainer.train`.

    Raises:
        QuestionError: No question has a passage of the system.
    """
    trainer = RetrieverTrainer(rag.passages, rag.encoder, **options)
    known = partial(expand, rag.graph)
    lessons = lessons_of(rag.passages, questions, rag.named, known)
    held = lessons_of(rag.passages, valid, rag.named, known) if valid else []
    made = unlabelled_pairs(rag.passages, rag.graph, pairs, trainer.seed) if pairs else []
    return trainer.train(lessons, held, checkpoint, made)
