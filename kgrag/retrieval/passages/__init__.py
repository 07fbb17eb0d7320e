"""Passages: an index that finds them by meaning (FAISS), by words (BM25) and by the nodes that they name."""

from kgrag.retrieval.passages.index import PassageIndex

__all__ = ["PassageIndex"]
