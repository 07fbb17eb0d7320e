"""Which statements touch a node, in compressed sparse rows, and in lists for those that came later."""

from __future__ import annotations

import numpy as np

from kgrag.graph.arrays import Arrays, ranges, stable_order
from kgrag.types import Ids


class Adjacency:
    """The statements of each node on one side.

    Args:
        order: Statement ids in the order of their nodes, shape (statements,).
        starts: Where each node's begin in ``order``, and where the last node's end, shape (nodes + 1,).
    """

    def __init__(self, order: Ids, starts: Ids) -> None:
        self.order, self.starts = order, starts
        self.covered = len(order)
        self._late: dict[int, list[int]] = {}

    @classmethod
    def of(cls, ends: Ids) -> Adjacency:
        """Sorts statements by their nodes.

        Args:
            ends: Node at that side of each statement, shape (statements,).
        """
        starts = np.zeros(int(ends.max()) + 2 if len(ends) else 1, dtype=np.int64)
        np.cumsum(np.bincount(ends, minlength=len(starts) - 1), out=starts[1:])
        return cls(stable_order(ends), starts)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Adjacency:
        """Takes rows up as they were saved."""
        return cls(arrays["order"], arrays["starts"])

    def arrays(self) -> Arrays:
        """The rows; statements that came later are not in them."""
        return {"order": self.order, "starts": self.starts}

    @property
    def late(self) -> int:
        """How many statements are not in the rows."""
        return self.covered - len(self.order)

    def extend(self, ends: Ids) -> None:
        """Takes the nodes of further statements in, without sorting again."""
        for statement, node in enumerate(ends.tolist(), start=self.covered):
            self._late.setdefault(node, []).append(statement)
        self.covered += len(ends)

    def statements(self, nodes: Ids) -> tuple[Ids, Ids]:
        """The statements of several nodes at once.

        Args:
            nodes: Node ids, shape (n,); a node may occur more than once.

        Returns:
            Statement ids, and for each the position of its node in ``nodes``, both shape (found,), ordered by position
            and then by statement id.
        """
        if len(nodes) == 1:
            found = self._of_one(int(nodes[0]))
            return found, np.zeros(len(found), np.int64)
        last = len(self.starts) - 1  # nodes from there on have no rows
        first = self.starts[np.minimum(nodes, last)]
        places, positions = ranges(first, self.starts[np.minimum(nodes + 1, last)] - first)
        return joined((self.order[places], positions), self.late_of(nodes))

    def late_of(self, nodes: Ids) -> tuple[Ids, Ids]:
        """Those of the statements of several nodes that are not in the rows; as of `statements`."""
        met = enumerate(nodes.tolist()) if self._late else ()
        late = [(self._late[node], place) for place, node in met if node in self._late]
        if not late:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        statements = [np.array(found, np.int64) for found, _ in late]
        return np.concatenate(statements), np.repeat([place for _, place in late], [len(found) for found in statements])

    def counts(self, nodes: Ids) -> Ids:
        """How many statements each of several nodes has, shape (n,)."""
        last = len(self.starts) - 1
        counts = self.starts[np.minimum(nodes + 1, last)] - self.starts[np.minimum(nodes, last)]
        if self._late:
            counts += np.array([len(self._late.get(node, ())) for node in nodes.tolist()], np.int64)
        return counts

    def _of_one(self, node: int) -> Ids:
        rows = self.order[self.starts[node] : self.starts[node + 1]] if node + 1 < len(self.starts) else self.order[:0]
        late = self._late.get(node)
        return np.concatenate([rows, np.array(late, np.int64)]) if late else rows


def joined(one: tuple[Ids, Ids], late: tuple[Ids, Ids]) -> tuple[Ids, Ids]:
    """Statements and positions of nodes, and those that came later, which stay behind the others of their node."""
    if not len(late[0]):
        return one
    positions = np.append(one[1], late[1])
    order = np.argsort(positions, kind="stable")
    return np.append(one[0], late[0])[order], positions[order]
