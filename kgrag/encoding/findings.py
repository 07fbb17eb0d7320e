"""What the reasoner finds from all the nodes that a question names, joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kgrag.encoding.reader import GraphReader, NodeBeliefs
from kgrag.types import Floats, Subgraph

YES = 0.4  # least probability at which the node asked about counts as reached
SHARED = 0.5  # share of the best probability that nodes joined to the other topics must have
TOGETHER = 0.25  # least product of probabilities at which a node counts as reached from every topic


@dataclass(frozen=True)
class Findings:
    """Beliefs about the nodes of one sub-graph, from one start or from several.

    Attributes:
        scores: Answer probability of each node, shape (nodes,).
        runs: Beliefs from each start.
        starts: Where each run started, positions in the sub-graph's nodes.
        verdict: 1 for yes, -1 for no, 0 where the question asks for something else.
        target: For a yes, the node whose being reached was asked.
        joined: For a yes, the statement that says so, where a single one does.
        beside: Topics from which no run started: the answers are those that a statement joins to each of them.
    """

    scores: Floats
    runs: tuple[NodeBeliefs, ...]
    starts: tuple[int, ...]
    verdict: int = 0
    target: int | None = None
    joined: int | None = None
    beside: tuple[int, ...] = ()

    @property
    def states(self) -> Floats:
        """Vector states of the nodes, shape (nodes, hidden)."""
        return self.runs[0].states

    def paths(self, subgraph: Subgraph, node: int) -> list[list[int]]:
        """For each start the best supported path to a node, as positions of statements; empty where there is none."""
        if self.joined is not None:
            return [[self.joined]]
        paths = [run.path(subgraph, node) for run in self.runs]
        return paths + [_joining(subgraph, node, topic)[:1] for topic in self.beside]


def reason(
    reader: GraphReader, masked: str, subgraph: Subgraph, topics: Sequence[int], asks_yes_no: bool = False
) -> Findings:
    """Reasons from each topic, and joins the findings.

    A yes/no question asks whether one topic leads to another: first over a statement that joins them, if the question can
    well mean its relation, then over any path. Otherwise an answer is what all topics lead to; where there
    is no such node, what the best of them leads to and a statement joins to the others ("which antibiotics treat ...");
    and where there is none of these either, what the best of them leads to.

    Args:
        reader: Applies the reasoner.
        masked: The question with its mentions masked.
        subgraph: Around the topics.
        topics: Positions of the linked nodes in the sub-graph.
        asks_yes_no: Whether the question asks for yes or no.
    """
    starts = list(dict.fromkeys(topics))
    if asks_yes_no and len(starts) > 1:
        said = _asserted(reader, masked, subgraph, starts)
        if said is not None:
            return said
    runs = reader.read([masked] * len(starts), [subgraph] * len(starts), [np.array([s], np.int64) for s in starts])
    best = max(range(len(runs)), key=lambda i: (float(runs[i].scores.max()), -i))
    if asks_yes_no and len(starts) > 1:
        pairs = [(float(run.scores[t]), i, t) for i, run in enumerate(runs) for t in starts if t != starts[i]]
        score, first, target = max(pairs, key=lambda p: (p[0], -p[1], -p[2]))
        if score >= YES:
            return Findings(runs[first].scores, (runs[first],), (starts[first],), 1, target)
        return Findings(runs[best].scores, (runs[best],), (starts[best],), -1)
    if len(starts) > 1:
        together = np.prod([run.scores for run in runs], axis=0)
        if together.max() >= TOGETHER:
            return Findings(together ** (1 / len(runs)), tuple(runs), tuple(starts))
    found, others = runs[best].scores, [start for start in starts if start != starts[best]]
    for topic in others:
        joined = np.zeros_like(found)
        near = np.concatenate([subgraph.heads[subgraph.tails == topic], subgraph.tails[subgraph.heads == topic]])
        joined[near] = found[near]
        if joined.max(initial=0.0) < SHARED * found.max(initial=0.0):
            return Findings(found, (runs[best],), (starts[best],))
        found = joined
    return Findings(found, (runs[best],), (starts[best],), beside=tuple(others))


def _asserted(reader: GraphReader, masked: str, subgraph: Subgraph, starts: Sequence[int]) -> Findings | None:
    """A yes from the statements between two topics, read as if there were no others; None if they do not say so."""
    pairs = [(a, b) for a in starts for b in starts if a != b and _joining(subgraph, a, b)]
    if not pairs:
        return None
    between = [np.array(_joining(subgraph, a, b), np.int64) for a, b in pairs]
    alone = [subgraph.only(statements) for statements in between]
    runs = reader.read([masked] * len(pairs), alone, [np.array([a], np.int64) for a, _ in pairs])
    scores = [float(run.scores[b]) for run, (_, b) in zip(runs, pairs)]
    best = int(np.argmax(scores))
    path = runs[best].path(alone[best], pairs[best][1])
    if scores[best] < YES or not path:
        return None
    joined = int(between[best][path[0]])
    return Findings(runs[best].scores, (runs[best],), (pairs[best][0],), 1, pairs[best][1], joined)


def _joining(subgraph: Subgraph, node: int, topic: int) -> list[int]:
    """Statements between two nodes."""
    forward = (subgraph.heads == node) & (subgraph.tails == topic)
    return np.flatnonzero(forward | (subgraph.tails == node) & (subgraph.heads == topic)).tolist()
