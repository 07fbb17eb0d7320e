"""Which relations leave a node, in either direction, and where one of them leads: at a cost that no hub raises.

A directed relation is a number: ``2 * r`` for relation ``r`` as it is stated, ``2 * r + 1`` for the same read backwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgrag.types import Ids, Subgraph

if TYPE_CHECKING:
    from kgrag.graph.knowledge_graph import KnowledgeGraph

_LATE = 4_096  # statements that may be sorted apart before all are sorted anew


class Edges(NamedTuple):
    """Statements read in one direction, each array of shape (edges,).

    Attributes:
        origins: The nodes that they leave.
        directed: Their directed relations.
        statements: Their ids.
        targets: The nodes that they lead to.
    """

    origins: Ids
    directed: Ids
    statements: Ids
    targets: Ids


def backwards(directed: int) -> int:
    """The same relation read the other way."""
    return directed ^ 1


class DirectedRows:
    """Statements, each in both directions, sorted by the node and the directed relation that they leave by.

    Args:
        heads: Subject of each statement, shape (statements,).
        relations: Relation of each, shape (statements,).
        tails: Object of each, shape (statements,).
        ids: Id of each, shape (statements,).
    """

    def __init__(self, heads: Ids, relations: Ids, tails: Ids, ids: Ids) -> None:
        origins = np.concatenate([heads, tails])
        directed = np.concatenate([2 * relations, 2 * relations + 1])
        order = np.lexsort((directed, origins))
        origins, directed = origins[order], directed[order]
        count = len(heads)
        self._statements = ids[order % count] if count else ids
        self._targets = np.concatenate([tails, heads])[order]
        changes = (origins[1:] != origins[:-1]) | (directed[1:] != directed[:-1])
        self._starts = np.flatnonzero(np.concatenate([np.ones(min(len(order), 1), bool), changes]))
        self._ends = np.append(self._starts[1:], len(order)) if len(order) else self._starts
        self._origins, self._directed = origins[self._starts], directed[self._starts]  # of each run
        self._there = np.ones(len(self._starts), bool)
        self._alive: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, subgraph: Subgraph) -> DirectedRows:
        """The statements of a sub-graph, under the node ids of the graph."""
        nodes = subgraph.nodes
        return cls(nodes[subgraph.heads], subgraph.relations, nodes[subgraph.tails], subgraph.statements)

    def only(self, alive: NDArray[np.bool_] | None) -> None:
        """Leaves out the statements that are gone.

        Args:
            alive: Whether each statement of the graph is there, by id; None if all are.
        """
        self._alive = None if alive is None or not len(self._starts) else alive[self._statements]
        self._there = np.ones(len(self._starts), bool)
        if self._alive is not None:
            self._there = np.logical_or.reduceat(self._alive, self._starts)

    def leaving(self, nodes: Ids) -> Ids:
        """The directed relations that leave any of the nodes, ascending."""
        runs, _ = self._runs(nodes)
        return np.unique(self._directed[runs[self._there[runs]]])

    def along(self, nodes: Ids, directed: int | None = None) -> Edges:
        """The statements by which the nodes are left.

        Args:
            nodes: Where to start, without repetition.
            directed: The only relation to follow; all where not given.
        """
        runs, places = self._runs(nodes)
        if directed is not None:
            followed = self._directed[runs] == directed
            runs, places = runs[followed], places[followed]
        sizes = self._ends[runs] - self._starts[runs]
        ends = np.cumsum(sizes)
        rows = np.repeat(self._starts[runs] - (ends - sizes), sizes) + np.arange(ends[-1] if len(ends) else 0)
        if self._alive is not None:
            kept = self._alive[rows]
            rows, places, sizes = rows[kept], np.repeat(places, sizes)[kept], np.ones(int(kept.sum()), np.int64)
            runs = np.repeat(runs, self._ends[runs] - self._starts[runs])[kept]
        return Edges(
            np.repeat(nodes[places], sizes),
            np.repeat(self._directed[runs], sizes),
            self._statements[rows],
            self._targets[rows],
        )

    def _runs(self, nodes: Ids) -> tuple[Ids, Ids]:
        """Runs of the nodes, and for each the place of its node."""
        first = np.searchsorted(self._origins, nodes)
        sizes = np.searchsorted(self._origins, nodes, side="right") - first
        ends = np.cumsum(sizes)
        runs = np.repeat(first - (ends - sizes), sizes) + np.arange(ends[-1] if len(ends) else 0)
        return runs, np.repeat(np.arange(len(nodes)), sizes)


class GraphRows:
    """The rows of a whole graph, as current as the graph.

    Args:
        graph: Where a part of it is elsewhere, what is not here yet is fetched as its nodes are left.
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        self._graph = graph
        self._parts: list[DirectedRows] = []  # of all statements, and of those that came later
        self._covered, self._version = 0, -1
        self._numbering: object = None

    def leaving(self, nodes: Ids) -> Ids:
        """See `DirectedRows.leaving`."""
        parts = [part.leaving(nodes) for part in self._current(nodes)]
        return parts[0] if len(parts) == 1 else np.unique(np.concatenate(parts))

    def along(self, nodes: Ids, directed: int | None = None) -> Edges:
        """See `DirectedRows.along`."""
        found = [part.along(nodes, directed) for part in self._current(nodes)]
        return found[0] if len(found) == 1 else Edges(*map(np.concatenate, zip(*found)))

    def _current(self, nodes: Ids) -> list[DirectedRows]:
        graph = self._graph
        if graph.is_partial:
            graph.statements_from(nodes)  # which fetches what they have in both directions
        if graph.version != self._version or graph.numbering is not self._numbering:
            self._refresh()
        return self._parts

    def _refresh(self) -> None:
        graph = self._graph
        count = len(graph.heads)
        late = count - self._covered
        if not self._parts or graph.numbering is not self._numbering or late > max(_LATE, self._covered // 4):
            self._parts, self._covered = [self._rows(np.arange(count))], count
        elif late:
            self._parts[1:] = [self._rows(np.arange(self._covered, count))]
        alive = None
        if graph.num_statements < count:
            alive = np.zeros(count, bool)
            alive[graph.statements] = True
        for part in self._parts:
            part.only(alive)
        self._version, self._numbering = graph.version, graph.numbering

    def _rows(self, ids: Ids) -> DirectedRows:
        graph = self._graph
        return DirectedRows(graph.heads[ids], graph.relations[ids], graph.tails[ids], ids)
