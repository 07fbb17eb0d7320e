"""Parts of long rows: some statements of each relation, read without a look at the others."""

from __future__ import annotations

import numpy as np

from kgrag.graph.adjacency import Adjacency
from kgrag.graph.arrays import ranges, stable_order
from kgrag.types import Floats, Ids


class Shares:
    """The rows of an adjacency with the statements of each relation together.

    Args:
        rows: The rows; those that come later are not in here.
        relations: Relation of each statement, shape (statements,).
    """

    def __init__(self, rows: Adjacency, relations: Ids) -> None:
        self.rows = rows
        of_row = relations[rows.order]
        by_relation = stable_order(of_row)
        nodes = np.repeat(np.arange(len(rows.starts) - 1), np.diff(rows.starts))
        order = by_relation[stable_order(nodes[by_relation])]
        self._order = rows.order[order]
        of_row = of_row[order]
        begins = np.ones(len(order), np.bool_)
        begins[1:] = (of_row[1:] != of_row[:-1]) | (nodes[1:] != nodes[:-1])
        first = np.flatnonzero(begins)
        self._relations = of_row[first]  # of each group: the statements of one node with one relation
        self._bounds = np.append(first, len(order))
        self._groups = np.searchsorted(first, rows.starts)  # the first group of each node

    def statements(self, nodes: Ids, most: int, weights: Floats | None = None) -> tuple[Ids, Ids]:
        """At most so many statements of each node, spread over its relations; those that came later come on top.

        Args:
            nodes: Node ids, shape (n,).
            most: How many of one node.
            weights: Share of each relation beside another, above 0, shape (relations,); all alike where not given.

        Returns:
            As `Adjacency.statements`, but the statements of a node are in the order of their relations.
        """
        last = len(self._groups) - 1  # nodes from there on have no rows
        first = self._groups[np.minimum(nodes, last)]
        groups, owners = ranges(first, self._groups[np.minimum(nodes + 1, last)] - first)
        counts = self._bounds[groups + 1] - self._bounds[groups]
        long = np.bincount(owners, counts, len(nodes))[owners] > most
        if long.any():
            relations = self._relations[groups[long]]
            alike = np.ones(len(relations)) if weights is None else weights[relations].astype(np.float64)
            counts[long] = shared(counts[long], alike, owners[long], most)
        places, group = ranges(self._bounds[groups], counts)
        return self.rows.with_late(nodes, self._order[places], owners[group], most)


def shared(counts: Ids, weights: np.ndarray, owners: Ids, most: int) -> Ids:
    """How many of each group are taken so that every owner has ``most``: in proportion to weights, and no more than there are.

    What a small group leaves goes to the others of its owner (weighted max-min fairness).

    Args:
        counts: Size of each group, shape (groups,); the groups of one owner are together, and more than ``most``.
        weights: Shape (groups,).
        owners: Shape (groups,).
        most: Sum of what is taken for each owner.
    """
    order = np.lexsort((counts / weights, owners))
    counts, weights, owners = counts[order], weights[order], owners[order]
    starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
    sizes = np.diff(np.append(starts, len(owners)))

    def before(values: np.ndarray) -> np.ndarray:
        """Sum of what comes before each within its owner."""
        sums = np.cumsum(values) - values
        return sums - np.repeat(sums[starts], sizes)

    weight = np.repeat(np.add.reduceat(weights, starts), sizes) - before(weights)
    # The level if all groups before one are taken whole; it rises as long as that is so, so that the highest one holds.
    level = np.maximum.reduceat((most - before(counts)) / weight, starts)
    share = np.minimum(counts, weights * np.repeat(level, sizes))
    taken = np.empty_like(counts)
    taken[order] = np.diff(np.floor(np.cumsum(share) + 1e-6), prepend=0.0)
    return taken
