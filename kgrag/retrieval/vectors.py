"""Search by vectors, with FAISS: exact up to 100,000 of them, by inverted lists beyond."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kgrag.types import Floats

EXACT = 100_000
PROBES = 16


class VectorIndex:
    """Numbered vectors, searched by cosine, inner product or Euclidean distance.

    Args:
        width: Length of a vector.
        metric: ``"cosine"``, ``"dot"`` or ``"l2"``.
    """

    def __init__(self, width: int, metric: str) -> None:
        self.width, self.metric = width, metric
        self._vectors = np.zeros((0, width), np.float32)  # the row is the number; gaps are zero
        self._live = np.zeros(0, bool)
        self._index: Any = None
        self._exact = True

    def add(self, rows: Sequence[int], vectors: Floats) -> None:
        """Adds vectors under numbers that were not used before.

        Args:
            rows: Their numbers.
            vectors: Shape (rows, width).
        """
        if not len(rows):
            return
        size = max(len(self._live), max(rows) + 1)
        self._vectors = np.concatenate([self._vectors, np.zeros((size - len(self._vectors), self.width), np.float32)])
        self._live = np.concatenate([self._live, np.zeros(size - len(self._live), bool)])
        self._vectors[rows] = vectors
        self._live[rows] = True
        if self._index is None or (self._exact and self._live.sum() > EXACT):
            self._rebuild()
        else:
            self._index.add_with_ids(self._prepared(vectors), np.asarray(rows, np.int64))

    def remove(self, rows: Sequence[int]) -> None:
        """Removes vectors."""
        if len(rows):
            self._live[rows] = False
            self._index.remove_ids(np.asarray(rows, np.int64))

    def search(self, vector: Floats, limit: int) -> list[int]:
        """Numbers of the nearest vectors, best first."""
        if self._index is None:
            return []
        scores, found = self._index.search(self._prepared(vector[None]), limit)
        scores = scores[0] if self.metric == "l2" else -scores[0]
        return [int(row) for _, row in sorted(zip(scores.tolist(), found[0].tolist())) if row >= 0]

    def cosines(self, vector: Floats, rows: Sequence[int]) -> Floats:
        """Cosine of a vector with those under numbers, shape (rows,)."""
        return _unit(self._vectors[list(rows)]) @ _unit(vector[None])[0]

    def vectors(self, rows: Sequence[int]) -> Floats:
        """The vectors under numbers, as they were added, shape (rows, width)."""
        return self._vectors[list(rows)]

    def _prepared(self, vectors: Floats) -> Floats:
        vectors = np.ascontiguousarray(vectors, np.float32)
        return _unit(vectors) if self.metric == "cosine" else vectors

    def _rebuild(self) -> None:
        import faiss

        rows = np.flatnonzero(self._live)
        prepared = self._prepared(self._vectors[rows])
        metric = faiss.METRIC_L2 if self.metric == "l2" else faiss.METRIC_INNER_PRODUCT
        self._exact = len(rows) <= EXACT
        if self._exact:
            index: Any = faiss.IndexIDMap2(faiss.IndexFlat(self.width, metric))
        else:
            # One byte a dimension: a quarter of the memory, and nearly the same nearest vectors.
            index = faiss.index_factory(self.width, f"IVF{4 * int(len(rows) ** 0.5)},SQ8", metric)
            index.nprobe = PROBES
            index.train(prepared)
        index.add_with_ids(prepared, rows)
        self._index = index


def _unit(vectors: Floats) -> Floats:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
