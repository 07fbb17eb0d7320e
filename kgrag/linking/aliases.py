"""All names of all nodes, by the form in which they are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kgrag.linking.folding import fold, spaced
from kgrag.linking.words import QuestionWords

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

LONGEST_LITERAL = 60  # a longer literal is a description, not a name
LONGEST_ALIAS = 200


class Name(NamedTuple):
    """One name of one node."""

    node: int
    text: str
    preferred: bool


class AliasIndex:
    """Names of nodes.

    Attributes:
        keys: Distinct folded names, in order of first appearance.
        names: For each key the nodes that bear it.
        degrees: Number of statements of each node, shape (nodes,).
        literal: Whether each node is a literal, shape (nodes,).
        words: Which words make questions over this graph.
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        nodes = graph.num_nodes
        self.degrees = np.bincount(graph.heads, minlength=nodes) + np.bincount(graph.tails, minlength=nodes)
        self.literal = graph.is_literal
        self.words = QuestionWords(graph.relation_labels, _class_labels(graph))
        literal = self.literal.tolist()
        ids: dict[str, int] = {}
        self.keys: list[str] = []
        self.names: list[list[Name]] = []
        for alias, node in graph.aliases():
            if len(alias) > (LONGEST_LITERAL if literal[node] else LONGEST_ALIAS):
                continue
            if literal[node] and ("\n" in alias or alias in ("true", "false")):
                continue
            key = fold(alias)
            if not key:
                continue
            label = graph.label(node)
            place = ids.setdefault(key, len(ids))
            if place == len(self.keys):
                self.keys.append(key)
                self.names.append([])
            self.names[place].append(Name(node, spaced(alias), label == alias or fold(label) == key))


def _class_labels(graph: KnowledgeGraph) -> list[str]:
    """Labels of the objects of rdf:type."""
    for relation in range(graph.num_relations):
        if graph.relation_iri(relation) == "http://www.w3.org/1999/02/22-rdf-syntax-ns#type":
            return [graph.label(int(node)) for node in np.unique(graph.tails[graph.relations == relation])]
    return []
