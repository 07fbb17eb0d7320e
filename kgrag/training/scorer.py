"""Trains a triple scorer on questions of which only the answers are known."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from kgrag.errors import QuestionError
from kgrag.progress import track
from kgrag.retrieval import Relevance, TripleScorer
from kgrag.retrieval.pagerank import pagerank
from kgrag.retrieval.scorer import Features, inputs, scores
from kgrag.training.labelled import topics_of
from kgrag.types import Floats, Ids, Question, Subgraph

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG

log = logging.getLogger(__name__)
HIDDEN = 128
NODES = 500  # budget of the sub-graphs to train on
ANSWERS = 10  # most answers of a question to which paths are sought
MOST = 100  # statements among which the answers should be, where epochs are compared


@dataclass(frozen=True)
class Example:
    """A sub-graph with the statements that should be chosen.

    Attributes:
        subgraph: The sub-graph.
        relevance: Of the question.
        right: Positions of the statements that lie on a shortest path from a seed to an answer.
        answers: Positions of the answers among its nodes.
    """

    subgraph: Subgraph
    relevance: Relevance
    right: Ids
    answers: Ids

    def features(self) -> Features:
        """Of its statements; too large to be kept for all examples."""
        return Features.of(self.subgraph, self.relevance)


def train_scorer(
    rag: KGRAG,
    questions: Sequence[Question],
    valid: Sequence[Question] = (),
    epochs: int = 10,
    seed: int = 0,
    learning_rate: float = 1e-3,
    batch_size: int = 8,
    patience: int = 2,
) -> TripleScorer:
    """Trains a scorer for the graph of a system, which takes it as ``rag.retriever``.

    Which statements are right is not known: those on the shortest paths to the answers stand for them, as in SubgraphRAG.

    Args:
        rag: The system; its linker and text encoder are used.
        questions: Labelled questions; those whose topics cannot be found in the graph, or whose answers are not near, are left out.
        valid: Questions to choose the best epoch by; a tenth of ``questions`` where not given.
        epochs: Most passes.
        seed: Same seed, same result.
        learning_rate: Of AdamW.
        batch_size: Questions a step.
        patience: Epochs without improvement before it stops.

    Raises:
        QuestionError: None of the questions can be used.
    """
    examples = [e for q in track(questions, "reading sub-graphs") if (e := _example(rag, q)) is not None]
    held = [e for q in valid if (e := _example(rag, q)) is not None]
    if not held:
        cut = max(1, len(examples) // 10)
        order = np.random.default_rng(seed).permutation(len(examples)).tolist()
        held, examples = [examples[i] for i in order[:cut]], [examples[i] for i in order[cut:]]
    if not examples:
        raise QuestionError(
            "None of the training questions names a node and has an answer near it.",
            "Check that 'topic' and 'answers' are labels or IRIs of this graph.",
        )
    draw = torch.Generator().manual_seed(seed)
    weights = {
        name: (torch.randn(rows, HIDDEN, generator=draw) / rows**0.5).requires_grad_()
        for name, rows in inputs(rag.encoder.width).items()
    }
    weights["bias"] = torch.zeros(HIDDEN, requires_grad=True)
    weights["outer"] = (torch.randn(HIDDEN, generator=draw) / HIDDEN**0.5).requires_grad_()
    optimiser = torch.optim.AdamW(weights.values(), lr=learning_rate, weight_decay=0.01)
    best, best_weights, waited = -1.0, _arrays(weights), 0
    for epoch in range(epochs):
        order = torch.randperm(len(examples), generator=draw).tolist()
        for start in track(range(0, len(order), batch_size), f"scorer, epoch {epoch + 1} of {epochs}"):
            chunk = [examples[i] for i in order[start : start + batch_size]]
            loss = torch.stack([_loss(weights, example) for example in chunk]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        now = _arrays(weights)
        covered = float(np.mean([_covered(now, example) for example in held]))
        log.info("epoch %d: %.4f of the answers are in the best %d statements", epoch + 1, covered, MOST)
        waited += 1
        if covered > best:
            best, best_weights, waited = covered, now, 0
        if waited >= patience:
            break
    return TripleScorer(best_weights)


def _example(rag: KGRAG, question: Question) -> Example | None:
    """A sub-graph with the answers in it; None where the question cannot be used."""
    seeds, masked = topics_of(rag, question)
    if not seeds:
        return None
    relevance = rag.labels.relevance(masked)
    region = pagerank(rag.graph, np.array(seeds, np.int64), replace(rag.config.retrieval, nodes=NODES), relevance)
    wanted = sorted({node for answer in question.answers for node in rag.graph.find(answer)})
    answers = np.flatnonzero(np.isin(region.nodes, wanted))
    right = on_shortest_paths(region, answers[:ANSWERS])
    return Example(region, relevance, right, answers) if len(right) else None


def on_shortest_paths(subgraph: Subgraph, answers: Ids) -> Ids:
    """Positions of the statements that lie on a shortest path from a seed to one of the answers, in either direction."""
    from_seeds = _steps_from(subgraph, subgraph.seeds)
    right = np.zeros(len(subgraph.heads), np.bool_)
    for answer in answers.tolist():
        if not np.isfinite(from_seeds[answer]):
            continue
        to_answer = _steps_from(subgraph, np.array([answer]))
        for one, other in ((subgraph.heads, subgraph.tails), (subgraph.tails, subgraph.heads)):
            right |= from_seeds[one] + 1 + to_answer[other] == from_seeds[answer]
    return np.flatnonzero(right)


def _steps_from(subgraph: Subgraph, starts: Ids) -> np.ndarray:
    """Steps from the nearest of some nodes to each node, infinite where none leads there."""
    heads = np.concatenate([subgraph.heads, subgraph.tails])
    tails = np.concatenate([subgraph.tails, subgraph.heads])
    steps = np.full(len(subgraph.nodes), np.inf)
    steps[starts] = 0
    while True:
        nearer = tails[steps[heads] + 1 < steps[tails]]
        if not len(nearer):
            return steps
        np.minimum.at(steps, tails, steps[heads] + 1)


def _loss(weights: dict[str, torch.Tensor], example: Example) -> torch.Tensor:
    """Cross-entropy between the softmax over all statements and an even share of the right ones."""
    features = Features(*(torch.from_numpy(part) for part in example.features()))
    return -scores(weights, features).log_softmax(0)[torch.from_numpy(example.right)].mean()


def _covered(weights: dict[str, Floats], example: Example) -> float:
    """Share of the answers that are in the best statements."""
    order = np.argsort(-scores(weights, example.features()), kind="stable")[:MOST]
    chosen = np.concatenate([example.subgraph.heads[order], example.subgraph.tails[order]])
    return float(np.isin(example.answers, chosen).mean())


def _arrays(weights: dict[str, torch.Tensor]) -> dict[str, Floats]:
    return {name: weight.detach().numpy().copy() for name, weight in weights.items()}
