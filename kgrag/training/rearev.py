"""What a ReaRev-like reasoner learns from: questions of which only the answers are known, and sub-graphs around what they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.rearev import Conclusions, ReaRev
from kgrag.encoding.rearev_reader import ReaRevReader
from kgrag.errors import QuestionError
from kgrag.graph import normalise
from kgrag.progress import track
from kgrag.training.loop import Course, Quality, learn
from kgrag.training.reasoner import ANSWERED, SAID, PreparedQuestion, TrainingSet
from kgrag.types import Ids, Subgraph, TextEncoder

FROM_SCRATCH = Course(epochs=30, learning_rate=2e-3, batch_size=16, patience=10)
REASONED_OVER = 30_000  # questions, in all passes together
READ = 256  # questions that are encoded at once
MEASURED = 64  # questions that are measured at once


def train_rearev(
    rearev: ReaRev,
    encoder: TextEncoder,
    sets: Sequence[TrainingSet],
    course: Course = FROM_SCRATCH,
    checkpoint: str | Path | None = None,
    log_file: str | Path | None = None,
) -> list[float]:
    """Trains a ReaRev-like reasoner in place, on questions about one graph or several at once.

    Args:
        rearev: The reasoner.
        encoder: Encodes questions and relation labels.
        sets: The questions; their readers have it as their ``rearev``. Plans do not count.
        course: How long and how fast is learned.
        checkpoint: See `kgrag.training.loop.learn`, as for ``log_file`` and what is returned and raised.

    Raises:
        QuestionError: None of the questions has an answer in its sub-graph, or is to be refused.
    """
    lessons = SubgraphLessons(rearev, sets, encoder)
    if not len(lessons):
        raise QuestionError(
            "None of the training questions has an answer in the sub-graph around what it names.",
            "Give a retriever that takes larger ones.",
        )
    return learn(rearev, lessons, course, "rearev", checkpoint, log_file)


@dataclass(frozen=True)
class Lesson:
    """A question with the sub-graph to reason over.

    Attributes:
        masked: The question, its mentions masked.
        subgraph: Its relations are numbered as the labels of all graphs.
        closed: Which nodes are not left, shape (nodes,).
        answers: Positions of the answers among the nodes.
        is_refused: Whether the graph has no answer.
    """

    masked: str
    subgraph: Subgraph
    closed: NDArray[np.bool_]
    answers: Ids
    is_refused: bool


class SubgraphLessons:
    """Questions about one graph or several; relations of all graphs in one table, by their labels.

    Args:
        rearev: Learns.
        sets: The questions; the readers have it as their ``rearev``. Plans do not count.
        encoder: Encodes questions and relation labels.
    """

    def __init__(self, rearev: ReaRev, sets: Sequence[TrainingSet], encoder: TextEncoder) -> None:
        self.rearev = rearev
        labels: dict[str, int] = {}
        self._lessons: list[Lesson] = []
        self._held: list[Lesson] = []
        for one in sets:
            reader = cast(ReaRevReader, one.reader)
            names = map(normalise, reader.graph.relation_labels)
            table = np.array([labels.setdefault(name, len(labels)) for name in names], np.int64)
            made = (_lesson(reader, q, table) for q in track(one.questions, "taking sub-graphs"))
            # what a sub-graph does not hold cannot be learned from it
            self._lessons += [lesson for lesson in made if lesson.is_refused or len(lesson.answers)]
            self._held += [_lesson(reader, question, table) for question in one.held]
        self._labels = torch.from_numpy(encoder.encode(list(labels)))
        self._words = _words(rearev, encoder, (lesson.masked for lesson in (*self._lessons, *self._held)))

    def __len__(self) -> int:
        return len(self._lessons)

    def loss(self, places: Ids) -> torch.Tensor:
        """Answers should be more likely than "none", and that more likely than all other nodes.

        An adaptive threshold as of Zhou et al., AAAI 2021, but that answers do not compete with one another.
        """
        lessons = [self._lessons[place] for place in places.tolist()]
        batch, concluded = self._conclude(lessons)
        question, logits, none = batch.node_question, concluded.logits, concluded.none
        right = torch.zeros_like(question, dtype=torch.bool)
        right[np.concatenate([x.answers + first for x, first in zip(lessons, batch.offsets)])] = True
        wrong = logits.masked_fill(right, float("-inf"))
        most = none.detach().scatter_reduce(0, question, wrong.detach(), "amax")
        others = (none - most).exp().index_add(0, question, (wrong - most[question]).exp()).log() + most
        answers = torch.nonzero(right & logits.isfinite()).squeeze(1)
        owners = question[answers]
        many = torch.bincount(owners, minlength=len(lessons))
        missed = functional.softplus(others[owners] - logits[answers]) / many[owners]
        return (missed.sum() + (others - none).sum()) / len(lessons)

    @torch.inference_mode()
    def quality(self) -> Quality:
        """How the held questions are answered."""
        right, belief = 0, 0.0
        for start in range(0, len(self._held), MEASURED):
            lessons = self._held[start : start + MEASURED]
            batch, concluded = self._conclude(lessons)
            probabilities = concluded.probabilities(batch).cpu().numpy()
            for lesson, first, end in zip(lessons, batch.offsets, batch.offsets[1:]):
                own = probabilities[first:end]
                best = int(np.argmax(own))
                if lesson.is_refused:
                    right, belief = right + (own[best] < ANSWERED), belief + 1 - own[best]
                else:
                    right += own[best] >= SAID and best in lesson.answers
                    belief += own[lesson.answers].max(initial=0.0)
        return Quality(float(right) / max(len(self._held), 1), float(belief) / max(len(self._held), 1))

    def _conclude(self, lessons: Sequence[Lesson]) -> tuple[GraphBatch, Conclusions]:
        batch = GraphBatch.collate([one.subgraph for one in lessons], closed=[one.closed for one in lessons])
        batch, labels = batch.to(self.rearev.device), self._labels[torch.from_numpy(batch.relation_ids)]
        words = [self._words[one.masked] for one in lessons]
        return batch, self.rearev(words, batch, labels.to(self.rearev.device))


def _lesson(reader: ReaRevReader, question: PreparedQuestion, table: Ids) -> Lesson:
    taken = reader.look(question.masked, np.unique(np.array(question.topics, np.int64)))
    answers = np.flatnonzero(np.isin(taken.nodes, question.answers))
    numbered = replace(taken, relations=table[taken.relations])
    return Lesson(question.masked, numbered, reader.closed(taken), answers, not len(question.answers))


def _words(rearev: ReaRev, encoder: TextEncoder, texts: Iterable[str]) -> dict[str, torch.Tensor]:
    ordered = sorted(set(texts), key=lambda text: (len(text), text))
    words: dict[str, torch.Tensor] = {}
    for start in track(range(0, len(ordered), READ), "reading questions"):
        part = ordered[start : start + READ]
        words.update(zip(part, rearev.words.prepare(part, encoder)))
    return words
