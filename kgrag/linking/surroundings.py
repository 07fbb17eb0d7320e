"""What the text around a mention says of the nodes that it may name."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from kgrag.linking.folding import fold
from kgrag.linking.roots import Roots
from kgrag.types import Floats, Ids
from kgrag.wordings.ways import Ways

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

SURROUNDINGS = ("relation asked for", "words of its classes", "words of its neighbours")
_REACH = 200  # characters on either side of a mention that are read
_NEIGHBOURS = 30  # of a node, in either direction, whose names are read
_NAME = 300  # characters of each
_REMEMBERED = 100_000  # nodes


class _Known(NamedTuple):
    """What is known of a node.

    Attributes:
        relations: That it has, as directed ones: twice the relation, and one more where the node is the object.
        classes: The roots of the names of each of its classes.
        roots: Those of the names of its neighbours.
    """

    relations: Ids
    classes: Sequence[frozenset[str]]
    roots: frozenset[str]


class Surroundings:
    """Reads what stands around mentions.

    Args:
        graph: Of the nodes.
        roots: Of their words.
    """

    def __init__(self, graph: KnowledgeGraph, roots: Roots) -> None:
        self._graph, self._roots = graph, roots
        self._version: int | None = None
        self._relations: list[str] | None = None

    def features(self, text: str, places: Sequence[tuple[int, int]], nodes: Ids) -> Floats:
        """How nodes fit the text around a mention.

        Args:
            text: The text.
            places: Start and end of the mention, wherever it stands.
            nodes: Shape (nodes,).

        Returns:
            Shape (nodes, features).
        """
        found = np.zeros((len(nodes), len(SURROUNDINGS)), np.float32)
        pieces = [(text[max(0, start - _REACH) : start], text[end : end + _REACH]) for start, end in places]
        around = " ".join(part for piece in pieces for part in piece)
        if not any(map(str.isalnum, around)):
            return found
        self._refresh()
        words = self._roots.of(fold(around))
        asked = self._asked_for(words)
        one = self._roots.weight([""])  # what a word tells that no name has
        for row, node in enumerate(nodes.tolist()):
            known = self._about(node)
            shared = self._roots.weight(known.roots & words)
            found[row] = (
                asked[known.relations].max(initial=0),
                max((self._share(one, words) for one in known.classes), default=0),
                shared / (shared + one),
            )
        return found

    def _share(self, roots: frozenset[str], words: frozenset[str]) -> float:
        return self._roots.weight(roots & words) / max(self._roots.weight(roots), 1e-9)

    def _asked_for(self, words: frozenset[str]) -> Floats:
        """How well words fit the ways of asking for each directed relation, 1 for the best; shape (2 * relations,)."""
        rows = [self._rows[word] for word in words if word in self._rows]
        fit = np.asarray(self._ways[rows].sum(axis=0), np.float32).ravel()
        return fit / max(fit.max(initial=0), 1e-9)

    def _about(self, node: int) -> _Known:
        if node not in self._nodes:
            if len(self._nodes) >= _REMEMBERED:
                self._nodes.clear()
            self._nodes[node] = self._read(node)
        return self._nodes[node]

    def _read(self, node: int) -> _Known:
        graph = self._graph
        forward, backward = graph.statements_from([node])[0], graph.statements_to([node])[0]
        directed = np.concatenate([2 * graph.relations[forward], 2 * graph.relations[backward] + 1])
        others = np.concatenate([graph.tails[forward[:_NEIGHBOURS]], graph.heads[backward[:_NEIGHBOURS]]])
        names = [fold(graph.label(other)[:_NAME]) for other in np.unique(others).tolist()]
        classes = [self._roots.of(fold(graph.label(one))) for one in graph.types(node)]
        return _Known(np.unique(directed), classes, frozenset().union(*map(self._roots.of, names)))

    def _refresh(self) -> None:
        self._roots.refresh()
        if self._version != self._graph.version:
            self._version = self._graph.version
            self._nodes: dict[int, _Known] = {}
        if self._relations != self._graph.relation_labels:
            self._relations = list(self._graph.relation_labels)
            self._learn_ways(self._relations)

    def _learn_ways(self, labels: Sequence[str]) -> None:
        """For each word and directed relation: how many of the ways of asking for it have the word, and few for others."""
        ways = Ways(labels)
        shares: list[dict[str, float]] = []
        for label in labels:
            for inverse in (False, True):
                texts = ways.of(((label, inverse),))
                count = Counter(word for text in texts for word in self._roots.of(fold(text.replace("{x}", " "))))
                shares.append({word: (number / len(texts)) ** 0.5 for word, number in count.items()})
        common = Counter(word for one in shares for word in one)
        self._rows = {word: row for row, word in enumerate(common)}
        cells = [
            (self._rows[word], column, share * math.log((len(shares) + 1) / (common[word] + 0.5)))
            for column, one in enumerate(shares)
            for word, share in one.items()
        ]
        rows, columns, values = zip(*cells) if cells else ((), (), ())
        self._ways = sparse.csr_matrix((values, (rows, columns)), (len(self._rows), len(shares)), np.float32)
