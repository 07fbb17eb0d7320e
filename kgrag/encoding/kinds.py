"""The kind of thing that a question asks for by a name of the graph: "which cancers", where cancer is a node."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgrag.encoding.phrasebook import NAMED, Phrasebook
from kgrag.graph import KnowledgeGraph
from kgrag.types import Ids
from kgrag.wordings.english import singular

HIGHEST = 8  # kinds of kinds that are looked at
_ASKED = re.compile(
    rf"\b(?:which|what)\s+(?:(?:kinds?|types?|sorts?|forms?)\s+of\s+)?{NAMED}\b(?!\s+{NAMED}\b)"
    rf"|(?:^|\b(?:list|name|show|give|find|tell)\s+(?:(?:me|all|the|some|any)\s+)*)"
    rf"{NAMED}(?=\s+(?:that|which|who|whose|responsible|[a-z]+ing)\b)",
    re.IGNORECASE,
)
_NAMED = re.compile(rf"\b{NAMED}\b")


class Kind(NamedTuple):
    """The topic that says what kind of thing is asked for, and the question in which it is a word like any other."""

    topic: int
    question: str


def asked_kind(graph: KnowledgeGraph, masked: str, topics: Sequence[int]) -> Kind | None:
    """The kind of thing that is asked for by a topic; None where it is by none, or it cannot be told by which.

    Args:
        graph: The graph.
        masked: The question, its mentions masked.
        topics: What these name, in their order.
    """
    found = _ASKED.search(masked)
    if found is None or len(topics) < 2 or len(_NAMED.findall(masked)) != len(topics):
        return None
    topic = topics[len(_NAMED.findall(masked[: found.end()])) - 1]
    return Kind(
        topic, f"{masked[: found.end() - len(NAMED)]}{singular(graph.label(topic).lower())}{masked[found.end() :]}"
    )


def are_of_kind(graph: KnowledgeGraph, phrasebook: Phrasebook, nodes: Ids, kind: int) -> NDArray[np.int8]:
    """Whether nodes are of a kind, directly or not.

    Returns:
        1 where a node is, -1 where it is only of others, 0 where nothing says what it is; shape (nodes,).
    """
    memberships = np.union1d(phrasebook.memberships(), graph.type_relations())
    are = np.zeros(len(nodes), np.int8)
    owners, at = np.arange(len(nodes)), nodes
    for _ in range(HIGHEST):
        statements, places = graph.statements_from(at)
        upward = np.isin(graph.relations[statements], memberships)
        pairs = np.stack([owners[places[upward]], graph.tails[statements[upward]]])
        owners, at = np.unique(pairs, axis=1)
        are[owners] = np.where(are[owners] == 1, 1, -1)
        are[owners[at == kind]] = 1
        still = are[owners] != 1
        owners, at = owners[still], at[still]
        if not len(at):
            break
    return are
