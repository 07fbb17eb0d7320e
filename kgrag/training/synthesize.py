"""Questions made from a graph, as a question file holds them."""

from __future__ import annotations

import logging
import re

import numpy as np

from kgrag.errors import QuestionError
from kgrag.graph import KnowledgeGraph
from kgrag.training.synthesis import Synthesiser, SyntheticQuestion
from kgrag.types import Question

log = logging.getLogger(__name__)
CODES = 0.5  # share of names that look like codes, from which on the graph seems to lack labels
_CODE = re.compile(r"[A-Za-z]{0,5}[:_-]?\d+")


def synthesize(graph: KnowledgeGraph, count: int, seed: int = 0) -> list[Question]:
    """Makes questions from a graph: with their answers, and the paths to them.

    The kinds are ``one-hop``, ``two-hop``, ``three-hop``, ``both`` (two named nodes), ``yes/no`` (answered ``yes`` or ``no``) and
    ``unanswerable`` (without an answer: the graph does not hold it).

    Args:
        graph: The graph.
        count: How many.
        seed: The same seed gives the same questions.

    Raises:
        QuestionError: The graph does not give so many.
    """
    if count < 1:
        raise QuestionError(f"{count} questions were asked for.", "Ask for at least one.")
    synthesiser = Synthesiser(graph, seed)
    made = synthesiser.sample(count)
    if not made:
        raise QuestionError(
            f"No question can be made from {graph}.",
            "Its nodes need labels of at most 60 characters: if other properties name them, give these as labels=[...].",
        )
    if len(made) < count:
        raise QuestionError(
            f"{graph} gives only {len(made):,} of the {count:,} different questions asked for.",
            f"Ask for {len(made):,} at most, or add statements.",
        )
    coded = sum(bool(_CODE.fullmatch(name)) for question in made for name in question.mentions)
    if coded > CODES * sum(len(question.mentions) for question in made):
        log.warning("most nodes are called by codes: the graph seems to lack labels, see labels= of from_rdf")
    return [_as_question(synthesiser, question, f"{seed}-{i}") for i, question in enumerate(made, start=1)]


def _as_question(synthesiser: Synthesiser, made: SyntheticQuestion, id: str) -> Question:
    graph = synthesiser.graph
    if made.kind == "yes/no":
        answers = ["yes" if made.answers else "no"]
    else:
        answers = [_called(graph, node) for node in made.answers]
    return Question(
        question=made.text,
        answers=tuple(answers),
        id=id,
        topics=tuple(_called(graph, topic) for topic in made.topics),
        path=_path(synthesiser, made),
        hops=len(made.path) or None,
        kind=made.kind,
    )


def _path(synthesiser: Synthesiser, made: SyntheticQuestion) -> tuple[str, ...]:
    """Labels of one way along the path of the first topic: node, relation, node, ... to the first answer."""
    graph = synthesiser.graph
    if not made.answers:
        return ()
    reached = [np.array([made.topics[0]])]
    for step in made.path:
        reached.append(synthesiser.follow(reached[-1], *step))
    nodes: list[int] = [made.answers[0]]
    for (relation, inverse), before in zip(reversed(made.path), reversed(reached[:-1])):
        back = synthesiser.follow(np.array(nodes[-1:]), relation, not inverse)
        nodes.append(int(np.intersect1d(back, before)[0]))
    labels = [_called(graph, node) for node in nodes[::-1]]
    for place, (relation, _) in enumerate(made.path):
        labels.insert(2 * place + 1, graph.relation_label(relation))
    return tuple(labels)


def _called(graph: KnowledgeGraph, node: int) -> str:
    """The label of a node; its IRI, where others have that label."""
    label = graph.label(node)
    return label if graph.find(label) == [node] else graph.iri(node)
