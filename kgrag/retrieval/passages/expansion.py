"""What a graph knows of the nodes that a question names: passages may name these otherwise, or what stands next to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kgrag.graph import KnowledgeGraph

NAMES, NEAR = 10, 20  # of a node: its names, and the neighbours that are read in each direction


@dataclass(frozen=True)
class Expansion:
    """What a question is expanded by.

    Attributes:
        names: Names of the nodes that it names.
        near: Labels of their neighbours.
        neighbours: IRIs of these.
    """

    names: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()


NO_EXPANSION = Expansion()


def expand(graph: KnowledgeGraph, iris: Sequence[str]) -> Expansion:
    """The expansion of a question (as of Dalton, Dietz and Allan: Entity Query Feature Expansion, SIGIR 2014).

    Args:
        graph: The graph.
        iris: IRIs of the nodes that the question names; others than those of the graph are left out. Of the statements of a
            hub only some are read.
    """
    nodes = [node for iri in dict.fromkeys(iris) if (node := graph.node(iri)) is not None]
    names = [name for node in nodes for name in graph.names(node)[:NAMES]]
    found: dict[int, str] = {}
    for node in nodes:
        out, into = graph.statements_from([node], NEAR)[0], graph.statements_to([node], NEAR)[0]
        ends = np.concatenate([graph.tails[out], graph.heads[into]])
        found |= {end: graph.label(end) for end in ends[~graph.is_literal[ends]].tolist() if end not in nodes}
    return Expansion(tuple(dict.fromkeys(names)), tuple(found.values()), tuple(map(graph.iri, found)))
