"""Which nodes bear a name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kgrag.graph.adjacency import Adjacency
from kgrag.graph.arrays import Arrays, Growing, prefixed, without
from kgrag.graph.dictionary import Dictionary
from kgrag.graph.terms import normalise, normalise_all
from kgrag.types import Ids


class NameIndex:
    """Nodes by normalised name; names are added, but never taken away: who asks checks what is found.

    Args:
        names: Normalised names.
        ids: For each pair of a name and a node that bears it, the name, shape (pairs,).
        nodes: For each pair the node, shape (pairs,).
        pairs: The pairs of each name, where they are sorted already.
    """

    def __init__(self, names: Dictionary, ids: Ids, nodes: Ids, pairs: Adjacency | None = None) -> None:
        self._names, self._ids, self._nodes = names, Growing(ids), Growing(nodes)
        self._pairs = pairs or Adjacency.of(ids)

    @classmethod
    def of(cls, texts: Sequence[str], nodes: Ids) -> NameIndex:
        """Indexes names as they are written, one for each of the nodes."""
        names = Dictionary()
        ids = names.adding
        return cls(names, np.array([ids[name] for name in normalise_all(texts)], np.int64), nodes)

    def find(self, text: str) -> list[int]:
        """Nodes that bear a name, or bore it; by id."""
        name = self._names.get(normalise(text))
        if name is None:
            return []
        pairs, _ = self._pairs.statements(np.array([name]))
        return np.unique(self._nodes.array[pairs]).tolist()

    def add(self, text: str, node: int) -> None:
        """Adds a name of a node."""
        if node not in self.find(text):
            id = np.array([self._names.add(normalise(text))])
            self._ids.extend(id)
            self._nodes.extend(np.array([node]))
            self._pairs.extend(id)

    def arrays(self) -> Arrays:
        """What `from_arrays` takes."""
        pairs = Adjacency.of(self._ids.array) if self._pairs.late else self._pairs
        return {
            **prefixed("names", self._names.arrays()),
            "ids": self._ids.array,
            "nodes": self._nodes.array,
            **prefixed("pairs", pairs.arrays()),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> NameIndex:
        """Takes an index up as it was saved."""
        pairs = Adjacency.from_arrays(without("pairs", arrays))
        return cls(Dictionary(without("names", arrays)), arrays["ids"], arrays["nodes"], pairs)
