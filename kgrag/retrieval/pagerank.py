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


def pagerank(
    graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig, relevance: Relevance | None = None
) -> Subgraph:
    """The nodes at which random walks from the seeds end most often, and all statements between them.

    A seed that has more statements in one direction than half the budget begins its walks along a share of these, spread
    over their relations. ``config.hops`` and ``config.fanout`` do not count.

    Args:
        graph: The graph.
        seeds: Node ids; a node may be given twice.
        config: Node budget; the error follows from it.
        relevance: Of the question: walks prefer the relations that it points at.

    Returns:
        The seeds, then the other nodes by their PageRank, and the statements between them.
    """
    first = in_order(checked(graph, seeds))
    nodes, scores = nearest(graph, first, config.nodes, relevance)
    room = max(config.nodes - len(first), 0)
    kept = np.concatenate([first, nodes[best(scores, room)]])
    return assemble(graph, seeds, kept, between(graph, kept), len(nodes) > room)


def nearest(
    graph: KnowledgeGraph, seeds: Ids, budget: int, relevance: Relevance | None = None
) -> tuple[Ids, NDArray[np.float64]]:
    """All other nodes that walks from the seeds have reached, ascending, and their PageRank; see `pagerank`."""
    if not len(seeds):
        return seeds, np.zeros(0)
    weights = None if relevance is None else relevance.relations
    starts, mass = _begun(graph, seeds, max(budget // 2, 1), weights)
    nodes, scores = personalised_pagerank(graph, starts, mass, 1 / (FINENESS * max(budget, 1)), weights)
    others = ~membership(graph, seeds)[nodes]
    return nodes[others], scores[others]


def personalised_pagerank(
    graph: KnowledgeGraph, starts: Ids, mass: NDArray[np.float64], epsilon: float, weights: Floats | None = None
) -> tuple[Ids, NDArray[np.float64]]:
    """Personalised PageRank, to a stated error, at a cost that does not depend on the size of the graph.

    A walk starts at a node with a probability given by ``mass``. At each step it ends with probability `RESTART`, else goes
    on along a statement in either direction, with a probability in proportion to the weight of its relation; at a literal it
    always ends, and with the others it is lost there. What is computed is where walks end, by pushing the probability of
    being at a node on to its neighbours as long as it is more than ``epsilon`` for each statement of the node (Andersen,
    Chung and Lang, FOCS 2006): all such nodes at once, round by round. At most ``1 / (RESTART * epsilon)`` statements are
    read.

    Args:
        graph: The graph.
        starts: Distinct node ids, shape (n,).
        mass: Shape (n,).
        epsilon: Error for each statement of a node.
        weights: Of each relation, above 0 and at most 1, shape (num_relations,).

    Returns:
        The nodes that were reached, ascending, and the PageRank of each. None is too high, and none too low by more than ``epsilon`` times the number of statements of the node, divided by the least weight.
    """
    ended, at = np.zeros(graph.num_nodes), np.zeros(graph.num_nodes)
    seen = np.zeros(graph.num_nodes, np.bool_)
    at[starts], seen[starts] = mass, True
    touched, active = [starts], starts[_is_due(graph, starts, mass, epsilon)]
    while len(active):
        moving = at[active]
        ended[active] += RESTART * moving
        at[active] = 0
        going = ~graph.is_literal[active]
        active, moving = active[going], (1 - RESTART) * moving[going]
        statements, ends, sources = steps(graph, active)
        share = np.ones(len(ends)) if weights is None else weights[graph.relations[statements]]
        np.add.at(at, ends, share * moving[sources] / np.bincount(sources, share, len(active))[sources])
        new = unique(ends[~seen[ends]])
        seen[new] = True
        touched.append(new)
        due = unique(ends[at[ends] > epsilon])
        active = due[_is_due(graph, due, at[due], epsilon)]
    nodes = np.sort(np.concatenate(touched))
    return nodes, ended[nodes] + RESTART * at[nodes]  # a walk that is at a node ends there at once, at the least


def _is_due(graph: KnowledgeGraph, nodes: Ids, mass: NDArray[np.float64], epsilon: float) -> NDArray[np.bool_]:
    outgoing, incoming = graph.degrees(nodes)
    return mass > epsilon * (outgoing + incoming)


def _begun(graph: KnowledgeGraph, seeds: Ids, most: int, weights: Floats | None) -> tuple[Ids, NDArray[np.float64]]:
    """Where walks start: at the seeds, or where one has very many statements at the other ends of some of them."""
    mass = np.full(len(seeds), 1 / len(seeds))
    outgoing, incoming = graph.degrees(seeds)
    hubs = np.flatnonzero((np.maximum(outgoing, incoming) > most) & ~graph.is_literal[seeds])
    if not len(hubs):
        return seeds, mass
    statements, ends, sources = steps(graph, seeds[hubs], most, weights)
    share = np.ones(len(ends)) if weights is None else weights[graph.relations[statements]]
    share = share * (mass[hubs] / np.bincount(sources, share, len(hubs)))[sources]
    mass[hubs] = 0.0
    starts, place = np.unique(np.concatenate([seeds, ends]), return_inverse=True)
    begun = np.zeros(len(starts))
    np.add.at(begun, place.reshape(-1), np.concatenate([mass, share]))
    return starts, begun
