"""The classes of a graph that have members, by what they are called."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kgrag.graph import KnowledgeGraph, normalise
from kgrag.wordings.english import head_noun


class ClassNames:
    """Names of the classes of one graph; read from it again when it has changed.

    Args:
        graph: The graph.
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        self.graph = graph
        self._version = -1
        self._nodes: frozenset[int] = frozenset()
        self._full: dict[str, frozenset[int]] = {}
        self._nouns: dict[str, frozenset[int]] = {}

    def nodes(self) -> frozenset[int]:
        """The classes themselves, those without a name too."""
        self._read()
        return self._nodes

    def full(self) -> Mapping[str, frozenset[int]]:
        """Classes by their names, normalised."""
        self._read()
        return self._full

    def named(self, name: str) -> frozenset[int]:
        """The classes of a name, or whose name has it for its noun: "article" of "Article of an act".

        Args:
            name: The name, normalised.
        """
        self._read()
        return self._full.get(name, frozenset()) | self._nouns.get(name, frozenset())

    def _read(self) -> None:
        graph = self.graph
        if self._version == graph.version:
            return
        version, statements = graph.version, graph.statements
        full: dict[str, frozenset[int]] = {}
        nouns: dict[str, frozenset[int]] = {}
        classes = np.unique(
            graph.tails[statements[np.isin(graph.relations[statements], graph.type_relations())]]
        ).tolist()
        for node in classes:
            for name in map(normalise, graph.names(node)):
                full[name] = full.get(name, frozenset()) | {node}
                nouns[head_noun(name)] = nouns.get(head_noun(name), frozenset()) | {node}
        self._nodes, self._full, self._nouns, self._version = frozenset(classes), full, nouns, version
