"""All names of all nodes, by the form in which they are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kgrag.linking.folding import fold, spaced
from kgrag.linking.words import QuestionWords

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

LONGEST_LITERAL = 60  # a longer literal is a description, not a name
LONGEST_ALIAS = 200
MOST_BEARERS = 100  # nodes that a name may stand for; of more, which are meant cannot be told


class Name(NamedTuple):
    """One name of one node."""

    node: int
    text: str
    preferred: bool


class AliasIndex:
    """Names of nodes; what is renamed in the graph is taken in by `renew`.

    Args:
        graph: Of the nodes.
        linkable: Tells the nodes whose names count; all by default.
        language: Of the texts.

    Attributes:
        keys: Distinct folded names, in order of first appearance.
        names: For each key the nodes that bear it, of very many the best connected; empty where none does any more.
        degrees: Number of statements of each node, shape (nodes,).
        literal: Whether each node is a literal, shape (nodes,).
        words: Which words make questions over this graph.
    """

    def __init__(
        self, graph: KnowledgeGraph, linkable: Callable[[int], bool] | None = None, language: str = "en"
    ) -> None:
        self._graph, self._linkable = graph, linkable
        self._schema = _schema(graph)
        self._ids: dict[str, int] = {}
        self._keys_of: dict[int, list[int]] | None = None
        self.words = QuestionWords(*self._schema, language)
        self.keys: list[str] = []
        self.names: list[list[Name]] = []
        self._crowded: set[int] = set()  # keys that more nodes bear than are kept
        self._measure()
        labels, literal = graph.labels, self.literal.tolist()
        for alias, node in graph.aliases():
            self._take(alias, node, labels[node], literal[node])
        self._thin_out()

    def key(self, folded: str) -> int | None:
        """Key of a folded name."""
        return self._ids.get(folded)

    def renew(self, nodes: Iterable[int]) -> bool:
        """Takes the names that nodes have now in the place of those that they had.

        Returns:
            Whether that is enough; not where the words of the schema have changed, by which all names are judged, nor where
            a name is taken away whose bearers are not all known.
        """
        if _schema(self._graph) != self._schema:
            return False
        self._measure()
        if self._keys_of is None:
            self._keys_of = {}
            for key, names in enumerate(self.names):
                for name in names:
                    self._keys_of.setdefault(name.node, []).append(key)
        for node in nodes:
            aliases = self._graph.names(node)
            kept = {self.key(fold(alias)) for alias in aliases}
            if any(key in self._crowded and key not in kept for key in self._keys_of.get(node, ())):
                return False
            for key in self._keys_of.pop(node, ()):
                self.names[key] = [name for name in self.names[key] if name.node != node]
            label = self._graph.label(node)
            for alias in aliases:
                taken = self._take(alias, node, label, bool(self.literal[node]))
                if taken is not None:
                    self._keys_of.setdefault(node, []).append(taken)
        self._thin_out()
        return True

    def _thin_out(self) -> None:
        """Keeps the best connected of the nodes that bear the same name, where they are very many."""
        for key in self._crowded:
            best = nlargest(MOST_BEARERS, self.names[key], lambda name: (self.degrees[name.node], -name.node))
            self.names[key] = sorted(best)

    def _measure(self) -> None:
        graph, statements = self._graph, self._graph.statements
        ends = np.concatenate([graph.heads[statements], graph.tails[statements]])
        self.degrees = np.bincount(ends, minlength=graph.num_nodes)
        self.literal = graph.is_literal

    def _take(self, alias: str, node: int, label: str, is_literal: bool) -> int | None:
        """Takes a name of a node in; gives its key, None where it is no name to look for."""
        if self._linkable is not None and not self._linkable(node):
            return None
        if len(alias) > (LONGEST_LITERAL if is_literal else LONGEST_ALIAS):
            return None
        if is_literal and ("\n" in alias or alias in ("true", "false")):
            return None
        folded = fold(alias)
        if not folded:
            return None
        key = self._ids.setdefault(folded, len(self._ids))
        if key == len(self.keys):
            self.keys.append(folded)
            self.names.append([])
        self.names[key].append(Name(node, spaced(alias), alias == label or fold(label) == folded))
        if len(self.names[key]) > MOST_BEARERS:
            self._crowded.add(key)
        return key


def _schema(graph: KnowledgeGraph) -> tuple[frozenset[str], frozenset[str]]:
    """Labels of the relations and of the classes."""
    return frozenset(graph.relation_labels), frozenset(_class_labels(graph))


def _class_labels(graph: KnowledgeGraph) -> list[str]:
    """Labels of the objects of rdf:type."""
    for relation in range(graph.num_relations):
        if graph.relation_iri(relation) == "http://www.w3.org/1999/02/22-rdf-syntax-ns#type":
            statements = graph.statements
            kept = statements[graph.relations[statements] == relation]
            return [graph.label(int(node)) for node in np.unique(graph.tails[kept])]
    return []
