"""Sub-graphs: the ways of taking one, by name."""

from __future__ import annotations

from typing import Protocol

from kgrag.config import RetrievalConfig
from kgrag.errors import InputError
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval.hops import hops
from kgrag.retrieval.pagerank import pagerank
from kgrag.retrieval.paths import paths
from kgrag.retrieval.relevance import Relevance
from kgrag.retrieval.steiner import steiner
from kgrag.types import Ids, Subgraph


class SubgraphRetriever(Protocol):
    """A way of taking the part of a graph in which the answer to a question should be."""

    def __call__(
        self, graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig, relevance: Relevance | None = None
    ) -> Subgraph:
        """Takes a sub-graph; the same one for the same arguments, and at a cost that follows the budget.

        Args:
            graph: The graph.
            seeds: Node ids; a node may be given twice.
            config: Node budget, and what else bounds the sub-graph.
            relevance: What the labels of the graph have to do with the question.

        Returns:
            Nodes, the seeds first, no more than the budget unless there are more seeds; literals are taken, but nothing is
            reached by way of one. Statements are in the order of their ids. ``seeds`` are the positions of the given nodes,
            in the order in which they were given.

        Raises:
            GraphError: A seed is not a node of the graph.
        """


METHODS: dict[str, SubgraphRetriever] = {"hops": hops, "pagerank": pagerank, "paths": paths, "steiner": steiner}


def retriever_named(method: str) -> SubgraphRetriever:
    """The way of taking sub-graphs that has a name.

    Raises:
        InputError: There is none.
    """
    if method not in METHODS:
        raise InputError(
            f"There is no way to take a sub-graph called {method!r}.",
            f"There are {', '.join(METHODS)}; one that is trained is handed over as retriever=...",
        )
    return METHODS[method]


def retrieve(
    graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig | None = None, relevance: Relevance | None = None
) -> Subgraph:
    """Takes a sub-graph of one version of a graph, by the method that the config names; see `SubgraphRetriever`."""
    config = config or RetrievalConfig()
    with graph.lock:
        return retriever_named(config.method)(graph, seeds, config, relevance)
