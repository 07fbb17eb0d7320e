"""Trains a reasoner on questions of which the answers are known, and the paths to them, where they are."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from kgrag.encoding import GraphBatch, GraphReader, Reasoning
from kgrag.progress import track
from kgrag.types import Ids, Subgraph

log = logging.getLogger(__name__)
GATES = 30.0  # how much faster the few numbers learn that weigh likeness to known questions against what is learned
ANSWERED = 0.5  # least probability at which a node is an answer, where accuracy is measured


@dataclass(frozen=True)
class PreparedQuestion:
    """A question ready to train on.

    Attributes:
        masked: The question, its mentions masked.
        subgraph: Where the answer is looked for.
        seeds: Where the search starts, positions in the sub-graph's nodes.
        gold: The answers, positions in the sub-graph's nodes; without any, refusing is right.
        path: Relation id and direction a step, where the path is known.
    """

    masked: str
    subgraph: Subgraph
    seeds: Ids
    gold: Ids
    path: tuple[tuple[int, bool], ...] = ()


def train_reasoner(
    reader: GraphReader,
    questions: Sequence[PreparedQuestion],
    held: Sequence[PreparedQuestion],
    epochs: int,
    seed: int = 0,
    learning_rate: float = 1e-3,
    batch_size: int = 32,
    patience: int = 3,
    gates_faster: float = GATES,
) -> None:
    """Trains a reader's reasoner in place.

    It is kept as it was after the epoch that served held questions best, or as it was before if none answered more of them.

    Args:
        reader: Applies the reasoner to the graph.
        questions: Questions about that graph.
        held: Others, to choose by.
        epochs: Most passes.
        seed: Same seed, same result.
        learning_rate: Peak of the one-cycle schedule.
        batch_size: Questions a step.
        patience: Epochs without improvement before it stops.
        gates_faster: How much faster the few numbers learn that weigh likeness against what is learned; 0 leaves them.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    reasoner = reader.reasoner
    gates = reasoner.gates()
    rest = [value for value in reasoner.parameters() if not any(value is gate for gate in gates)]
    rates = [learning_rate, gates_faster * learning_rate]
    parameters: list[dict[str, Any]] = [{"params": rest}, {"params": gates, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=0.01)
    per_epoch = -(-len(questions) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=epochs * per_epoch + 1)
    before = _quality(reader, held)
    log.info("before: %.4f right, belief in what is right %.4f", *before)
    best, best_state, waited = (before[0], 1.0), copy.deepcopy(reasoner.state_dict()), 0
    for epoch in range(epochs):
        reasoner.train()
        order = rng.permutation(len(questions))
        for start in track(range(0, len(order), batch_size), f"reasoner, epoch {epoch + 1} of {epochs}"):
            chunk = [questions[i] for i in order[start : start + batch_size]]
            reasoning, batch, _ = reader.follow(
                [q.masked for q in chunk], [q.subgraph for q in chunk], [q.seeds for q in chunk]
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


def reasoning_loss(reasoning: Reasoning, batch: GraphBatch, chunk: Sequence[PreparedQuestion]) -> torch.Tensor:
    """Cross-entropy over nodes, and over relations and numbers of steps where the gold path is known."""
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


def _quality(reader: GraphReader, questions: Sequence[PreparedQuestion]) -> tuple[float, float]:
    """Share of questions answered rightly or rightly refused, and the mean belief in what is right."""
    found = believed(reader, questions)
    right = sum(most < ANSWERED if hit is None else hit for most, hit, _ in found)
    return right / max(len(found), 1), sum(belief for _, _, belief in found) / max(len(found), 1)


def believed(
    reader: GraphReader, questions: Sequence[PreparedQuestion], batch_size: int = 64
) -> list[tuple[float, bool | None, float]]:
    """For each question the greatest belief, whether it is in an answer (None where there is none), and belief in what is right."""
    found: list[tuple[float, bool | None, float]] = []
    for start in range(0, len(questions), batch_size):
        chunk = questions[start : start + batch_size]
        beliefs = reader.read([q.masked for q in chunk], [q.subgraph for q in chunk], [q.seeds for q in chunk])
        for belief, question in zip(beliefs, chunk):
            most = float(belief.scores.max(initial=0.0))
            if len(question.gold):
                hit = most > 0 and int(np.argmax(belief.scores)) in question.gold
                found.append((most, hit, float(belief.scores[question.gold].max())))
            else:
                found.append((most, None, 1 - most))
    return found
