"""Which nodes the mentions of a text mean together: nodes that the graph joins go with one another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from kgrag.linking.ranking import Ranker, Weighed
from kgrag.types import Floats, Ids

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph
    from kgrag.linking.lexicon import Lexicon

TIES = ("the same node", "neighbours", "shared neighbours")
_HUB = 1_000  # statements from which a node's neighbours say nothing of it
_FIRST = 8  # nodes of a mention that are tried with those of the others
_TRIED = 4_096  # most combinations that are all tried
_ROUNDS = 5


class Coherence:
    """How well nodes go together.

    Args:
        graph: Of the nodes.
        lexicon: Knows how many statements each has.
    """

    def __init__(self, graph: KnowledgeGraph, lexicon: Lexicon) -> None:
        self._graph, self._lexicon = graph, lexicon

    def ties(self, nodes: Ids, others: Ids) -> Floats:
        """Whether nodes are the same, are joined, and how many neighbours they share (Adamic and Adar 2003, at most 1).

        Of hubs, neighbours do not count as shared. Shape (nodes, others, ties).
        """
        found = np.zeros((len(nodes), len(others), len(TIES)), np.float32)
        if not found.size:
            return found
        distinct, places = np.unique(np.concatenate([nodes, others]), return_inverse=True)
        rows, columns = places[: len(nodes)], places[len(nodes) :]
        around, weights = self._neighbours(distinct)
        joined = around[:, distinct]
        joined = (joined + joined.T).toarray() > 0
        shared = (weights @ around.T).toarray().clip(max=1)
        same = rows[:, None] == columns
        found[..., 0] = same
        found[..., 1] = joined[np.ix_(rows, columns)] & ~same
        found[..., 2] = shared[np.ix_(rows, columns)] * ~same
        return found

    def chosen(self, ranker: Ranker, mentions: Sequence[Weighed]) -> list[int | None]:
        """The best combination of nodes, one a mention or None: by the sum of scores and of each node's best ties with the others.

        Where the combinations of likely nodes are few, all are compared; else each mention in turn takes the best node, given
        the others, until none changes.
        """
        kept = [np.argsort(-one.scores, kind="stable")[:_FIRST] for one in mentions]
        owner = np.repeat(np.arange(len(mentions)), [len(rows) for rows in kept])
        if not len(owner):
            return [None for _ in mentions]
        nodes = np.concatenate([one.nodes[rows] for one, rows in zip(mentions, kept)])
        ties = self.ties(nodes, nodes) * (owner[:, None] != owner)[..., None]
        ties = np.pad(ties, ((0, 1), (0, 1), (0, 0)))  # the last stands for nothing, which has no ties
        scores = [np.append(one.scores[rows], one.nothing) for one, rows in zip(mentions, kept)]
        choices = [np.append(np.flatnonzero(owner == at), len(nodes)) for at in range(len(mentions))]
        search = _of_all if prod(map(len, choices)) <= _TRIED else _in_turn
        return [int(nodes[at]) if at < len(nodes) else None for at in search(scores, choices, ties, ranker.ties)]

    def _neighbours(self, nodes: Ids) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """Which nodes are neighbours of each, shape (nodes, all nodes): as ones, and the rarer the more."""
        degrees = self._lexicon.aliases.degrees
        degrees = np.pad(degrees, (0, self._graph.num_nodes - len(degrees)))  # those that came since have few
        ordinary = np.flatnonzero(degrees[nodes] < _HUB)
        found, rows = self._graph.neighbours(nodes[ordinary])
        shape, place = (len(nodes), self._graph.num_nodes), (ordinary[rows], found)
        ones = sparse.csr_matrix((np.ones(len(found), np.float32), place), shape)
        return ones, sparse.csr_matrix((1 / np.log(degrees[found] + 2.0), place), shape)


def _of_all(scores: Sequence[Floats], choices: Sequence[Ids], ties: Floats, weights: Floats) -> list[int]:
    places = np.array(list(product(*(range(len(one)) for one in choices))))
    total = np.zeros(len(places))
    taken = np.stack([one[places[:, at]] for at, one in enumerate(choices)], axis=1)
    for at, one in enumerate(scores):
        total += one[places[:, at]] + ties[taken[:, at, None], taken].max(axis=1) @ weights
    return taken[total.argmax()].tolist()


def _in_turn(scores: Sequence[Floats], choices: Sequence[Ids], ties: Floats, weights: Floats) -> list[int]:
    taken = np.array([one[score.argmax()] for one, score in zip(choices, scores)])
    for _ in range(_ROUNDS):
        before = taken.copy()
        for at, (one, score) in enumerate(zip(choices, scores)):
            taken[at] = one[(score + ties[one[:, None], taken].max(axis=1) @ weights).argmax()]
        if (before == taken).all():
            break
    return taken.tolist()
