"""The part of a graph that a prize-collecting Steiner tree spans, over dense scores (G-Retriever: He et al., NeurIPS 2024)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from kgrag.config import RetrievalConfig
from kgrag.errors import ModelError
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval.pagerank import pagerank
from kgrag.retrieval.parts import assemble, best
from kgrag.retrieval.relevance import Relevance
from kgrag.types import Ids, Subgraph

COST = 0.5  # of a statement; its prize is the weight of its relation, so that a good half of all weights are worth it
PRIZED = 10  # nodes most similar to the question: the last of them has prize 1, each before it one more

_INSTALL = "Install kgrag[steiner]; pcst_fast itself must not be there as well: pip uninstall pcst_fast."


def steiner(graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig, relevance: Relevance | None = None) -> Subgraph:
    """A tree that joins the seeds and what is worth its cost, within what `pagerank` takes, and all statements between its nodes.

    Nodes have prizes by the similarity of their labels to the question, statements by that of their relations. Seeds that are
    further apart than ``config.hops`` need not be joined. Without ``relevance`` there is nothing to win but the seeds.

    Args:
        graph: The graph.
        seeds: Node ids; a node may be given twice.
        config: Node budget of what the tree is sought in.
        relevance: Of the question.

    Returns:
        The seeds, then the other nodes of the tree as `pagerank` orders them, and the statements between them.

    Raises:
        ModelError: The package pcst-fast2 is not installed, or computes wrong trees.
    """
    solve = _solver()
    region = pagerank(graph, seeds, config, relevance)
    count, starts = len(region.nodes), np.unique(region.seeds)
    if not count:
        return region
    prizes = np.zeros(count)
    wins = np.zeros(len(region.heads))
    if relevance is not None:
        prized = best(relevance.nodes(region.nodes), PRIZED)
        prizes[prized] = np.arange(len(prized), 0, -1)
        wins = relevance.relations[region.relations].astype(np.float64)
    # What is won beyond the cost of a statement is the prize of a node between two halves of it that cost nothing.
    is_loop = region.heads == region.tails
    worth, rest = np.flatnonzero((wins > COST) & ~is_loop), np.flatnonzero((wins <= COST) & ~is_loop)
    middles = count + np.arange(len(worth))
    bridges = np.full(len(starts) - 1, starts[0]), starts[1:]
    heads = np.concatenate([region.heads[rest], region.heads[worth], middles, bridges[0]])
    tails = np.concatenate([region.tails[rest], middles, region.tails[worth], bridges[1]])
    costs = np.concatenate(
        [COST - wins[rest], np.zeros(2 * len(worth)), np.full(len(starts) - 1, COST * (config.hops + 0.5))]
    )
    prizes = np.concatenate([prizes, wins[worth] - COST])
    prizes[starts] += costs.sum() + prizes.sum() + 1
    tree = solve(np.column_stack([heads, tails]), prizes, costs, int(starts[0]))
    inside = np.zeros(len(prizes), np.bool_)
    inside[tree], inside[starts] = True, True
    won = worth[inside[count : count + len(worth)]]
    inside[region.heads[won]], inside[region.tails[won]] = True, True
    return assemble(graph, seeds, region.nodes[inside[:count]], region.statements, region.truncated)


@lru_cache(maxsize=1)
def _solver() -> Callable[[np.ndarray, np.ndarray, np.ndarray, int], Ids]:
    """Nodes of the tree, by edges, prizes, costs and root.

    The wheel of pcst_fast 1.0.10 computes nonsense beside numpy 2: hence the trial.
    """
    try:
        import pcst_fast
    except ImportError as error:
        raise ModelError("Steiner trees need the package pcst-fast2, which is not installed.", _INSTALL) from error

    def solve(edges: np.ndarray, prizes: np.ndarray, costs: np.ndarray, root: int) -> Any:
        nodes, _ = pcst_fast.pcst_fast(edges.astype(np.int64), prizes, costs, root, 1, "gw", 0)
        return np.asarray(nodes)

    edges = np.array([[0, 1], [1, 2], [2, 3], [0, 3], [2, 4], [4, 5]])
    found = solve(edges, np.array([5.0, 0, 0, 5, 0.1, 0.2]), np.array([1.0, 1, 1, 9, 3, 1]), 0)
    if sorted(found.tolist()) != [0, 1, 2, 3]:
        raise ModelError("The package pcst_fast that is installed computes wrong trees.", _INSTALL)
    return solve
