"""Personalised PageRank by local push, and the part of a graph that it finds nearest to nodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kgrag.config import RetrievalConfig
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval.parts import assemble, best, between, checked, in_order, membership, steps, unique
from kgrag.retrieval.relevance import Relevance
from kgrag.types import Floats, Ids, Subgraph

RESTART = 0.3  # probability that a walk ends at each step: three in four take three steps or fewer
FINENESS = 32  # the error is one over so many times the node budget

Masses = NDArray[np.float64]


def pagerank(
    graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig, relevance: Relevance | None = None
) -> Subgraph:
    """The nodes at which random walks from the seeds end most often, and all statements between them.

    Walks wait at nodes that have more statements in one direction than half the budget, and then go on, once, along a share
    of these, spread over their relations. If there is room then, further neighbours of the seeds are taken.
    ``config.hops`` and ``config.fanout`` do not count.

    Args:
        graph: The graph.
        seeds: Node ids; a node may be given twice.
        config: Node budget, from which the error follows.
        relevance: Of the question: walks prefer the relations that it points at.

    Returns:
        The seeds, then the other nodes by their PageRank, and the statements between them.
    """
    first = in_order(checked(graph, seeds))
    if not len(first):
        return assemble(graph, seeds, first, first, False)
    weights = None if relevance is None else relevance.relations
    nodes, scores, has_waited = _walked(graph, first, config, weights)
    others = ~membership(graph, first)[nodes]
    nodes, scores = nodes[others], scores[others]
    room = max(config.nodes - len(first), 0)
    kept = np.append(first, nodes[best(scores, room)])
    if has_waited and len(kept) < config.nodes:
        _, ends, _ = steps(graph, first[~graph.is_literal[first]], config.nodes, weights)
        kept = in_order(np.append(kept, ends))[: config.nodes]
    return assemble(graph, seeds, kept, between(graph, kept), has_waited or len(nodes) > room)


def personalised_pagerank(
    graph: KnowledgeGraph,
    starts: Ids,
    mass: Masses,
    epsilon: float,
    weights: Floats | None = None,
    most: int | None = None,
) -> tuple[Ids, Masses, Masses]:
    """Personalised PageRank, to a stated error, at a cost that does not depend on the size of the graph.

    A walk starts at a node with a probability given by ``mass``. At each step it ends with probability `RESTART`, else goes
    on along a statement in either direction, with a probability in proportion to the weight of its relation; from a literal
    it does not go on. What is computed is where walks end, by pushing the probability of being at a node on to its
    neighbours as long as it is more than ``epsilon`` for each statement of the node (Andersen, Chung and Lang, FOCS
    2006): for all such nodes at once, round by round. ``1 / (RESTART * epsilon)`` statements are read at most.

    Args:
        graph: The graph.
        starts: Distinct node ids, shape (n,).
        mass: Shape (n,).
        epsilon: Error for each statement of a node.
        weights: Of each relation, above 0 and at most 1, shape (num_relations,).
        most: Walks wait at nodes with more statements in one direction; nowhere where not given.

    Returns:
        The nodes that were reached, ascending; the PageRank of each; and the probability that a walk waits there. None is too
        high, and if walks need not wait, none is too low by more than ``epsilon`` times the number of statements of the node,
        divided by the least weight.
    """
    ended, at = np.zeros(graph.num_nodes), np.zeros(graph.num_nodes)
    seen = membership(graph, starts)
    at[starts] = mass
    touched, new = [starts], starts
    while True:
        outgoing, incoming = graph.degrees(new)
        due = at[new] > epsilon * (outgoing + incoming)
        if most is not None:
            due &= np.maximum(outgoing, incoming) <= most
        active = new[due]
        if not len(active):
            break
        moving = at[active]
        ended[active] += RESTART * moving
        at[active] = 0
        going = ~graph.is_literal[active]
        active, moving = active[going], (1 - RESTART) * moving[going]
        ends, flow = _flow(graph, active, moving, None, weights)
        np.add.at(at, ends, flow)
        unseen = unique(ends[~seen[ends]])
        seen[unseen] = True
        touched.append(unseen)
        new = unique(ends[at[ends] > epsilon])
    nodes = np.sort(np.concatenate(touched))
    return nodes, ended[nodes] + RESTART * at[nodes], at[nodes]  # where a walk is it ends at once, at the least


def _walked(
    graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig, weights: Floats | None
) -> tuple[Ids, Masses, bool]:
    """Nodes that walks from the seeds end at, how often, and whether any walk had to wait on its way."""
    most = max(config.nodes // 2, 1)
    epsilon = 1 / (FINENESS * max(config.nodes, 1))
    mass = np.full(len(seeds), 1 / len(seeds))
    nodes, scores, left = personalised_pagerank(graph, seeds, mass, epsilon, weights, most)
    waiting = (left > 2 * most * epsilon) & ~graph.is_literal[nodes]
    if not waiting.any():
        return nodes, scores, False
    ends, flow = _flow(graph, nodes[waiting], (1 - RESTART) * left[waiting], most, weights)
    starts, at = unique(ends), np.zeros(graph.num_nodes)
    np.add.at(at, ends, flow)
    more, more_scores, _ = personalised_pagerank(graph, starts, at[starts], epsilon, weights, most)
    total = np.zeros(graph.num_nodes)
    total[nodes] += scores
    total[more] += more_scores
    every = unique(np.append(nodes, more))
    return every, total[every], True


def _flow(
    graph: KnowledgeGraph, nodes: Ids, moving: Masses, most: int | None, weights: Floats | None
) -> tuple[Ids, Masses]:
    """Where the walks that leave nodes go, statement by statement, and how many go there."""
    statements, ends, sources = steps(graph, nodes, most, weights)
    share = np.ones(len(ends)) if weights is None else weights[graph.relations[statements]].astype(np.float64)
    return ends, share * moving[sources] / np.bincount(sources, share, len(nodes))[sources]
