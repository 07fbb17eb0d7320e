"""Trains a system on labelled questions: the reasoner on their answers (and paths, where known), then the threshold."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kgrag.config import RetrievalConfig
from kgrag.encoding import GraphBatch, GraphReader, Reasoning
from kgrag.errors import QuestionError
from kgrag.graph import KnowledgeGraph, normalise
from kgrag.progress import track
from kgrag.retrieval import retrieve
from kgrag.types import Ids, Question, Subgraph

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG

log = logging.getLogger(__name__)
MOST_HOPS = 3
MOST_EPOCHS, QUESTIONS_READ = 12, 36_000
GATES = 30.0  # how much faster the few numbers learn that weigh likeness to known questions against what is learned
ANSWERED = 0.5  # least probability at which a node is an answer, where accuracy is measured


@dataclass(frozen=True)
class _Labelled:
    """A question ready to train on: positions refer to its sub-graph. Without gold nodes, refusing is right."""

    masked: str
    subgraph: Subgraph
    seeds: Ids
    gold: Ids
    path: tuple[tuple[int, bool], ...]  # relation id and direction a step, where the gold path is known


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
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    prepared = [p for q in track(questions, "reading sub-graphs") if (p := _prepare(rag, q)) is not None]
    if not any(len(p.gold) for p in prepared):
        raise QuestionError(
            "None of the training questions names a node and has an answer in the graph.",
            "Check that 'topic' and 'answers' are labels or IRIs of this graph.",
        )
    held = [p for q in valid if (p := _prepare(rag, q)) is not None]
    if not held:
        cut = max(1, len(prepared) // 10)
        order = rng.permutation(len(prepared))
        held, prepared = [prepared[i] for i in order[:cut]], [prepared[i] for i in order[cut:]] or prepared
    log.info("training on %d of %d questions", len(prepared), len(questions))
    reader, reasoner = rag.reader, rag.reader.reasoner
    gates = reasoner.gates()
    rest = [value for value in reasoner.parameters() if not any(value is gate for gate in gates)]
    rates = [learning_rate, GATES * learning_rate]
    groups: list[dict[str, Any]] = [{"params": rest}, {"params": gates, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=learning_rate, weight_decay=0.01)
    epochs = epochs or max(1, min(MOST_EPOCHS, round(QUESTIONS_READ / len(prepared))))
    per_epoch = -(-len(prepared) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=epochs * per_epoch + 1)
    best, best_state, waited = _quality(reader, held), copy.deepcopy(reasoner.state_dict()), 0
    for epoch in range(epochs):
        reasoner.train()
        order = rng.permutation(len(prepared))
        for start in track(range(0, len(order), batch_size), f"reasoner, epoch {epoch + 1} of {epochs}"):
            chunk = [prepared[i] for i in order[start : start + batch_size]]
            reasoning, batch, _ = reader.follow(
                [p.masked for p in chunk], [p.subgraph for p in chunk], [p.seeds for p in chunk]
            )
            loss = reasoning_loss(reasoning, batch, chunk)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(reasoner.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        quality = _quality(reader, held)
        log.info("epoch %d: %.4f right, belief in what is right %.4f", epoch + 1, *quality)
        if quality > best:
            best, best_state, waited = quality, copy.deepcopy(reasoner.state_dict()), 0
        else:
            waited += 1
            if waited >= patience:
                break
    reasoner.load_state_dict(best_state)
    reasoner.eval()


def reasoning_loss(reasoning: Reasoning, batch: GraphBatch, chunk: Sequence[_Labelled]) -> torch.Tensor:
    """Cross-entropy over nodes, and over relations where the gold path is known."""
    score = reasoning.scores.clamp(1e-6, 1 - 1e-6)
    weight = torch.zeros_like(score)
    gold = torch.zeros_like(score)
    for i, question in enumerate(chunk):
        first, last = int(batch.offsets[i]), int(batch.offsets[i + 1])
        gold[first + torch.from_numpy(question.gold)] = 1
        wrong = (reasoning.scores[first:last].detach() > 0.01) & (gold[first:last] == 0)
        weight[first:last] = wrong.float() / wrong.sum().clamp(min=1)
        weight[first + torch.from_numpy(question.gold)] = 1 / max(len(question.gold), 1)
    loss = -(weight * (gold * score.log() + (1 - gold) * (1 - score).log())).sum() / len(chunk)
    column = {int(r): c for c, r in enumerate(batch.relation_ids)}
    relations = len(column)
    for i, question in enumerate(chunk):
        if not question.path:
            continue
        length = len(question.path)
        if length > reasoning.hops.shape[1]:
            continue
        for step, (relation, inverse) in enumerate(question.path):
            there = reasoning.log_weights[length - 1, step, i, column[relation] + relations * inverse]
            loss = loss - there.clamp(min=-10) / len(chunk)
        loss = loss - reasoning.hops[i, length - 1] / len(chunk)
    return loss


def _prepare(rag: KGRAG, question: Question) -> _Labelled | None:
    graph = rag.graph
    links = [link for link in rag.linker.link(question.question) if link.node is not None]
    topics = [node for topic in question.topics for node in graph.find(topic)[:1]]
    linked = [link.node for link in links]
    # the linker's own mentions are masked, so that training sees what asking will see
    seeds = topics or linked
    refused = question.kind == "unanswerable"
    if not seeds or not (question.answers or refused):
        return None
    subgraph = retrieve(graph, np.array(seeds, np.int64), rag.config.retrieval)
    wanted = {node for answer in question.answers for node in graph.find(answer)}
    gold = np.flatnonzero(np.isin(subgraph.nodes, sorted(wanted)))
    if not len(gold) and not refused:
        return None
    kept = [link for link in links if link.node in topics] or links
    masked = rag.linker.mask(question.question, kept)
    return _Labelled(masked, subgraph, subgraph.seeds[:1], gold, _path(graph, question, subgraph))


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
            config = replace(retrieval, hops=hops)
            if wanted & set(retrieve(graph, np.array(topics, np.int64), config).nodes.tolist()):
                for h in range(max(hops, len(question.path) // 2), MOST_HOPS + 1):
                    reached[h] += 1
                break
    if not counted:
        return retrieval.hops
    return next((h for h in range(1, MOST_HOPS + 1) if reached[h] >= 0.99 * max(reached)), MOST_HOPS)


def _quality(reader: GraphReader, held: Sequence[_Labelled]) -> tuple[float, float]:
    """Share of questions answered rightly or rightly refused, and the mean belief in what is right."""
    right, belief_in_right = 0.0, 0.0
    for start in range(0, len(held), 64):
        chunk = held[start : start + 64]
        beliefs = reader.read([p.masked for p in chunk], [p.subgraph for p in chunk], [p.seeds for p in chunk])
        for belief, question in zip(beliefs, chunk):
            most = float(belief.scores.max(initial=0.0))
            if len(question.gold):
                right += int(np.argmax(belief.scores)) in question.gold and most > 0
                belief_in_right += float(belief.scores[question.gold].max())
            else:
                right += most < ANSWERED
                belief_in_right += 1 - most
    return right / max(len(held), 1), belief_in_right / max(len(held), 1)
