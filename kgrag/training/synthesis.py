"""Questions about a graph, made from the graph alone.

Paths of one to three relations are walked from random nodes and put into words: the shipped wordings where a relation's label is one of
theirs, generic ones otherwise. One question in six asks for what the graph does not hold.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from kgrag.graph import KnowledgeGraph, normalise
from kgrag.wordings import Wording, generic_wording, shipped_wordings, wordings_for

MOST_ANSWERS = 25
UNANSWERABLE = 0.16
KINDS = ("one-hop", "two-hop", "three-hop")
LONGER = 0.3  # chance that a question takes one more step


@dataclass(frozen=True)
class SyntheticQuestion:
    """A question made from a graph.

    Attributes:
        text: The question, with the label of the node it names.
        masked: The same with ``X`` for that label.
        topic: The node it names.
        path: ``(relation, inverse)`` a step; empty for an unanswerable question.
        answers: The nodes that answer.
        target: For a yes/no question, the second node it names.
    """

    text: str
    masked: str
    topic: int
    path: tuple[tuple[int, bool], ...]
    answers: tuple[int, ...]
    kind: str
    target: int | None = None


class Synthesiser:
    """Makes questions about one graph.

    Args:
        graph: The graph.
        seed: The same seed gives the same questions.
    """

    def __init__(self, graph: KnowledgeGraph, seed: int = 0) -> None:
        self.graph = graph
        self.rng = random.Random(seed)
        self.wordings = [wordings_for(label) for label in graph.relation_labels]
        self.outside = [
            w
            for w in shipped_wordings()
            if not {normalise(label) for label in w.labels} & {normalise(x) for x in graph.relation_labels}
        ]
        order = np.argsort(graph.relations, kind="stable")
        bounds = np.searchsorted(graph.relations[order], np.arange(graph.num_relations + 1))
        self.statements = [order[bounds[r] : bounds[r + 1]] for r in range(graph.num_relations)]
        self.usable = [r for r in range(graph.num_relations) if len(self.statements[r])]

    def wording(self, relation: int) -> Wording:
        """Words for a relation: shipped ones if there are any, in one case of five generic ones."""
        shipped = self.wordings[relation]
        if shipped and self.rng.random() < 0.8:
            return self.rng.choice(shipped)
        return generic_wording(self.graph.relation_label(relation))

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
        """Samples questions."""
        questions: list[SyntheticQuestion] = []
        attempts = 0
        while len(questions) < count and attempts < 30 * count + 100:
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
        topic = int(graph.tails[statement] if inverse else graph.heads[statement])
        label = graph.label(topic)
        if len(label) > 60 or not label:
            return None
        if rng.random() < UNANSWERABLE and self.outside:
            wording = rng.choice(self.outside)
            return self._make(rng.choice(wording.questions(False)), topic, (), (), "unanswerable")
        first = self.follow({topic}, relation, inverse)
        if not first or len(first) > MOST_ANSWERS:
            return None
        wording = self.wording(relation)
        path: tuple[tuple[int, bool], ...] = ((relation, inverse),)
        if rng.random() < 0.12 and wording.yesno and not inverse:
            target = rng.choice(sorted(first))
            text = rng.choice(wording.yesno)
            return self._make_yesno(text, topic, target, path, yes=rng.random() < 0.6)
        inner, answers = "{x}", first
        while len(path) < len(KINDS) and rng.random() < LONGER:
            onward = [step for step in self.leaving(answers) if step != (path[-1][0], not path[-1][1])]
            phrases = self.wording(path[-1][0]).phrases(path[-1][1])
            if not onward or not phrases:
                break
            step = rng.choice(onward)
            further = self.follow(answers, *step) - {topic}
            if not further or len(further) > MOST_ANSWERS:
                break
            inner, answers, path = rng.choice(phrases).replace("{x}", inner), further, (*path, step)
        asked = self.wording(path[-1][0]).questions(path[-1][1])
        if not asked:
            return None
        text = rng.choice(asked).replace("{x}", inner)
        return self._make(text, topic, path, tuple(sorted(answers)), KINDS[len(path) - 1])

    def _make(
        self, text: str, topic: int, path: tuple[tuple[int, bool], ...], answers: tuple[int, ...], kind: str
    ) -> SyntheticQuestion:
        label = self.graph.label(topic)
        return SyntheticQuestion(text.replace("{x}", label), text.replace("{x}", "X"), topic, path, answers, kind)

    def _make_yesno(
        self, text: str, topic: int, target: int, path: tuple[tuple[int, bool], ...], yes: bool
    ) -> SyntheticQuestion | None:
        if not yes:
            others = self.statements[path[0][0]]
            target = int(self.graph.tails[int(self.rng.choice(others))])
            if target in self.follow({topic}, *path[0]) or target == topic:
                return None
        graph = self.graph
        if max(len(graph.label(target)), len(graph.label(topic))) > 60:
            return None
        shown = text.replace("{s}", graph.label(topic)).replace("{o}", graph.label(target))
        masked = text.replace("{s}", "X").replace("{o}", "X")
        return SyntheticQuestion(shown, masked, topic, path, (target,) if yes else (), "yes/no", target)
