"""Which relations things of one sort may have: what nobody of a sort has is not asked of it in vain, but not asked at all."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from kgrag.graph import KnowledgeGraph
from kgrag.types import Ids


class Sorts:
    """The sorts of nodes of one graph: by their classes, and without any by the relations that they share with others.

    Args:
        graph: The graph; what is known is read anew when it has changed.
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        self.graph = graph
        self._version = -1
        self._types: Ids = np.zeros(0, np.int64)
        self._classes = self._of_class = self._beside = csr_array((0, 0), dtype=np.int32)

    def may_have(self, nodes: Ids, there: Ids) -> Ids:
        """Directed relations that nodes of the same sort have, ascending.

        Args:
            nodes: Node ids.
            there: Directed relations that leave them.
        """
        graph = self.graph
        if graph.is_partial:  # what is not here yet may have any
            return np.arange(2 * graph.num_relations)
        typed = self.of_class(nodes)
        there = there[(there < self._beside.shape[0]) & ~np.isin(there >> 1, self._types)]
        return np.union1d(typed if len(typed) else self._beside[there].indices, there)

    def of_class(self, nodes: Ids) -> Ids:
        """Directed relations that members of the classes of nodes have; none where these have no class.

        Args:
            nodes: Node ids.
        """
        if self.graph.is_partial:
            return np.zeros(0, np.int64)
        self._read()
        classes = self._classes[nodes[nodes < self._classes.shape[0]]].indices
        return np.unique(self._of_class[classes].indices).astype(np.int64)

    def _read(self) -> None:
        graph = self.graph
        if self._version == graph.version:
            return
        version, ids = graph.version, graph.statements
        heads, relations, tails = graph.heads[ids], graph.relations[ids].astype(np.int64), graph.tails[ids]
        self._types = graph.type_relations()
        typing = np.isin(relations, self._types)
        width, count = 2 * graph.num_relations, graph.num_nodes
        origins = np.concatenate([heads, tails[~typing]])
        directed = np.concatenate([2 * relations, 2 * relations[~typing] + 1])
        leaving = _pattern(origins, directed, (count, width))
        self._classes = _pattern(heads[typing], tails[typing], (count, count))
        self._of_class = csr_array(self._classes.T @ leaving)
        untyped = leaving[np.flatnonzero(np.diff(self._classes.indptr) == 0)]
        self._beside = csr_array(untyped.T @ untyped)
        self._version = version


def _pattern(rows: Ids, columns: Ids, shape: tuple[int, int]) -> csr_array:
    """Ones at some places, each once however often it is given."""
    found = csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)
    found.sum_duplicates()
    found.data[:] = 1
    return found
