"""What every way of taking a part of a graph has in common: seeds that are checked, statements between nodes, the result."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.arrays import stable_order
from kgrag.types import Floats, Ids, Subgraph

LONG = 1_000  # a node with more statements in one direction has very many


def checked(graph: KnowledgeGraph, seeds: Ids) -> Ids:
    """Seeds as an array of node ids.

    Raises:
        GraphError: A seed is not a node of the graph.
    """
    seeds = np.asarray(seeds, np.int64).reshape(-1)
    if len(seeds) and not (seeds.min() >= 0 and seeds.max() < graph.num_nodes):
        raise GraphError(
            f"{seeds.tolist()} are not all nodes of the graph.", f"Its nodes are 0 to {graph.num_nodes - 1}."
        )
    return seeds


def unique(ids: Ids) -> Ids:
    """The distinct ids, ascending. `numpy.unique` hashes integers, which takes twenty times as long for some thousands."""
    ids = np.sort(ids)
    return ids[np.append(True, ids[1:] != ids[:-1])[: len(ids)]]


def best(scores: NDArray[np.floating], count: int) -> Ids:
    """Positions of the highest scores, so many of them, highest first; equal ones as they come."""
    kept = np.arange(len(scores))
    if 0 < count < len(scores):
        kept = np.flatnonzero(scores >= np.partition(scores, -count)[-count])
    return kept[np.argsort(-scores[kept], kind="stable")[:count]]


def _first(ids: Ids) -> Ids:
    """Places where an id occurs for the first time, ascending."""
    order = stable_order(ids)
    ids = ids[order]
    return np.sort(order[np.append(True, ids[1:] != ids[:-1])[: len(ids)]])


def in_order(ids: Ids) -> Ids:
    """The distinct ids, in the order in which they first occur."""
    return ids[_first(ids)]


def ranks(groups: Ids) -> Ids:
    """How many of the same group precede each entry; entries of a group are together."""
    if not len(groups):
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))


def steps(
    graph: KnowledgeGraph, nodes: Ids, most: int | None = None, weights: Floats | None = None
) -> tuple[Ids, Ids, Ids]:
    """Where statements lead to from nodes, in either direction.

    Args:
        graph: The graph.
        nodes: Node ids, shape (n,).
        most: Statements of one node in one direction, as of `KnowledgeGraph.statements_from`.
        weights: As of `KnowledgeGraph.statements_from`.

    Returns:
        Statement ids, the other end of each, and the position in ``nodes`` of where it was met from, all shape (found,):
        first those that leave the nodes, then those that lead to them.
    """
    outgoing, origins = graph.statements_from(nodes, most, weights)
    incoming, targets = graph.statements_to(nodes, most, weights)
    ends = np.concatenate([graph.tails[outgoing], graph.heads[incoming]])
    return np.concatenate([outgoing, incoming]), ends, np.concatenate([origins, targets])


def membership(graph: KnowledgeGraph, nodes: Ids) -> NDArray[np.bool_]:
    """Whether each node of the graph is one of these, shape (num_nodes,)."""
    inside = np.zeros(graph.num_nodes, np.bool_)
    inside[nodes] = True
    return inside


def between(graph: KnowledgeGraph, nodes: Ids) -> Ids:
    """Statements whose subject and object are both among nodes; they may repeat.

    Those of a subject with very many are sought from the side where less has to be read. If that is the objects', of an
    object with very many only a share is looked at, spread over relations.
    """
    inside = membership(graph, nodes)
    outgoing, incoming = graph.degrees(nodes)
    is_long = outgoing > LONG
    from_objects = outgoing[is_long].sum() > np.minimum(incoming, LONG).sum()
    statements, _ = graph.statements_from(nodes[~is_long] if from_objects else nodes)
    found = statements[inside[graph.tails[statements]]]
    if from_objects:
        statements, _ = graph.statements_to(nodes, LONG)
        found = np.append(found, statements[membership(graph, nodes[is_long])[graph.heads[statements]]])
    return found


def fitting(first: Ids, nodes: Ids, owners: Ids, budget: int) -> tuple[Ids, int]:
    """As many of a series of things, from its beginning on, as a node budget leaves room for.

    Args:
        first: Nodes that are there anyway, distinct.
        nodes: Nodes of the things, one thing after the other.
        owners: Which thing each is of, ascending, shape (nodes,).
        budget: Most nodes, ``first`` among them.

    Returns:
        The nodes, distinct, in the order in which they occur; and how many things there is room for.
    """
    nodes, owners = np.append(first, nodes), np.append(np.full(len(first), -1), owners)
    met = _first(nodes)
    room = max(budget, len(first))
    count = int(owners[met[room]] if len(met) > room else owners.max(initial=-1) + 1)
    return nodes[met[owners[met] < count]], count


def assemble(
    graph: KnowledgeGraph, seeds: Ids, nodes: Ids, statements: Ids, truncated: bool, hops: int | None = None
) -> Subgraph:
    """A sub-graph of nodes, the seeds among them, and of those of the statements that lie between them.

    Args:
        graph: The graph.
        seeds: Node ids, as they were given.
        nodes: Distinct node ids, the seeds first.
        statements: Statement ids; they may repeat.
        truncated: As of `Subgraph`.
        hops: As of `Subgraph`.
    """
    place = np.zeros(graph.num_nodes, np.int32)  # one more than where a node is in ``nodes``; 0 where it is not
    place[nodes] = np.arange(1, len(nodes) + 1)
    statements = unique(statements)
    heads, tails = place[graph.heads[statements]], place[graph.tails[statements]]
    kept = (heads > 0) & (tails > 0)
    return Subgraph(
        nodes=nodes,
        heads=heads[kept].astype(np.int64) - 1,
        relations=graph.relations[statements[kept]].astype(np.int64),
        tails=tails[kept].astype(np.int64) - 1,
        statements=statements[kept],
        seeds=place[seeds].astype(np.int64) - 1,
        truncated=bool(truncated),
        hops=hops,
    )
