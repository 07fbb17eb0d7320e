"""Trains a reasoner on questions of which the answers are known, and the paths to them, where they are.

A question teaches by its plans: the relations that lead from what it names to its answers. Where several lead there, their
sum counts (maximum marginal likelihood; Guu et al., ACL 2017), so that the one which the words speak for wins in the end. No
message is passed in training, and no sub-graph is needed: which relations there are to choose among is known beforehand.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from kgrag.encoding import GraphReader, Reasoner
from kgrag.graph import normalise
from kgrag.training.lessons import Lesson, PlanLessons, Trail
from kgrag.training.loop import Course, Quality, learn
from kgrag.types import Ids, TextEncoder

log = logging.getLogger(__name__)
ANSWERED = 0.5  # least probability at which a node is an answer, where accuracy is measured
SAID = 0.2  # least probability at which an answer counts as given

Directed = tuple[int, ...]


@dataclass(frozen=True)
class PreparedQuestion:
    """A question ready to train on.

    Attributes:
        masked: The question, its mentions masked.
        topics: Ids of the nodes that it names.
        answers: Ids of the nodes that answer, ascending; without any, refusing is right.
        plans: For each topic the plans that lead to the answers.
    """

    masked: str
    topics: tuple[int, ...]
    answers: Ids
    plans: tuple[tuple[Trail, ...], ...]


@dataclass
class TrainingSet:
    """Questions about one graph.

    Attributes:
        reader: Reads them; all sets share its reasoner and its encoder.
        questions: To learn from.
        held: To choose by.
    """

    reader: GraphReader
    questions: Sequence[PreparedQuestion]
    held: Sequence[PreparedQuestion] = field(default_factory=list)


def train_reasoner(
    reasoner: Reasoner,
    encoder: TextEncoder,
    sets: Sequence[TrainingSet],
    course: Course,
    checkpoint: str | Path | None = None,
    log_file: str | Path | None = None,
) -> list[float]:
    """Trains a reasoner in place, on questions about one graph or several at once.

    It is kept as it was after the epoch that served the held questions best, or as it was before if none answered more of them.

    Args:
        reasoner: The reasoner.
        encoder: Encodes questions and relation labels.
        sets: The questions, a step's of whatever graph.
        course: How long and how fast is learned.
        checkpoint: See `kgrag.training.loop.learn`, as for ``log_file`` and what is raised.

    Returns:
        Share of the held questions answered rightly, or rightly refused: before, then after each epoch.
    """
    return learn(reasoner, _Lessons(reasoner, sets, encoder), course, "reasoner", checkpoint, log_file)


class _Lessons:
    """Every question of every set, from each of its topics; relations of all graphs in one table, by their labels."""

    def __init__(self, reasoner: Reasoner, sets: Sequence[TrainingSet], encoder: TextEncoder) -> None:
        self.sets = sets
        labels: dict[str, int] = {}
        lessons: list[Lesson] = []
        for one in sets:
            graph = one.reader.graph
            table = np.array([labels.setdefault(normalise(x), len(labels)) for x in graph.relation_labels], np.int64)
            both = np.stack([2 * table, 2 * table + 1], axis=1).ravel()
            lessons += [
                Lesson(question.masked, tuple(plan.by(both) for plan in plans))
                for question in one.questions
                for plans in question.plans
                if plans
            ]
        self.plans = PlanLessons(reasoner, encoder, list(labels), lessons)

    def __len__(self) -> int:
        return len(self.plans)

    def loss(self, places: Ids) -> torch.Tensor:
        """Loss of some lessons."""
        by_relation, as_a_whole = self.plans.log_likelihoods(places)
        return -(by_relation + as_a_whole).mean()

    def quality(self) -> Quality:
        """How the held questions are answered."""
        return quality(self.sets)


def quality(sets: Sequence[TrainingSet]) -> Quality:
    """Share of held questions answered rightly or rightly refused, and the mean belief in what is right."""
    found = [one for each in sets for one in believed(each.reader, each.held)]
    right = sum(most < ANSWERED if hit is None else hit for most, hit, _ in found)
    return Quality(right / max(len(found), 1), sum(belief for _, _, belief in found) / max(len(found), 1))


def believed(
    reader: GraphReader, questions: Sequence[PreparedQuestion], batch_size: int = 64
) -> list[tuple[float, bool | None, float]]:
    """For each question the greatest belief, whether it is in an answer (None where there is none), and belief in what is right."""
    found: list[tuple[float, bool | None, float]] = []
    for start in range(0, len(questions), batch_size):
        chunk = questions[start : start + batch_size]
        pairs = [(q, topic) for q in chunk for topic in q.topics]
        readings = iter(reader.read([q.masked for q, _ in pairs], [[topic] for _, topic in pairs]))
        for question in chunk:
            own = [next(readings) for _ in question.topics]
            nodes = own[0].beliefs[0]
            together = np.prod([reading.believed(nodes) for reading in own], axis=0) ** (1 / len(own))
            most = float(together.max(initial=0.0))
            if len(question.answers):
                hit = most >= SAID and bool(np.isin(nodes[int(np.argmax(together))], question.answers))
                found.append((most, hit, float(together[np.isin(nodes, question.answers)].max(initial=0.0))))
            else:
                found.append((most, None, 1 - most))
    return found
