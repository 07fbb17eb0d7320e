"""Retrieval: the part of the graph around nodes, and the passages nearest to a question."""

from kgrag.retrieval.passages import PassageIndex
from kgrag.retrieval.subgraph import retrieve

__all__ = ["PassageIndex", "retrieve"]
