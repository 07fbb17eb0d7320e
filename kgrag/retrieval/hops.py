"""The part of a graph around nodes, taken hop by hop within a node budget."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kgrag.config import RetrievalConfig
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval.parts import assemble, best, checked, in_order, membership, ranks, steps, unique
from kgrag.retrieval.relevance import Relevance
from kgrag.types import Floats, Ids, Subgraph

READ = 10  # statements that a hop reads in either direction for each node of the budget


def hops(graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig, relevance: Relevance | None = None) -> Subgraph:
    """Follows the statements of the nodes that the last hop reached, in both directions.

    Of a node with many statements only some are read, spread over its relations; those that the question points at get
    more of them. Where a hop reaches more nodes than the budget leaves room for, those are taken that most statements lead
    to, where a statement counts by its relation, and the less the more of its kind a node has. Literals are taken, but
    not followed.

    Args:
        graph: The graph.
        seeds: Node ids; a node may be given twice.
        config: Hops, node budget and fan-out.
        relevance: Of the question; looked at only where something has to be left out.

    Returns:
        The nodes reached, the seeds first, and the statements between them that were met.
    """
    seeds = checked(graph, seeds)
    nodes = frontier = in_order(seeds)
    met: list[Ids] = [seeds[:0]]
    cut = False
    for hop in range(config.hops):
        frontier = frontier[~graph.is_literal[frontier]]
        if not len(frontier):
            break
        share = config.nodes if hop == 0 else min(config.fanout, READ * config.nodes // len(frontier))
        most = max(share, 1)
        is_crowded = max(side.max() for side in graph.degrees(frontier)) > most
        weights = relevance.relations if relevance is not None and is_crowded else None
        statements, ends, sources = steps(graph, frontier, most, weights)
        met.append(statements)
        reached = unique(ends)
        reached = reached[~membership(graph, nodes)[reached]]
        room = max(config.nodes - len(nodes), 0)
        cut = cut or is_crowded or len(reached) > room
        if len(reached) > room:
            weights = None if relevance is None else relevance.relations
            scores = _scores(graph, statements, ends, sources, weights)[reached]
            frontier = reached[best(scores, room)]
            nodes = np.concatenate([nodes, frontier])
            break
        frontier = reached
        nodes = np.concatenate([nodes, frontier])
    return assemble(graph, seeds, nodes, np.concatenate(met), cut, config.hops)


def _scores(
    graph: KnowledgeGraph, statements: Ids, ends: Ids, sources: Ids, weights: Floats | None
) -> NDArray[np.float64]:
    """For each node of the graph, the sum over the statements that lead to it of what they count.

    A statement counts by the weight of its relation; of those that one node has with it, the first counts in full, the next half, and
    so on, so that no node and no relation uses up the budget.

    Args:
        graph: The graph.
        statements: Shape (statements,).
        ends: Where each leads.
        sources: What it was met from; those of one in one direction are together, relation by relation.
        weights: Of each relation.
    """
    relations = graph.relations[statements]
    value = 1.0 / (1 + ranks(sources * graph.num_relations + relations))
    if weights is not None:
        value *= weights[relations]
    scores = np.zeros(graph.num_nodes)
    np.add.at(scores, ends, value)
    return scores
