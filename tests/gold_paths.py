"""Where the gold path of a question leads in a graph."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from kgrag.graph import KnowledgeGraph, normalise

SYMMETRIC = {"interacts with"}


def follow(graph: KnowledgeGraph, nodes: Collection[int], relation: str, inverse: bool) -> set[int]:
    """The nodes that statements of a relation lead to, or back to."""
    array = np.array(sorted(nodes), np.int64)
    reached = set()
    if not inverse or relation in SYMMETRIC:
        statements, _ = graph.statements_from(array)
        reached |= {int(graph.tails[s]) for s in statements if _is(graph, s, relation)}
    if inverse or relation in SYMMETRIC:
        statements, _ = graph.statements_to(array)
        reached |= {int(graph.heads[s]) for s in statements if _is(graph, s, relation)}
    return reached


def _is(graph: KnowledgeGraph, statement: int, relation: str) -> bool:
    return normalise(graph.relation_label(int(graph.relations[statement]))) == normalise(relation)


def reached(graph: KnowledgeGraph, path: Sequence[str]) -> set[int]:
    """All nodes that the relations of a path lead to from its first node; each goes the way in which the path follows it."""
    nodes = set(graph.find(path[0]))
    for relation, example in zip(path[1::2], path[2::2]):
        there = set(graph.find(example))
        forward = follow(graph, nodes, relation, inverse=False)
        nodes = forward if forward & there else follow(graph, nodes, relation, inverse=True)
        assert nodes & there, path
    return nodes
