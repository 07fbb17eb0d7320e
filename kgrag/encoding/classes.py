"""The classes of a graph that have members, by what they are called."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kgrag.graph import KnowledgeGraph, normalise
from kgrag.graph.vocabulary import TYPE_PROPERTIES
from kgrag.wordings.english import head_noun


class ClassNames:
    """Names of the classes of one graph; read from it again when it has changed.

    Args:
        graph: The graph.
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        self.graph = graph
        self._version = -1
        self._full: dict[str, frozenset[int]] = {}
        self._nouns: dict[str, frozenset[int]] = {}

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
        typed = [r for r in range(graph.num_relations) if graph.relation_iri(r) in TYPE_PROPERTIES]
        full: dict[str, frozenset[int]] = {}
        nouns: dict[str, frozenset[int]] = {}
        for node in np.unique(graph.tails[statements[np.isin(graph.relations[statements], typed)]]).tolist():
            for name in map(normalise, graph.names(node)):
                full[name] = full.get(name, frozenset()) | {node}
                nouns[head_noun(name)] = nouns.get(head_noun(name), frozenset()) | {node}
        self._full, self._nouns, self._version = full, nouns, version
