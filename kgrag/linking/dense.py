"""Names by meaning: vectors of a text encoder, searched with FAISS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from kgrag.linking.candidates import Similar
from kgrag.progress import track
from kgrag.types import Floats, Ids

if TYPE_CHECKING:
    from kgrag.linking.lexicon import Lexicon

_EXACT = 100_000  # vectors that are compared one by one; more of them by a graph of near ones (HNSW)
_LINKS, _LOOKED_AT = 32, 128  # of that graph: neighbours of a vector, and how many are kept in a search
_AT_ONCE = 4_096  # texts that the progress bar moves by


class Encoder(Protocol):
    """Text to vectors."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Vectors of texts, shape (texts, width)."""
        ...


class DenseNames:
    """The names of nodes that are no literals, by the cosine of their vectors; encoded when first needed.

    Args:
        lexicon: The names; those that came since the last search are encoded with the next.
        encoder: Of names and mentions.
    """

    def __init__(self, lexicon: Lexicon, encoder: Encoder) -> None:
        self._lexicon, self._encoder = lexicon, encoder
        self._aliases: Any = None

    def encode(self, texts: Sequence[str], description: str | None = None) -> Floats:
        """Unit vectors of texts, shape (texts, width), with a progress bar where it has a description."""
        starts: Any = range(0, len(texts), _AT_ONCE)
        parts = [
            np.asarray(self._encoder.encode(texts[start : start + _AT_ONCE]), np.float32)
            for start in (track(starts, description, len(starts)) if description else starts)
        ]
        vectors = np.concatenate(parts)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def similar(self, vectors: Floats, limit: int) -> list[list[Similar]]:
        """The names nearest to each of some unit vectors, nearest first."""
        self._refresh()
        if not self._keys or not len(vectors):
            return [[] for _ in vectors]
        scores, rows = self._index.search(np.ascontiguousarray(vectors), min(limit, len(self._keys)))
        borne = self._lexicon.aliases.names
        return [
            [Similar(self._keys[at], score) for score, at in zip(*one) if at >= 0 and borne[self._keys[at]]]
            for one in zip(scores.tolist(), rows.tolist())
        ]

    def cosines(self, vector: Floats, keys: Sequence[int]) -> Floats:
        """Cosine of a unit vector with each of some names, 0 for those of literals; shape (keys,)."""
        self._refresh()
        found = np.zeros(len(keys), np.float32)
        places = [(at, self._rows[key]) for at, key in enumerate(keys) if key in self._rows]
        if places:
            at, rows = map(np.asarray, zip(*places))
            found[at] = self._vectors(rows) @ vector
        return found

    def _vectors(self, rows: Ids) -> Floats:
        return self._index.reconstruct_batch(rows.astype(np.int64))

    def _refresh(self) -> None:
        aliases = self._lexicon.aliases
        if aliases is not self._aliases:
            self._aliases = aliases
            self._version: int | None = None
            self._keys: list[int] = []
            self._rows: dict[int, int] = {}
            self._index: Any = None
        if self._version == self._lexicon.version:
            return
        self._version = self._lexicon.version
        new = [
            key
            for key in range(len(aliases.keys))
            if key not in self._rows and any(not aliases.literal[name.node] for name in aliases.names[key])
        ]
        if new:
            self._take(new, self.encode([aliases.keys[key] for key in new], "Encoding names"))

    def _take(self, keys: list[int], vectors: Floats) -> None:
        import faiss

        total, width = len(self._keys) + len(keys), vectors.shape[1]
        if self._index is None or len(self._keys) <= _EXACT < total:
            if self._keys:
                vectors = np.concatenate([self._vectors(np.arange(len(self._keys))), vectors])
            if total <= _EXACT:
                self._index = faiss.IndexFlatIP(width)
            else:
                self._index = faiss.IndexHNSWFlat(width, _LINKS, faiss.METRIC_INNER_PRODUCT)
                self._index.hnsw.efSearch = _LOOKED_AT
        self._index.add(np.ascontiguousarray(vectors))
        for key in keys:
            self._rows[key] = len(self._keys)
            self._keys.append(key)
