"""Trains a system on labelled questions: their answers, and their paths, where known."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kgrag.config import RetrievalConfig
from kgrag.errors import QuestionError
from kgrag.graph import KnowledgeGraph, normalise
from kgrag.progress import track
from kgrag.retrieval import retrieve
from kgrag.training.reasoner import PreparedQuestion, train_reasoner
from kgrag.types import Question, Subgraph

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG

log = logging.getLogger(__name__)
MOST_HOPS = 3
MOST_EPOCHS, QUESTIONS_READ = 12, 36_000


def train(
    rag: KGRAG,
    questions: Sequence[Question],
    valid: Sequence[Question] = (),
    epochs: int | None = None,
    seed: int = 0,
    learning_rate: float = 1e-3,
    batch_size: int = 32,
    patience: int = 3,
) -> None:
    """Trains the reasoner of a system in place.

    Args:
        rag: The system.
        questions: Labelled questions; those whose topics cannot be found in the graph are left out.
        valid: Questions to choose the best epoch by; a tenth of ``questions`` where not given.
        epochs: Most passes; as many as read some 36,000 questions, and 12 at most, where not given.
        seed: Same seed, same result.
        learning_rate: Peak of the one-cycle schedule.
        batch_size: Questions a step.
        patience: Epochs without improvement before it stops.

    Raises:
        QuestionError: None of the questions can be used.
    """
    retrieval = replace(rag.config.retrieval, hops=_needed_hops(rag.graph, rag.config.retrieval, questions[:300]))
    rag.config = replace(rag.config, retrieval=retrieval)
    prepared = [p for q in track(questions, "reading sub-graphs") if (p := _prepare(rag, q)) is not None]
    if not any(len(p.gold) for p in prepared):
        raise QuestionError(
            "None of the training questions names a node and has an answer in the graph.",
            "Check that 'topic' and 'answers' are labels or IRIs of this graph.",
        )
    held = [p for q in valid if (p := _prepare(rag, q)) is not None]
    if not held:
        cut = max(1, len(prepared) // 10)
        order = np.random.default_rng(seed).permutation(len(prepared))
        held, prepared = [prepared[i] for i in order[:cut]], [prepared[i] for i in order[cut:]] or prepared
    log.info("training on %d of %d questions", len(prepared), len(questions))
    epochs = epochs or max(1, min(MOST_EPOCHS, round(QUESTIONS_READ / len(prepared))))
    train_reasoner(rag.reader, prepared, held, epochs, seed, learning_rate, batch_size, patience)


def _prepare(rag: KGRAG, question: Question) -> PreparedQuestion | None:
    graph = rag.graph
    refused = question.kind == "unanswerable"
    seeds, masked = topics_of(rag, question)
    if not seeds or not (question.answers or refused):
        return None
    relevance = rag.labels.relevance(masked)
    subgraph = rag.retriever(graph, np.array(seeds, np.int64), rag.config.retrieval, relevance)
    wanted = {node for answer in question.answers for node in graph.find(answer)}
    gold = np.flatnonzero(np.isin(subgraph.nodes, sorted(wanted)))
    if not len(gold) and not refused:
        return None
    return PreparedQuestion(masked, subgraph, subgraph.seeds[:1], gold, _path(graph, question, subgraph))


def topics_of(rag: KGRAG, question: Question) -> tuple[list[int], str]:
    """The nodes of a question's topics, else those that it is linked to; and the question with its mentions masked.

    The linker's own mentions are masked, so that training sees what asking will see.
    """
    links = [link for link in rag.linker.link(question.question) if link.node is not None]
    topics = [node for topic in question.topics for node in rag.graph.find(topic)[:1]]
    kept = [link for link in links if link.node in topics] or links
    return topics or [link.node for link in links if link.node is not None], rag.linker.mask(question.question, kept)


def _path(graph: KnowledgeGraph, question: Question, subgraph: Subgraph) -> tuple[tuple[int, bool], ...]:
    """The gold path as relation ids and directions; empty where it is not known or not in the sub-graph."""
    names = question.path
    if len(names) < 3 or len(names) % 2 == 0:
        return ()
    by_label = {normalise(label): r for r, label in enumerate(graph.relation_labels)}
    path = []
    for at in range(1, len(names), 2):
        heads = set(graph.find(names[at - 1]))
        tails = set(graph.find(names[at + 1]))
        relation = by_label.get(normalise(names[at]))
        if relation is None:
            return ()
        rows = np.flatnonzero(subgraph.relations == relation)
        forward = any(
            int(subgraph.nodes[subgraph.heads[r]]) in heads and int(subgraph.nodes[subgraph.tails[r]]) in tails
            for r in rows
        )
        backward = any(
            int(subgraph.nodes[subgraph.tails[r]]) in heads and int(subgraph.nodes[subgraph.heads[r]]) in tails
            for r in rows
        )
        if not (forward or backward):
            return ()
        path.append((relation, not forward))
    return tuple(path)


def _needed_hops(graph: KnowledgeGraph, retrieval: RetrievalConfig, questions: Sequence[Question]) -> int:
    """The fewest hops that bring an answer of (nearly) every question into the sub-graph."""
    reached = [0] * (MOST_HOPS + 1)
    counted = 0
    for question in questions:
        topics = [node for topic in question.topics for node in graph.find(topic)[:1]]
        wanted = {node for answer in question.answers for node in graph.find(answer)}
        if not topics or not wanted:
            continue
        counted += 1
        for hops in range(1, MOST_HOPS + 1):
            config = replace(retrieval, method="hops", hops=hops)
            if wanted & set(retrieve(graph, np.array(topics, np.int64), config).nodes.tolist()):
                for h in range(max(hops, len(question.path) // 2), MOST_HOPS + 1):
                    reached[h] += 1
                break
    if not counted:
        return retrieval.hops
    return next((h for h in range(1, MOST_HOPS + 1) if reached[h] >= 0.99 * max(reached)), MOST_HOPS)
