"""Parts of long rows: some statements of each relation, read without a look at the others."""

from __future__ import annotations

import numpy as np

from kgrag.graph.adjacency import Adjacency, joined
from kgrag.graph.arrays import Growing, ranges, stable_order
from kgrag.types import Floats, Ids


class Shares:
    """The rows of an adjacency with the statements of each relation together.

    Args:
        rows: The rows; what came later is looked at as a whole.
        relations: Relation of each statement; it may grow.
    """

    def __init__(self, rows: Adjacency, relations: Growing) -> None:
        self.rows, self._relations = rows, relations
        nodes = np.repeat(np.arange(len(rows.starts) - 1), np.diff(rows.starts))
        order = _by_owner_and_relation(nodes, relations.array[rows.order])
        self._order = rows.order[order]
        of_row = relations.array[self._order]
        first = _first_of_groups(nodes, of_row)  # a group: the statements of one node with one relation
        self._kinds = of_row[first]
        self._bounds = np.append(first, len(order))
        self._groups = np.searchsorted(first, rows.starts)  # the first group of each node

    def statements(self, nodes: Ids, most: int, weights: Floats | None = None) -> tuple[Ids, Ids]:
        """Some statements of each node, spread over its relations: at most so many, and as many of those that came later.

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
        starts = self._bounds[groups]
        counts = _limited(self._bounds[groups + 1] - starts, self._kinds[groups], owners, most, weights)
        places, group = ranges(starts, counts)
        return joined((self._order[places], owners[group]), self._late(nodes, most, weights))

    def _late(self, nodes: Ids, most: int, weights: Floats | None) -> tuple[Ids, Ids]:
        late, owners = self.rows.late_of(nodes)
        if not len(late):
            return late, owners
        relations = self._relations.array[late]
        order = _by_owner_and_relation(owners, relations)
        late, owners, relations = late[order], owners[order], relations[order]
        first = _first_of_groups(owners, relations)
        counts = np.diff(np.append(first, len(late)))
        places, _ = ranges(first, _limited(counts, relations[first], owners[first], most, weights))
        return late[places], owners[places]


def _by_owner_and_relation(owners: Ids, relations: Ids) -> Ids:
    by_relation = stable_order(relations)
    return by_relation[stable_order(owners[by_relation])]


def _first_of_groups(owners: Ids, relations: Ids) -> Ids:
    """Where the owner or the relation is another one than before."""
    begins = np.ones(len(owners), np.bool_)
    begins[1:] = (relations[1:] != relations[:-1]) | (owners[1:] != owners[:-1])
    return np.flatnonzero(begins)


def _limited(counts: Ids, relations: Ids, owners: Ids, most: int, weights: Floats | None) -> Ids:
    """Sizes of groups, less for owners that have more than ``most`` in theirs together."""
    long = np.bincount(owners, counts)[owners] > most if len(owners) else np.zeros(0, np.bool_)
    if long.any():
        kinds = relations[long]
        alike = np.ones(len(kinds)) if weights is None else weights[kinds].astype(np.float64)
        counts = counts.copy()
        counts[long] = shared(counts[long], alike, owners[long], most)
    return counts


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
