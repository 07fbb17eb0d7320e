"""Teaches a reasoner to rank plans on questions about graphs that nobody has seen."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from kgrag.encoding import Reasoner
from kgrag.graph import KnowledgeGraph, normalise
from kgrag.graph.directed import GraphRows
from kgrag.training.lessons import Lesson, PlanLessons, trail
from kgrag.training.loop import Course, Quality, learn
from kgrag.training.synthesis import Synthesiser
from kgrag.types import Ids, TextEncoder

HELD = 2_000  # lessons that it is measured by, at most
BATCH = 64  # of them that are measured together


def train_ranker(
    reasoner: Reasoner,
    encoder: TextEncoder,
    graphs: Iterable[tuple[KnowledgeGraph, int]],
    course: Course,
) -> list[float]:
    """Trains the ranker of a reasoner; the rest stays as it is.

    Args:
        reasoner: Trained in place.
        encoder: Encodes questions and relation labels.
        graphs: Graphs, and how many questions to make about each.
        course: How long and how fast is learned.

    Returns:
        Before and after each epoch, the share of questions kept back whose plan is ranked before its rivals.
    """
    labels: dict[str, int] = {}
    lessons: list[Lesson] = []
    for number, (graph, count) in enumerate(graphs):
        rows = GraphRows(graph)
        table = np.array([labels.setdefault(normalise(x), len(labels)) for x in graph.relation_labels], np.int64)
        both = np.stack([2 * table, 2 * table + 1], axis=1).ravel()
        for question in Synthesiser(graph, course.seed + number).sample(count):
            if len(question.topics) == 1:
                plan = tuple(2 * relation + inverse for relation, inverse in question.path)
                lessons.append(Lesson(question.masked, (trail(rows, question.topics[0], plan).by(both),)))
    order = np.random.default_rng(course.seed).permutation(len(lessons))
    held = min(HELD, len(lessons) // 10)
    mixed = [lessons[place] for place in order]
    return learn(reasoner.ranker, _Ranking(reasoner, encoder, list(labels), mixed, held), course, "ranker")


class _Ranking:
    """Lessons for the ranker alone; the first ones are kept back."""

    def __init__(
        self, reasoner: Reasoner, encoder: TextEncoder, labels: list[str], lessons: list[Lesson], held: int
    ) -> None:
        self.plans, self.held = PlanLessons(reasoner, encoder, labels, lessons), held

    def __len__(self) -> int:
        return len(self.plans) - self.held

    def loss(self, places: Ids) -> torch.Tensor:
        """Loss of some lessons."""
        return -self.plans.log_likelihoods(places + self.held)[1].mean()

    @torch.inference_mode()
    def quality(self) -> Quality:
        """Share of the lessons kept back that are ranked rightly, and the mean probability of what is right."""
        shares = []
        with torch.random.fork_rng([]):
            torch.manual_seed(0)  # the same rivals each time
            for start in range(0, self.held, BATCH):
                places = np.arange(start, min(start + BATCH, self.held))
                shares.append(self.plans.log_likelihoods(places)[1].exp())
        share = torch.cat(shares) if shares else torch.zeros(1)
        return Quality(float((share > 0.5).float().mean()), float(share.mean()))
