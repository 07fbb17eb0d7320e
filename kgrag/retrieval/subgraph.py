"""The part of the graph around nodes, taken hop by hop within a node budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kgrag.config import RetrievalConfig
from kgrag.errors import GraphError
from kgrag.types import Ids, Subgraph

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph


def retrieve(graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig | None = None) -> Subgraph:
    """Takes the part of a graph around nodes, along statements in both directions.

    Each hop follows the statements of the nodes that the last one reached: all of a seed's, at most ``config.fanout`` of
    any other node in either direction, spread over its relations. Where a hop reaches more nodes than the budget leaves
    room for, those that most statements lead to are taken, then each node that the hop started from gets its share. Literals are taken, but not followed.

    Args:
        graph: The graph.
        seeds: Node ids; a node may be given twice.
        config: Hops, node budget and fan-out.

    Returns:
        The nodes reached, the seeds first, and the statements between them that were met, in the order of their ids.
        ``seeds`` are the positions of the given nodes, in the order in which they were given.

    Raises:
        GraphError: A seed is not a node of the graph.
    """
    config = config or RetrievalConfig()
    seeds = np.asarray(seeds, np.int64).reshape(-1)
    if len(seeds) and not (seeds.min() >= 0 and seeds.max() < graph.num_nodes):
        raise GraphError(
            f"{seeds.tolist()} are not all nodes of the graph.", f"Its nodes are 0 to {graph.num_nodes - 1}."
        )
    nodes = frontier = _in_order(seeds)
    met: list[Ids] = []
    truncated = False
    for hop in range(config.hops):
        frontier = frontier[~graph.is_literal[frontier]]
        if not len(frontier):
            break
        ends, ranks = [], []
        for statements, origins, far in (
            (*graph.statements_from(frontier), graph.tails),
            (*graph.statements_to(frontier), graph.heads),
        ):
            met.append(statements)
            rank = _ranks(origins, graph.relations[statements], None if hop == 0 else config.fanout)
            followed = rank >= 0
            ends.append(far[statements[followed]])
            ranks.append(rank[followed])
        frontier = _most_reached(np.concatenate(ends), np.concatenate(ranks))
        frontier = frontier[~np.isin(frontier, nodes)]
        room = max(config.nodes - len(nodes), 0)
        truncated = len(frontier) > room
        frontier = frontier[:room]
        nodes = np.concatenate([nodes, frontier])
        if truncated:
            break
    statements = np.unique(np.concatenate(met)) if met else np.zeros(0, np.int64)
    heads, head_kept = _positions(nodes, graph.heads[statements])
    tails, tail_kept = _positions(nodes, graph.tails[statements])
    kept = head_kept & tail_kept
    return Subgraph(
        nodes=nodes,
        heads=heads[kept],
        relations=np.asarray(graph.relations[statements[kept]], np.int64),
        tails=tails[kept],
        statements=statements[kept],
        seeds=_positions(nodes, seeds)[0],
        truncated=bool(truncated),
    )


def _most_reached(ends: Ids, ranks: Ids) -> Ids:
    """The distinct nodes that statements lead to: most statements first, then lowest rank, so that no node uses up the
    budget of the others."""
    order = np.argsort(ranks, kind="stable")
    distinct, first, counts = np.unique(ends[order], return_index=True, return_counts=True)
    return distinct[np.lexsort((first, -counts))]


def _in_order(ids: Ids) -> Ids:
    """The distinct ids, in the order in which they first occur."""
    distinct, first = np.unique(ids, return_index=True)
    return distinct[np.argsort(first)]


def _positions(nodes: Ids, wanted: Ids) -> tuple[Ids, np.ndarray]:
    """Where ids are in ``nodes``, and which of them are there at all."""
    if not len(nodes):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    order = np.argsort(nodes)
    places = order[np.minimum(np.searchsorted(nodes, wanted, sorter=order), len(nodes) - 1)]
    return places, nodes[places] == wanted


def _ranks(origins: Ids, relations: Ids, fanout: int | None) -> Ids:
    """Numbers the statements of each origin from 0 on.

    Origins with more than ``fanout`` statements take the first of each relation, then the second of each and so on, so that
    a rare relation is not lost among the thousands of a frequent one; what is beyond ``fanout`` gets -1.

    Args:
        origins: Which node each statement was met from, in non-descending order.
        relations: Its relation.
        fanout: Most statements of one origin; None for all.
    """
    rank = _rank_in_group(origins)
    if fanout is None or not len(rank) or rank.max() < fanout:
        return rank
    crowded = np.flatnonzero(np.bincount(origins)[origins] > fanout)
    crowd, relation = origins[crowded], relations[crowded]
    by_relation = np.lexsort((relation, crowd))
    round_ = np.empty_like(crowd)
    _, group = np.unique(np.stack([crowd, relation])[:, by_relation], axis=1, return_inverse=True)
    round_[by_relation] = _rank_in_group(group.reshape(-1))
    by_round = np.lexsort((round_, crowd))
    place = np.empty_like(crowd)
    place[by_round] = _rank_in_group(crowd[by_round])
    rank[crowded] = np.where(place < fanout, place, -1)
    return rank


def _rank_in_group(groups: Ids) -> Ids:
    """How many of the same group precede each entry; entries of a group are together."""
    if not len(groups):
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
    sizes = np.diff(np.append(starts, len(groups)))
    return np.arange(len(groups)) - np.repeat(starts, sizes)
