"""By which relations nodes were reached: the best supported walks through a batch of sub-graphs.

Each step of a reasoner carried so much along each edge. A walk is as well supported as the product of the shares that its
edges had in what was carried; in between it may wait (Viterbi, 1967). Walks are walks in the graph, whatever was carried.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgrag.encoding.batch import GraphBatch
from kgrag.types import Floats, Ids

WAITED = -1  # in place of an edge
LEAST = 1e-12  # share of an edge along which nothing was carried

Logs = NDArray[np.float64]


class BestWalks(NamedTuple):
    """Best walks from the starts, of one edge at least.

    Attributes:
        support: Logarithm of the support of the best walk to each node after each step, shape (steps + 1, nodes).
        edges: Its last edge, or `WAITED`, shape (steps + 1, nodes).
        begins: Whether that edge is its first one, shape (steps + 1, nodes).
        heads, columns: Of each edge of the batch, shape (edges,).
    """

    support: Logs
    edges: Ids
    begins: NDArray[np.bool_]
    heads: Ids
    columns: Ids

    def to(self, node: int) -> tuple[int, ...]:
        """Directed relations, as columns of the batch, of the walk to a node; none where no walk leads there."""
        walk: list[int] = []
        if not np.isfinite(self.support[-1, node]):
            return ()
        for step in range(len(self.support) - 1, 0, -1):
            edge = int(self.edges[step, node])
            if edge == WAITED:
                continue
            walk.append(int(self.columns[edge]))
            if self.begins[step, node]:
                break
            node = int(self.heads[edge])
        return tuple(reversed(walk))


def best_walks(batch: GraphBatch, starts: Ids, support: Floats) -> BestWalks:
    """Seeks the best walk to every node.

    Args:
        batch: Sub-graphs.
        starts: Nodes of the union where walks begin.
        support: What each edge carried in each step, shape (steps, edges).
    """
    heads, tails, question = batch.heads.numpy(), batch.tails.numpy(), batch.edge_question.numpy()
    nodes = len(batch.node_question)
    begin = np.full(nodes, -np.inf)
    begin[starts] = 0.0
    logs, edges = np.full((len(support) + 1, nodes), -np.inf), np.full((len(support) + 1, nodes), WAITED)
    begins = np.zeros((len(support) + 1, nodes), np.bool_)
    for step, carried in enumerate(support, start=1):
        total = np.bincount(question, carried, batch.questions)[question]
        share = np.log(np.maximum(carried / np.maximum(total, LEAST), LEAST))
        is_first = begin[heads] >= logs[step - 1][heads]
        come = np.maximum(begin, logs[step - 1])[heads] + share
        logs[step] = logs[step - 1]
        np.maximum.at(logs[step], tails, come)
        moved = np.flatnonzero((come == logs[step][tails]) & (come > logs[step - 1][tails]))[::-1]
        edges[step, tails[moved]] = moved  # of equal ones the first
        begins[step, tails[moved]] = is_first[moved]
    return BestWalks(logs, edges, begins, heads, batch.columns.numpy())
