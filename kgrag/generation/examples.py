"""Known questions with their answers, the nearest of which a model that reads words is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from kgrag.generation.draft import Shot
from kgrag.types import Floats, Question, TextEncoder

NAMED = 8  # answers of an example that are shown at most


class Examples:
    """Questions that can be found again by what they are like.

    Args:
        shots: The questions with their answers.
        encoder: Encodes texts.
    """

    def __init__(self, shots: Iterable[Shot], encoder: TextEncoder) -> None:
        self.shots, self.encoder = list(shots), encoder

    @classmethod
    def of(cls, questions: Sequence[Question], encoder: TextEncoder) -> Examples:
        """The questions that have an answer, be it a text or names."""
        answers = [(q.question, q.answer_text or ", ".join(q.answers[:NAMED])) for q in questions]
        return cls([Shot(question, answer) for question, answer in answers if answer], encoder)

    def nearest(self, question: Floats, count: int) -> tuple[Shot, ...]:
        """The questions most like an encoded one, the nearest first."""
        if not self.shots or count < 1:
            return ()
        order = np.argsort(-(self._encodings @ question), kind="stable")[:count]
        return tuple(self.shots[i] for i in order)

    @cached_property
    def _encodings(self) -> Floats:
        return self.encoder.encode([shot.question for shot in self.shots])
