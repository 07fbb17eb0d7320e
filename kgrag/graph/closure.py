"""Where edges lead: every pair of nodes that a path joins, what two kinds of edges join in turn, and a shortest path."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from kgrag.graph.adjacency import Adjacency
from kgrag.types import Ids

Pairs = tuple[Ids, Ids]
Check = Callable[[int], None]

_CHUNK = 1 << 22  # pairs that are looked at together, repeated ones among them


def reachable(heads: Ids, tails: Ids, check: Check) -> Pairs:
    """Every pair of different nodes of which a path of edges leads from the one to the other.

    Cycles are drawn together first. Then nodes are taken once all that they lead to are done, so that each takes over
    what these reach: the work is that of the pairs found, times the edges that lead to the same.

    Args:
        heads: Where each edge begins, shape (edges,).
        tails: Where it ends, shape (edges,).
        check: Called with the number of pairs found so far, before they are laid out; raises where that is too many.

    Returns:
        Where the paths begin and end, both shape (pairs,); each pair once, those of single edges too.
    """
    if not len(heads):
        return heads, tails
    nodes = distinct_keys(np.concatenate([heads, tails]))
    heads, tails = np.searchsorted(nodes, heads), np.searchsorted(nodes, tails)
    edges = csr_array((np.ones(len(heads), np.bool_), (heads, tails)), shape=(len(nodes), len(nodes)))
    count, part = connected_components(edges, connection="strong")
    part = part.astype(np.int64)
    sizes = np.bincount(part, minlength=count)
    members, first = np.argsort(part, kind="stable"), np.cumsum(sizes) - sizes
    lower, upper = _above(part[heads], part[tails], sizes, check)
    entry, within = _expanded(sizes[lower] * sizes[upper])
    width = sizes[upper[entry]]
    heads = members[first[lower[entry]] + within // width]
    tails = members[first[upper[entry]] + within % width]
    apart = heads != tails
    return nodes[heads[apart]], nodes[tails[apart]]


def compose(first: Pairs, second: Pairs, size: int, check: Check) -> Pairs:
    """The distinct pairs (a, c) of which there is a b with (a, b) in the first and (b, c) in the second.

    Args:
        first: Pairs of nodes.
        second: Pairs of nodes.
        size: Nodes are numbered below it.
        check: As of `reachable`.
    """
    order = np.argsort(first[0], kind="stable")
    heads, middles = first[0][order], first[1][order]
    starts = np.sort(second[0])
    counts = np.searchsorted(starts, middles, "right") - np.searchsorted(starts, middles)
    found = [np.zeros(0, np.int64)]
    total = 0
    for piece in _pieces(np.flatnonzero(counts), counts[counts > 0]):
        left, right = joined(middles[piece], second[0])
        found.append(distinct_keys(heads[piece][left] * size + second[1][right]))
        total += len(found[-1])
        check(total)
    keys = distinct_keys(np.concatenate(found))
    return keys // size, keys % size


def joined(left: Ids, right: Ids) -> Pairs:
    """Positions of every pair of equal values, the one in the first array, the other in the second, both shape (pairs,)."""
    order = np.argsort(right, kind="stable")
    values = right[order]
    begins, ends = np.searchsorted(values, left), np.searchsorted(values, left, "right")
    entries, within = _expanded(ends - begins)
    return entries, order[begins[entries] + within]


def shortest_path(heads: Ids, tails: Ids, start: int, goals: Ids, size: int) -> list[int] | None:
    """Positions of the edges of a shortest path from a node to any of the goals; None where there is none.

    Args:
        heads: Where each edge begins, shape (edges,).
        tails: Where it ends, shape (edges,).
        start: A node.
        goals: Nodes; empty path where ``start`` is one of them.
        size: Nodes are numbered below it.
    """
    onward = Adjacency.of(heads)
    by_edge = np.full(size, -1, np.int64)
    is_goal = np.zeros(size, np.bool_)
    is_goal[goals] = True
    seen = np.zeros(size, np.bool_)
    seen[start] = True
    frontier = np.array([start], np.int64)
    while len(frontier) and not is_goal[frontier].any():
        edges, _ = onward.statements(frontier)
        edges = edges[~seen[tails[edges]]]
        frontier, place = np.unique(tails[edges], return_index=True)
        by_edge[frontier] = edges[place]
        seen[frontier] = True
    if not len(frontier):
        return None
    node = int(frontier[is_goal[frontier]][0])
    path: list[int] = []
    while node != start:
        path.append(int(by_edge[node]))
        node = int(heads[path[-1]])
    return path[::-1]


def _above(heads: Ids, tails: Ids, sizes: Ids, check: Check) -> Pairs:
    """For an acyclic graph of groups, given by edges, every pair of groups that a path joins; a group of several nodes
    leads to itself too."""
    count = len(sizes)
    keys = distinct_keys((heads * count + tails)[heads != tails])
    heads, tails = keys // count, keys % count
    upward, downward = Adjacency.of(heads), Adjacency.of(tails)
    waiting = np.bincount(heads, minlength=count)
    found, used = np.zeros(max(len(keys), 1), np.int64), 0  # all groups above the first one that was done, and so on
    first, length = np.zeros((2, count), np.int64)
    done: list[Ids] = []
    pairs = 0
    ready = np.flatnonzero(waiting == 0)
    while len(ready):
        edges, origins = upward.statements(ready)
        costs = np.bincount(origins, 1 + length[tails[edges]], minlength=len(ready))
        for piece in _pieces(ready, costs):
            edges, origins = upward.statements(piece)
            above = tails[edges]
            entry, within = _expanded(length[above])
            cyclic = np.flatnonzero(sizes[piece] > 1)
            keys = np.concatenate(
                [
                    origins * count + above,
                    origins[entry] * count + found[first[above[entry]] + within],
                    cyclic * count + piece[cyclic],
                ]
            )
            keys = distinct_keys(keys)
            origins, above = keys // count, keys % count
            pairs += int((sizes[piece[origins]] * sizes[above]).sum() - sizes[piece[cyclic]].sum())
            check(pairs)
            if used + len(above) > len(found):
                found = np.concatenate([found, np.zeros(max(len(above), len(found)), np.int64)])
            found[used : used + len(above)] = above
            length[piece] = np.bincount(origins, minlength=len(piece))
            first[piece] = used + np.cumsum(length[piece]) - length[piece]
            used += len(above)
            done.append(piece)
        edges, _ = downward.statements(ready)
        below, steps = np.unique(heads[edges], return_counts=True)
        waiting[below] -= steps
        ready = below[waiting[below] == 0]
    order = np.concatenate(done)
    return np.repeat(order, length[order]), found[:used]


def _expanded(counts: Ids) -> Pairs:
    """For counts (2, 0, 3), the entries (0, 0, 2, 2, 2) and places within them (0, 1, 0, 1, 2)."""
    entries = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    return entries, np.arange(len(entries), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)


def _pieces(items: Ids, costs: Ids) -> list[Ids]:
    """Cuts items where their costs, added up, pass a multiple of what is looked at together."""
    return np.split(items, np.flatnonzero(np.diff(np.cumsum(costs) // _CHUNK)) + 1) if len(items) else []


def distinct_keys(keys: Ids) -> Ids:
    """Distinct keys, ascending; `np.unique` takes a hundred times as long for millions of integers."""
    keys = np.sort(keys)
    return keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys


def is_in(values: Ids, ascending: Ids) -> NDArray[np.bool_]:
    """Which of the values are among ascending ones."""
    if not len(ascending):
        return np.zeros(len(values), np.bool_)
    return ascending[np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)] == values
