"""Questions about a graph, made from the graph alone.

Paths of one to three relations are walked from random nodes and put into words: the words in which people ask for such
relations where the shipped wordings know their labels, generic ones otherwise. Some name two nodes, and ask what both lead to
or whether the one leads to the other. One question in six asks for what the graph does not hold: for a relation that it does not
have, or one that the node named does not have.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kgrag.graph import KnowledgeGraph
from kgrag.wordings import generic_wording
from kgrag.wordings.grammar import Step, composed
from kgrag.wordings.ways import Ways

Path = tuple[tuple[int, bool], ...]

MOST_ANSWERS = 25
LONGEST_LABEL = 60
UNANSWERABLE, YES_NO, BOTH = 0.16, 0.1, 0.06
KINDS = ("one-hop", "two-hop", "three-hop")
LENGTHS = (0.35, 0.3, 0.35)  # share of questions that take one step, two, three
COMPOSED = 0.6  # share of questions that the grammar puts together
GENERIC = 0.15  # chance that a question is put as for a label of which nothing is known


@dataclass(frozen=True)
class SyntheticQuestion:
    """A question made from a graph.

    Attributes:
        text: The question, with the labels of the nodes it names.
        masked: The same with ``X`` for those labels.
        topics: The nodes it names; a yes/no question asks whether the first leads to the second.
        path: ``(relation, inverse)`` a step; empty for an unanswerable question.
        answers: The nodes that answer, ascending; for a yes/no question, the second topic if it is true.
        kind: ``one-hop``, ``two-hop``, ``three-hop``, ``both``, ``yes/no`` or ``unanswerable``.
    """

    text: str
    masked: str
    topics: tuple[int, ...]
    path: Path
    answers: tuple[int, ...]
    kind: str


class Synthesiser:
    """Makes questions about one graph.

    Args:
        graph: The graph.
        seed: The same seed gives the same questions.
    """

    def __init__(self, graph: KnowledgeGraph, seed: int = 0) -> None:
        self.graph = graph
        self.rng = random.Random(seed)
        self.ways = Ways(graph.relation_labels)
        self.foreign = self.ways.foreign()
        self._steps: dict[tuple[int, bool], Step] = {}
        order = graph.statements[np.argsort(graph.relations[graph.statements], kind="stable")]
        bounds = np.searchsorted(graph.relations[order], np.arange(graph.num_relations + 1))
        self.statements = [order[bounds[r] : bounds[r + 1]] for r in range(graph.num_relations)]
        self.usable = [r for r in range(graph.num_relations) if len(self.statements[r])]

    def follow(self, nodes: set[int], relation: int, inverse: bool) -> set[int]:
        """The nodes that a relation leads to."""
        graph = self.graph
        array = np.array(sorted(nodes), np.int64)
        statements, _ = graph.statements_to(array) if inverse else graph.statements_from(array)
        statements = statements[graph.relations[statements] == relation]
        reached = graph.heads[statements] if inverse else graph.tails[statements]
        return set(reached.tolist())

    def leaving(self, nodes: set[int]) -> list[tuple[int, bool]]:
        """Directed relations that leave a set of nodes."""
        array = np.array(sorted(nodes), np.int64)
        forward, _ = self.graph.statements_from(array)
        backward, _ = self.graph.statements_to(array)
        there = {(int(r), False) for r in self.graph.relations[forward]}
        return sorted(there | {(int(r), True) for r in self.graph.relations[backward]})

    def sample(self, count: int) -> list[SyntheticQuestion]:
        """Samples questions: as many as asked for, fewer where the graph does not have them."""
        questions: list[SyntheticQuestion] = []
        attempts = 0
        while self.usable and len(questions) < count and attempts < 30 * count + 100:
            attempts += 1
            question = self._one()
            if question is not None:
                questions.append(question)
        return questions

    def _one(self) -> SyntheticQuestion | None:
        rng, graph = self.rng, self.graph
        relation = rng.choice(self.usable)
        statement = int(rng.choice(self.statements[relation]))
        inverse = rng.random() < 0.35
        ends = int(graph.heads[statement]), int(graph.tails[statement])
        topic, other = ends[::-1] if inverse else ends
        step = (relation, inverse)
        chance = rng.random()
        if chance < UNANSWERABLE:
            return self._in_vain(topic)
        if chance < UNANSWERABLE + YES_NO:
            return self._yes_no(relation, *ends)
        if chance < UNANSWERABLE + YES_NO + BOTH:
            return self._both(step, topic, other)
        return self._walk(topic, step, rng.choices((1, 2, 3), LENGTHS)[0])

    def _walk(self, topic: int, step: tuple[int, bool], length: int) -> SyntheticQuestion | None:
        """A question for what a path leads to."""
        path: Path = (step,)
        answers = self.follow({topic}, *step)
        while len(path) < length and 0 < len(answers) <= MOST_ANSWERS:
            step = self.rng.choice(self.leaving(answers))
            answers, path = self.follow(answers, *step) - {topic}, (*path, step)
        if not 0 < len(answers) <= MOST_ANSWERS:
            return None
        return self._make(self._words(path), (topic,), path, answers, KINDS[length - 1])

    def _in_vain(self, topic: int) -> SyntheticQuestion | None:
        """A question for what the graph does not hold."""
        if self.rng.random() < 0.5 and self.foreign:
            wording = self.rng.choice(self.foreign)
            return self._make(wording.questions(self.rng.random() < 0.3), (topic,), (), (), "unanswerable")
        step = (self.rng.choice(self.usable), self.rng.random() < 0.3)
        if step in self.leaving({topic}):
            return None
        return self._make(self._words((step,)), (topic,), (), (), "unanswerable")

    def _yes_no(self, relation: int, subject: int, target: int) -> SyntheticQuestion | None:
        """A question whether a statement holds; four in ten do not."""
        if self.rng.random() < 0.4:
            target = int(self.graph.tails[int(self.rng.choice(self.statements[relation]))])
        answers = {target} & self.follow({subject}, relation, False)
        texts = self.ways.yes_no(self.graph.relation_label(relation))
        texts = [text.replace("{s}", "{x}").replace("{o}", "{y}") for text in texts]
        return self._make(texts, (subject, target), ((relation, False),), answers, "yes/no")

    def _both(self, step: tuple[int, bool], topic: int, answer: int) -> SyntheticQuestion | None:
        """A question for what two nodes both lead to."""
        others = sorted(self.follow({answer}, step[0], not step[1]) - {topic})
        if not others:
            return None
        other = self.rng.choice(others)
        answers = self.follow({topic}, *step) & self.follow({other}, *step)
        if len(answers) > MOST_ANSWERS:
            return None
        texts = self.ways.of_both(((self.graph.relation_label(step[0]), step[1]),))
        return self._make(texts, (topic, other), (step,), answers, "both")

    def _words(self, path: Path) -> Sequence[str]:
        """Questions for a path that name one node."""
        if self.rng.random() < COMPOSED:
            steps = [self._step(relation, inverse) for relation, inverse in path]
            return [composed(steps, "{x}", self.rng)]
        if len(path) == 1 and self.rng.random() < GENERIC:
            return generic_wording(self.graph.relation_label(path[0][0])).questions(path[0][1])
        texts = self.ways.of(tuple((self.graph.relation_label(relation), inverse) for relation, inverse in path))
        return [text for text in texts if text.count("{x}") == 1]

    def _step(self, relation: int, inverse: bool) -> Step:
        key = (relation, inverse)
        if key not in self._steps:
            self._steps[key] = self.ways.step(self.graph.relation_label(relation), inverse)
        return self._steps[key]

    def _make(
        self, texts: Sequence[str], topics: tuple[int, ...], path: Path, answers: set[int] | tuple[()], kind: str
    ) -> SyntheticQuestion | None:
        labels = [self.graph.label(topic) for topic in topics]
        if not texts or len({*topics}) < len(topics) or not all(0 < len(label) <= LONGEST_LABEL for label in labels):
            return None
        text = masked = self.rng.choice(texts)
        for slot, label in zip(("{x}", "{y}"), labels):
            text, masked = text.replace(slot, label), masked.replace(slot, "X")
        return SyntheticQuestion(text, masked, topics, path, tuple(sorted(answers)), kind)
