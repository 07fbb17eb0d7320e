"""Simple paths between nodes, and from nodes on: no node is on a path twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgrag.config import RetrievalConfig
from kgrag.graph import KnowledgeGraph
from kgrag.graph.arrays import ranges, stable_order
from kgrag.retrieval.parts import assemble, best, checked, fitting, in_order, steps
from kgrag.retrieval.relevance import Relevance
from kgrag.types import Ids, Subgraph

KEPT = 3  # paths of one length that are kept for each node of the budget
READ = 10  # statements that are read in either direction for each node of the budget to make paths longer by one

Scores = NDArray[np.float64]


class Paths(NamedTuple):
    """Paths of one length.

    Attributes:
        nodes: Node ids along each path, shape (paths, length + 1).
        statements: Statement ids along each path, in whichever direction, shape (paths, length).
        scores: Sum of the logarithms of the weights of their relations, shape (paths,).
    """

    nodes: Ids
    statements: Ids
    scores: Scores

    @property
    def length(self) -> int:
        """Statements of each path."""
        return self.statements.shape[1]

    def only(self, kept: NDArray) -> Paths:
        """Some of the paths, by position or mask."""
        return Paths(*(column[kept] for column in self))


def paths(graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig, relevance: Relevance | None = None) -> Subgraph:
    """The paths of up to ``config.hops`` statements between any two seeds, then those from the seeds to other nodes.

    Between two seeds the shortest come first. Those to other nodes come in the order of the mean weight of their
    relations, so that a long one which the question points at comes before a short one that it does not. They are all
    there is if the budget suffices, no node has more than ``config.fanout`` statements in one direction (a seed:
    ``config.nodes``), and there are not very many.

    Args:
        graph: The graph.
        seeds: Node ids; a node may be given twice.
        config: Longest path, node budget and fan-out.
        relevance: Of the question.

    Returns:
        The seeds, then the nodes of the paths, path by path, and the statements of the paths.
    """
    first = in_order(checked(graph, seeds))
    search = _Search(graph, config, relevance)
    joining = [block for pair in combinations(first.tolist(), 2) for block in search.between(*pair)]
    leading = [block for seed in first.tolist() for block in search.onward(seed)]
    blocks = joining + leading
    if not blocks:
        return assemble(graph, seeds, first, first[:0], False, config.hops)
    shortest = _order(joining, lambda scores, lengths: lengths - scores / (1 - scores.min()))
    order = np.append(shortest, len(shortest) + _order(leading, lambda scores, lengths: -scores / lengths))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    nodes, node_rank = _flat([block.nodes for block in blocks], rank)
    statements, statement_rank = _flat([block.statements for block in blocks], rank)
    kept, count = fitting(first, nodes, node_rank, config.nodes)
    is_cut = search.is_cut or count < len(order)
    return assemble(graph, seeds, kept, statements[statement_rank < count], is_cut, config.hops)


def paths_between(
    graph: KnowledgeGraph, start: int, end: int, length: int, config: RetrievalConfig | None = None
) -> list[Paths]:
    """The simple paths of up to ``length`` statements from one node to another, the shortest first.

    Args:
        graph: The graph.
        start: Node id.
        end: Node id, another one.
        length: Most statements of a path.
        config: Bounds as of `paths`.

    Raises:
        GraphError: An id is not that of a node.
    """
    first, last = checked(graph, np.array([start, end])).tolist()
    search = _Search(graph, replace(config or RetrievalConfig(), hops=length), None)
    return list(search.between(first, last))


class _Search:
    """Makes paths longer, within bounds; ``is_cut`` says whether any was left out."""

    def __init__(self, graph: KnowledgeGraph, config: RetrievalConfig, relevance: Relevance | None) -> None:
        self.graph, self.config = graph, config
        self.most = KEPT * max(config.nodes, 1)
        self.weights = None if relevance is None else relevance.relations
        self.is_cut = False

    def onward(self, start: int) -> Iterator[Paths]:
        """Paths from a node, by their length."""
        found = self._from(start)
        for _ in range(self.config.hops):
            found = self._longer(found)
            if not len(found.scores):
                return
            yield found

    def between(self, start: int, end: int) -> Iterator[Paths]:
        """Paths from one node to another, by their length: halves from both ends that meet."""
        sides = [self._from(start), self._from(end)]
        for _ in range(self.config.hops):
            side = min((0, 1), key=lambda i: self._cost(sides[i]))
            sides[side] = self._longer(sides[side])
            if not len(sides[side].scores):
                return
            found = self._met(*sides)
            if len(found.scores):
                yield found

    def _from(self, node: int) -> Paths:
        return Paths(np.array([[node]]), np.zeros((1, 0), np.int64), np.zeros(1))

    def _cost(self, found: Paths) -> float:
        """Statements to read to make paths longer."""
        ends = found.nodes[:, -1]
        ends = ends[~self.graph.is_literal[ends]]
        return float(sum(side.sum() for side in self.graph.degrees(ends))) if len(ends) else np.inf

    def _longer(self, found: Paths) -> Paths:
        """Paths that are longer by one statement; literals are not followed."""
        graph = self.graph
        found = found.only(~graph.is_literal[found.nodes[:, -1]])
        ends = found.nodes[:, -1]
        fanout = self.config.fanout if found.length else self.config.nodes
        most = max(min(fanout, READ * self.config.nodes // max(len(ends), 1)), 1)
        if len(ends) and max(side.max() for side in graph.degrees(ends)) > most:
            self.is_cut = True
        statements, far, sources = steps(graph, ends, most, self.weights)
        is_new = (found.nodes[sources] != far[:, None]).all(axis=1)
        statements, far, sources = statements[is_new], far[is_new], sources[is_new]
        scores = found.scores[sources]
        if self.weights is not None:
            scores = scores + np.log(self.weights[graph.relations[statements]])
        kept = self._kept(scores)
        before = found.only(sources[kept])
        return Paths(
            np.column_stack([before.nodes, far[kept]]),
            np.column_stack([before.statements, statements[kept]]),
            scores[kept],
        )

    def _met(self, one: Paths, other: Paths) -> Paths:
        """The paths that are made of two that end at the same node, and are simple."""
        if one.length and other.length:
            one = one.only(~self.graph.is_literal[one.nodes[:, -1]])
        other = other.only(stable_order(other.nodes[:, -1]))
        ends = other.nodes[:, -1]
        first = np.searchsorted(ends, one.nodes[:, -1])
        counts = np.searchsorted(ends, one.nodes[:, -1], side="right") - first
        room = self.most - np.minimum(np.cumsum(counts) - counts, self.most)
        self.is_cut |= bool((counts > room).any())
        right, left = ranges(first, np.minimum(counts, room))
        nodes = np.column_stack([one.nodes[left], other.nodes[right, -2::-1]])
        scores = one.scores[left] + other.scores[right]
        ordered = np.sort(nodes, axis=1)
        simple = np.flatnonzero((ordered[:, 1:] != ordered[:, :-1]).all(axis=1))
        statements = np.column_stack([one.statements[left], other.statements[right, ::-1]])
        kept = simple[self._kept(scores[simple])]
        return Paths(nodes[kept], statements[kept], scores[kept])

    def _kept(self, scores: Scores) -> Ids:
        self.is_cut |= len(scores) > self.most
        return best(scores, self.most)


def _order(blocks: list[Paths], key: Callable[[Scores, Ids], Scores]) -> Ids:
    """The places of all paths, lowest key of score and length first; among equal ones short ones, and each block in its turn."""
    if not blocks:
        return np.zeros(0, np.int64)
    sizes = [len(block.scores) for block in blocks]
    lengths = np.repeat([block.length for block in blocks], sizes)
    turns = np.concatenate([np.arange(size) for size in sizes])
    order = stable_order(lengths * max(sizes) + turns)
    keys = key(np.concatenate([block.scores for block in blocks]), lengths)
    return order[np.argsort(keys[order], kind="stable")]


def _flat(columns: list[Ids], rank: Ids) -> tuple[Ids, Ids]:
    """Entries of rows in the order of the ranks of the rows, and the rank of each."""
    parts = np.split(rank, np.cumsum([len(column) for column in columns])[:-1])
    owners = np.concatenate([np.repeat(part, column.shape[1]) for part, column in zip(parts, columns)])
    order = stable_order(owners)
    return np.concatenate([column.reshape(-1) for column in columns])[order], owners[order]
