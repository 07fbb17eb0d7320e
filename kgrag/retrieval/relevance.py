"""How relevant the relations and the nodes of a graph are to a question, by their labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from kgrag.graph import KnowledgeGraph, normalise
from kgrag.graph.arrays import Growing
from kgrag.types import Floats, Ids, TextEncoder

# Chosen on train questions of MetaQA and PathQuestion: see benchmarks/retrieval.py.
SHARPNESS = 6.0  # a relation that is less similar by 0.1 weighs about half as much
LEAST = 0.05  # weight of the least relevant relation beside the most relevant one
REMEMBERED = 200_000  # encoded nodes


class EncodedLabels:
    """Encoded labels of one graph: those of relations at once, those of nodes as they are asked for; anew when it changes.

    Args:
        graph: The graph.
        encoder: Encodes texts.
    """

    def __init__(self, graph: KnowledgeGraph, encoder: TextEncoder) -> None:
        self.graph, self.encoder = graph, encoder
        self._version = -1

    @property
    def relations(self) -> Floats:
        """Unit vectors of all relations, shape (num_relations, width)."""
        self._refresh()
        return self._relations

    def nodes(self, nodes: Ids) -> Floats:
        """Unit vectors of nodes, shape (n, width)."""
        self._refresh()
        width = self.encoder.width
        if len(self._vectors) > REMEMBERED * width:
            self._forget_nodes()
        new = np.unique(nodes[self._rows[nodes] < 0])
        self._rows[new] = len(self._vectors) // width + np.arange(len(new))
        self._vectors.extend(self._encode([self.graph.label(node) for node in new.tolist()]).reshape(-1))
        return self._vectors.array.reshape(-1, width)[self._rows[nodes]]

    def relevance(self, question: str) -> Relevance:
        """What the labels have to do with a question; its mentions should be masked."""
        return Relevance(question, self)

    def _refresh(self) -> None:
        if self._version != self.graph.version:
            self._version = self.graph.version
            self._relations = self._encode(self.graph.relation_labels)
            self._forget_nodes()

    def _forget_nodes(self) -> None:
        self._rows = np.full(self.graph.num_nodes, -1, np.int32)  # which of the vectors is that of each node
        self._vectors = Growing(np.zeros(0, np.float32))

    def _encode(self, labels: Sequence[str]) -> Floats:
        return self.encoder.encode([normalise(label) for label in labels])


class Relevance:
    """How relevant the parts of a graph are to one question; each figure is computed when it is first needed.

    Args:
        question: Its mentions should be masked.
        labels: Of the graph.
    """

    def __init__(self, question: str, labels: EncodedLabels) -> None:
        self.question, self.labels = question, labels

    @cached_property
    def encoding(self) -> Floats:
        """Unit vector of the question, shape (width,)."""
        return self.labels.encoder.encode([self.question])[0]

    @cached_property
    def relations(self) -> Floats:
        """Weight of each relation, from `LEAST` to 1 for the most relevant one, shape (num_relations,).

        A relation is as similar to the question as to the word of it that it is most similar to, in its context (late
        interaction: Khattab and Zaharia, SIGIR 2020): a question of several steps names several relations. A label has no
        direction, and neither has a weight.
        """
        tokens, mask = self.labels.encoder.tokens([self.question])
        words = tokens[0][mask[0]][1:-1].numpy()  # without the special tokens at both ends
        labels = self.labels.relations
        if not len(words) or not len(labels):
            return np.ones(len(labels), np.float32)
        similarity = (words / np.linalg.norm(words, axis=1, keepdims=True) @ labels.T).max(axis=0)
        return np.exp(SHARPNESS * (similarity - similarity.max())).clip(LEAST).astype(np.float32)

    def nodes(self, nodes: Ids) -> Floats:
        """Cosine of the question with the label of each node, shape (n,)."""
        return self.labels.nodes(nodes) @ self.encoding
