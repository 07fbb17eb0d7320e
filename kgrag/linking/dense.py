"""Names by meaning: vectors of a text encoder, searched with FAISS."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from kgrag.linking.candidates import Similar
from kgrag.linking.descriptions import descriptions
from kgrag.linking.folding import fold
from kgrag.progress import track
from kgrag.types import Floats, Ids

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph
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

    What a node is shown by is also found by the node's description.

    Args:
        graph: Of the nodes.
        lexicon: The names; those that came since the last search are encoded with the next.
        encoder: Of names and mentions.
    """

    def __init__(self, graph: KnowledgeGraph, lexicon: Lexicon, encoder: Encoder) -> None:
        self._graph, self._lexicon, self._encoder = graph, lexicon, encoder
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
        return [self._names(zip(*one)) for one in zip(rows.tolist(), scores.tolist())]

    def _names(self, found: Iterable[tuple[int, float]]) -> list[Similar]:
        """Each of the names found that something bears, as near as the nearest of its vectors."""
        best: dict[int, float] = {}
        for row, score in found:
            if row >= 0 and self._lexicon.aliases.names[self._keys[row]] and row in self._rows[self._keys[row]]:
                best.setdefault(self._keys[row], score)
        return [Similar(key, score) for key, score in best.items()]

    def cosines(self, vector: Floats, keys: Sequence[int]) -> Floats:
        """Cosine of a unit vector with each of some names, 0 for those of literals; shape (keys,)."""
        self._refresh()
        found = np.zeros(len(keys), np.float32)
        places = [(at, row) for at, key in enumerate(keys) for row in self._rows.get(key, ())]
        if places:
            at, rows = map(np.asarray, zip(*places))
            found[at] = -1
            np.maximum.at(found, at, self._vectors(rows) @ vector)
        return found

    def _vectors(self, rows: Ids) -> Floats:
        return self._index.reconstruct_batch(rows.astype(np.int64))

    def _refresh(self) -> None:
        aliases = self._lexicon.aliases
        if aliases is not self._aliases:
            self._aliases = aliases
            self._version: int | None = None
            self._keys: list[int] = []  # whose vector each row is
            self._rows: dict[int, list[int]] = {}
            self._described: dict[int, tuple[str, int]] = {}  # by node: its description, and the row of that
            self._index: Any = None
        if self._version == self._lexicon.version:
            return
        self._version = self._lexicon.version
        texts = [(key, aliases.keys[key]) for key in range(len(aliases.keys)) if self._is_new(key)]
        texts += self._new_descriptions(len(self._keys) + len(texts))
        if texts:
            keys, written = zip(*texts)
            self._take(keys, self.encode(written, "Encoding names"))

    def _is_new(self, key: int) -> bool:
        aliases = self._aliases
        return key not in self._rows and any(not aliases.literal[name.node] for name in aliases.names[key])

    def _new_descriptions(self, row: int) -> list[tuple[int, str]]:
        """Names and descriptions to be encoded, the first of them in a row; those that hold no more are dropped."""
        current = descriptions(self._graph)
        for node, (text, old) in list(self._described.items()):
            if current.get(node) != text:
                self._rows[self._keys[old]].remove(old)
                del self._described[node]
        new: list[tuple[int, str]] = []
        for node, text in current.items():
            key = self._aliases.key(fold(self._graph.label(node)))
            if node in self._described or key is None or all(name.node != node for name in self._aliases.names[key]):
                continue
            self._described[node] = text, row + len(new)
            new.append((key, text))
        return new

    def _take(self, keys: Sequence[int], vectors: Floats) -> None:
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
            self._rows.setdefault(key, []).append(len(self._keys))
            self._keys.append(key)
