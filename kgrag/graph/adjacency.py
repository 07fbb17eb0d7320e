"""Which statements touch a node, in compressed sparse rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from kgrag.errors import GraphError
from kgrag.types import Ids


class Adjacency:
    """The statements of each node on one side.

    Args:
        ends: Node at that side of each statement, shape (statements,).
        num_nodes: How many nodes there are.
    """

    def __init__(self, ends: Ids, num_nodes: int) -> None:
        self._order = np.argsort(ends, kind="stable").astype(np.int64)
        self._start = np.zeros(num_nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(ends, minlength=num_nodes), out=self._start[1:])

    def statements(self, nodes: ArrayLike) -> tuple[Ids, Ids]:
        """The statements of several nodes at once.

        Args:
            nodes: Node ids, shape (n,); a node may occur more than once.

        Returns:
            Statement ids, and for each the position of its node in ``nodes``, both shape (found,), ordered by position
            and then by statement id.

        Raises:
            GraphError: If a node id is out of range.
        """
        nodes = np.asarray(nodes, dtype=np.int64).reshape(-1)
        if len(nodes) and (nodes.min() < 0 or nodes.max() >= len(self._start) - 1):
            raise GraphError(
                f"Node ids {nodes.min()} to {nodes.max()} were asked for.", f"Valid are 0 to {len(self._start) - 2}."
            )
        first = self._start[nodes]
        counts = self._start[nodes + 1] - first
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        within = np.arange(total, dtype=np.int64) - np.repeat(ends - counts, counts)
        positions = np.repeat(np.arange(len(nodes), dtype=np.int64), counts)
        return self._order[np.repeat(first, counts) + within], positions
