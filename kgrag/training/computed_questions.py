"""Questions over one graph whose answers are computed: counts, extremes, orders, comparisons, what is not in another set.

A set is what a relation leads to from a random node; what is asked of it is computed as it is for an answer
(`kgrag.symbolic.calculation`), so that the gold answers are those of the graph.
"""

from __future__ import annotations

import random
import re

import numpy as np

from kgrag.encoding.phrasebook import NAMED
from kgrag.graph import KnowledgeGraph
from kgrag.graph.directed import GraphRows, backwards
from kgrag.symbolic.calculation import Calculation, Measurement, Members, Result, run
from kgrag.symbolic.measures import value_in
from kgrag.training.operator_questions import OperatorQuestion, OperatorQuestions, Phrases
from kgrag.types import Question
from kgrag.wordings import operators as words
from kgrag.wordings.filling import Phrase
from kgrag.wordings.speech import Speech

MOST = 25  # members of a set
LONGEST_LABEL = 60
KINDS = ("count", "difference", "superlative", "order", "filter", "comparison")
_NAME = re.compile(rf"\b{NAMED}\b")


class ComputedQuestions:
    """Makes questions over one graph.

    Args:
        graph: The graph.
        seed: The same seed gives the same questions.
    """

    def __init__(self, graph: KnowledgeGraph, seed: int = 0) -> None:
        self.graph, self.rows = graph, GraphRows(graph)
        self.rng = random.Random(seed)
        self.speech, self.words = Speech(graph), OperatorQuestions(seed)
        self.statements = graph.statements

    def sample(self, count: int) -> list[Question]:
        """Samples questions: as many as asked for, fewer where the graph does not have them."""
        questions: list[Question] = []
        for _ in range(30 * count + 100):
            if len(questions) == count or not len(self.statements):
                break
            question = self._one()
            if question is not None:
                questions.append(question)
        return questions

    def _one(self) -> Question | None:
        rng, graph = self.rng, self.graph
        statement = int(self.statements[rng.randrange(len(self.statements))])
        inverse = rng.random() < 0.5
        topic = int(graph.tails[statement] if inverse else graph.heads[statement])
        directed = 2 * int(graph.relations[statement]) + inverse
        members = Members((np.array([topic]),), (((directed,),),))
        nodes = self._run(Calculation("none", "none", "none", members)).members
        if not 1 < len(nodes) <= MOST or graph.is_literal[nodes].any() or graph.is_literal[topic]:
            return None
        set_ = self.words.phrases(self.speech.step(directed >> 1, bool(directed & 1)), Phrase(NAMED))
        kind = rng.choice(KINDS)
        if kind == "count":
            made = self.words.put(rng.choice(words.COUNT), "count", "none", "none", set_, counting=True)
            return self._question(made, [topic], (str(len(nodes)),))
        if kind == "difference":
            return self._difference(topic, directed, members, nodes.tolist(), set_)
        return self._measured(kind, topic, members, nodes.tolist(), set_)

    def _difference(
        self, topic: int, directed: int, members: Members, nodes: list[int], set_: Phrases
    ) -> Question | None:
        shared = self.rows.along(np.array([self.rng.choice(nodes)]), backwards(directed)).targets
        others = sorted(set(shared.tolist()) - {topic})
        if not others:
            return None
        other = self.rng.choice(others)
        without = Members((np.array([other]),), members.plans)
        found = self._run(Calculation("none", "difference", "none", members, without=without))
        texts = [text for text in words.DIFFERENCE if "{not}" in text]
        made = self.words.put(self.rng.choice(texts), "none", "difference", "none", set_, {"not": f"[T {NAMED}]"})
        return self._question(made, [topic, other], self._labels(found))

    def _measured(self, kind: str, topic: int, members: Members, nodes: list[int], set_: Phrases) -> Question | None:
        edges = self.rows.along(np.array(nodes))
        to_values = (edges.directed & 1 == 0) & self.graph.is_literal[edges.targets]
        measurements = [
            Measurement((directed,), False, self.graph.relation_label(directed >> 1))
            for directed in np.unique(edges.directed[to_values]).tolist()
        ]
        stated = {one: self._run(Calculation("order", "none", "greater", members, one)).values for one in measurements}
        stated = {one: values for one, values in stated.items() if len({value.low for value in values.values()}) > 1}
        if not stated:
            return None
        rng = self.rng
        one = rng.choice(list(stated))
        up, noun = rng.random() < 0.5, f"[M {one.label}]"
        direction, most = ("greater", "highest") if up else ("smaller", "lowest")
        more = ("higher" if up else "lower") + f" {noun}"
        if kind == "comparison":
            pair = rng.sample(sorted(stated[one]), 2)
            calculation = Calculation(kind, "none", direction, Members((np.unique(pair),), (((),),)), one)
            slots = {"x": NAMED, "y": NAMED, "has": f"has a {more}", "more": f"the {more}"}
            made = self.words.put(rng.choice(words.COMPARISON_WHICH_HAS), kind, "none", direction, None, slots)
            return self._question(made, pair, self._labels(self._run(calculation)))
        if kind == "filter":
            bound = stated[one][rng.choice(sorted(stated[one]))]
            if bound.kind != "number" or bound.unit:
                return None
            calculation = Calculation("none", kind, direction, members, one, (bound,))
            than = f"{'more' if up else 'less'} than [V {bound.low:f}]"
            filters = [text for text in words.FILTER if "{when}" not in text]
            slots = {"that": f"have a {noun} of {than}", "reduced": f"with a {noun} of {than}"}
            made = self.words.put(rng.choice(filters), "none", kind, direction, set_, slots)
            return self._question(made, [topic], self._labels(self._run(calculation)))
        calculation = Calculation(kind, "none", direction, members, one)
        slots = {
            "the": f"the one with the {most} {noun}",
            "does": f"has the {most} {noun}",
            "order": f"in {'descending' if up else 'ascending'} order of {noun}",
        }
        table = words.ORDER if kind == "order" else [text for text in words.SUPERLATIVE if "{adjective}" not in text]
        made = self.words.put(rng.choice(table), kind, "none", direction, set_, slots)
        return self._question(made, [topic], self._labels(self._run(calculation)))

    def _run(self, calculation: Calculation) -> Result:
        return run(calculation, self.rows, lambda directed, node: value_in(self.graph, directed, node))

    def _labels(self, result: Result) -> tuple[str, ...]:
        return tuple(self.graph.label(node) for node in result.nodes)

    def _question(self, made: OperatorQuestion, topics: list[int], answers: tuple[str, ...]) -> Question | None:
        """The question with the labels of what it names; None where these do not go in."""
        labels = [self.graph.label(topic) for topic in topics]
        if not answers or not all(0 < len(label) <= LONGEST_LABEL for label in labels) or NAMED in labels:
            return None
        if len(_NAME.findall(made.text)) != len(labels):
            return None
        left = iter(labels)
        text = _NAME.sub(lambda _: next(left), made.text)
        kind = made.operator if made.operator != "none" else made.clause
        return Question(text, answers, topics=tuple(labels), kind=kind)
