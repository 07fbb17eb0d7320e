"""Whether what a question names beside where its answers were found has anything to do with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kgrag.encoding.plans import Rows
from kgrag.graph import KnowledgeGraph, normalise
from kgrag.types import Ids

HIGHEST = 4  # steps from a thing to what it is within: article, section, chapter, act
MOST = 2_000  # statements of one node that are looked at


def apart(graph: KnowledgeGraph, rows: Rows, found: Ids, topics: Sequence[int]) -> list[int]:
    """The topics that have nothing to do with what was found.

    A topic has if it is among it, if a statement joins the two, if its name is in the name of a node found ("GDPR" in "Article 20
    GDPR"), or if such a node lies within it: leads to it over relations that have one object ("part of", "published in").

    Args:
        graph: The graph.
        rows: The statements that count.
        found: Answers, and what lies on the way to them; node ids, ascending.
        topics: Node ids.
    """
    left = [topic for topic in dict.fromkeys(topics) if topic not in found]
    left = [topic for topic in left if not np.isin(rows.along(np.array([topic])).targets, found).any()]
    if not left:
        return []
    names = [f" {normalise(graph.label(node))} " for node in found.tolist()]
    left = [topic for topic in left if not any(f" {normalise(graph.label(topic))} " in name for name in names)]
    return [topic for topic in left if topic not in _around(graph, found)] if left else []


def holds_other(graph: KnowledgeGraph, topics: Sequence[int], topic: int) -> bool:
    """Whether one of the topics lies within this one."""
    return any(topic in _around(graph, np.array([other])) for other in topics if other != topic)


def _around(graph: KnowledgeGraph, nodes: Ids) -> set[int]:
    """What nodes lie within, directly or not."""
    around: set[int] = set()
    inner = nodes
    for _ in range(HIGHEST):
        statements, _ = graph.statements_from(inner.tolist(), MOST)
        _, places, counts = np.unique(
            np.stack([graph.heads[statements], graph.relations[statements]]),
            axis=1,
            return_index=True,
            return_counts=True,
        )
        outer = np.unique(graph.tails[statements[places[counts == 1]]])
        inner = outer[~graph.is_literal[outer] & ~np.isin(outer, list(around))]
        if not len(inner):
            break
        around.update(inner.tolist())
    return around
