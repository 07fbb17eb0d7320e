"""All names of all nodes, by the form in which they are compared."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import count, islice
from typing import TYPE_CHECKING

import numpy as np

from kgrag.linking.bearers import Bearers
from kgrag.linking.folding import fold, fold_all, spaced
from kgrag.linking.packed import Packed
from kgrag.linking.words import QuestionWords

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

LONGEST_LITERAL = 60  # a longer literal is a description, not a name
LONGEST_ALIAS = 200
_AT_ONCE = 50_000  # names that are folded in one go


class AliasIndex:
    """Names of nodes; what is renamed in the graph is taken in by `renew`.

    Args:
        graph: Of the nodes.
        linkable: Tells the nodes whose names count; all by default.
        language: Of the texts.

    Attributes:
        keys: Distinct folded names, in order of first appearance; the place of one is its key.
        names: For each key the nodes that bear it, of very many the best connected; empty where none does any more.
        degrees: Number of statements of each node, shape (nodes,).
        popularity: Logarithm of that, less the mean over all nodes that are no literals, shape (nodes,).
        literal: Whether each node is a literal, shape (nodes,).
        words: Which words make questions over this graph.
    """

    def __init__(
        self, graph: KnowledgeGraph, linkable: Callable[[int], bool] | None = None, language: str = "en"
    ) -> None:
        self._graph, self._linkable = graph, linkable
        self._schema = _schema(graph)
        self.words = QuestionWords(*self._schema, language)
        self._measure()
        keys, nodes, texts = array("q"), array("q"), Packed()
        ids: defaultdict[str, int] = defaultdict(count().__next__)
        named = np.zeros(graph.num_nodes, np.int64)  # how many names each node has
        aliases = graph.aliases()
        while batch := list(islice(aliases, _AT_ONCE)):
            np.add.at(named, [node for _, node in batch], 1)
            folded, of, written = self._taken(batch)
            keys.extend(map(ids.__getitem__, folded))
            nodes.extend(of)
            texts.extend(written)
        self.keys, self._only_name = Packed(ids), named == 1  # which a node is shown by, then
        rows = np.array(keys, np.int64), np.array(nodes, np.int64), texts
        self.names = Bearers(*rows, self._is_preferred, lambda node: self.degrees.item(node))

    def key(self, folded: str) -> int | None:
        """Key of a folded name."""
        return self.keys.find(folded)

    def renew(self, nodes: Iterable[int]) -> bool:
        """Takes the names that nodes have now in the place of those that they had.

        Returns:
            Whether that is enough; not where the words of the schema have changed, by which all names are judged.
        """
        if _schema(self._graph) != self._schema:
            return False
        self._measure()
        nodes = list(nodes)
        self.names.withdraw(nodes)
        self._only_name[[node for node in nodes if node < len(self._only_name)]] = False
        aliases = [(alias, node) for node in nodes for alias in self._graph.names(node)]
        for folded, bearer, written in zip(*self._taken(aliases)):
            key = self.key(folded)
            if key is None:
                key = len(self.keys)
                self.keys.extend([folded])
            self.names.add(key, bearer, written)
        return True

    def _measure(self) -> None:
        graph, statements = self._graph, self._graph.statements
        ends = np.concatenate([graph.heads[statements], graph.tails[statements]])
        self.degrees = np.bincount(ends, minlength=graph.num_nodes)
        self.literal = graph.is_literal
        logs = np.log1p(self.degrees, dtype=np.float32)
        entities = logs[~self.literal]
        self.popularity = logs - (entities.mean() if len(entities) else 0)

    def _taken(self, aliases: Iterable[tuple[str, int]]) -> tuple[list[str], list[int], list[str]]:
        """The names to look for: folded, their nodes, and as they are written."""
        kept = [(alias, node) for alias, node in aliases if self._is_name(alias, node)]
        folded = fold_all([alias for alias, _ in kept])
        kept = [pair for pair, form in zip(kept, folded) if form]
        return [form for form in folded if form], [node for _, node in kept], [spaced(alias) for alias, _ in kept]

    def _is_name(self, alias: str, node: int) -> bool:
        """Whether a text may call a node by this name."""
        if self._linkable is not None and not self._linkable(node):
            return False
        if not (alias.isascii() or _is_unicode(alias)):
            return False
        if not self.literal.item(node):
            return len(alias) <= LONGEST_ALIAS
        return len(alias) <= LONGEST_LITERAL and "\n" not in alias and alias not in ("true", "false")

    def _is_preferred(self, key: int, node: int) -> bool:
        """Whether a name is what a node is shown by."""
        if node < len(self._only_name) and self._only_name.item(node):
            return True
        return fold(self._graph.label(node)) == self.keys[key]


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


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
