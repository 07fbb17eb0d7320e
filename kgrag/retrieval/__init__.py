"""Retrieval: the part of the graph around nodes, and the passages nearest to a question."""

from kgrag.retrieval.passages import PassageIndex, Reranker
from kgrag.retrieval.passages.expansion import Expansion, expand
from kgrag.retrieval.relevance import EncodedLabels, Relevance
from kgrag.retrieval.scorer import TripleScorer
from kgrag.retrieval.subgraph import SubgraphRetriever, retrieve, retriever_named

__all__ = [
    "EncodedLabels",
    "Expansion",
    "PassageIndex",
    "Relevance",
    "Reranker",
    "SubgraphRetriever",
    "TripleScorer",
    "expand",
    "retrieve",
    "retriever_named",
]
