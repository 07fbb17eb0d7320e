"""The kind of thing that a question asks for by a name of the graph: "which cancers", where cancer is a node."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgrag.encoding.phrasebook import NAMED, Phrasebook
from kgrag.encoding.plans import Rows
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
_HOLDS = re.compile(
    r"\b(?:includes?|contains?|covers?|comprises?|encompass(?:es)?|subsumes?|there"
    r"|ha(?:s|ve)\b.*\b(?:as|among|under|below|sub[a-z-]+))\b",
    re.IGNORECASE,
)
_IS, _A = r"^\W*(?:is|are|was|were) (?:an? |the )?", r"(an? |(?:an? )?(?:kind|type|sort|form)s? of (?:an? )?)"
_NOUN = r"([a-z][\w-]*(?: [\w-]+)?)"
_IS_ONE = re.compile(rf"{_IS}{NAMED} {_A}{NAMED}\W*$", re.IGNORECASE)
_IS_SAID = re.compile(rf"{_IS}{NAMED} {_A}?{_NOUN}\W*$", re.IGNORECASE)
_SAID_IS = re.compile(rf"{_IS}{_NOUN} {_A}{NAMED}\W*$", re.IGNORECASE)
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
    are, said_of = np.zeros(len(nodes), np.int8), memberships(graph, phrasebook)
    owners, at = np.arange(len(nodes)), nodes
    for _ in range(HIGHEST):
        statements, places = graph.statements_from(at)
        upward = np.isin(graph.relations[statements], said_of)
        pairs = np.stack([owners[places[upward]], graph.tails[statements[upward]]])
        owners, at = np.unique(pairs, axis=1)
        are[owners] = np.where(are[owners] == 1, 1, -1)
        are[owners[at == kind]] = 1
        still = are[owners] != 1
        owners, at = owners[still], at[still]
        if not len(at):
            break
    return are


def names_kind_first(masked: str) -> bool:
    """Whether a question about two things names the kind before what may be of it: "does X include X", not "is X a X".

    Args:
        masked: The question, its mentions masked.
    """
    return bool(_HOLDS.search(masked))


def asks_for_kind_alone(masked: str) -> bool:
    """Whether a question plainly asks whether one thing is another: "is X a X"."""
    return bool(_IS_ONE.search(masked))


def said_kind(masked: str) -> tuple[slice, bool] | None:
    """Where the noun stands of which one named thing would be, "is X an operator", and whether it plainly is a noun."""
    found = _IS_SAID.search(masked)
    return (slice(*found.span(2)), bool(found[1])) if found else None


def said_thing(masked: str) -> slice | None:
    """Where the noun stands that would be of one named kind: "is a child a X"."""
    found = _SAID_IS.search(masked)
    return slice(*found.span(1)) if found else None


def over_kinds(graph: KnowledgeGraph, phrasebook: Phrasebook, rows: Rows, node: int, kind: int) -> list[int]:
    """The statements by which a node is of a kind: that of its kind, that of the kind of this one, and so on.

    Args:
        graph: The graph.
        phrasebook: Knows which relations say of which kind a thing is.
        rows: The statements that count.
        node: Id of the node.
        kind: Id of the kind.

    Returns:
        Ids of the fewest statements, from the node on; empty where it is not of that kind, as far as these say.
    """
    before: dict[int, tuple[int, int]] = {}  # of what was reached: a statement, and what it is of
    for level in _upward(graph, phrasebook, rows, node):
        before |= level
        if kind in level:
            break
    path: list[int] = []
    while kind in before:
        statement, kind = before[kind]
        path.append(statement)
    return path[::-1]


def kind_called(graph: KnowledgeGraph, phrasebook: Phrasebook, rows: Rows, node: int, noun: str) -> int | None:
    """The nearest kind of a node, or kind of that, whose name ends with a noun: an AI operator is an operator; None for none."""
    wanted = singular(noun.lower())
    for level in _upward(graph, phrasebook, rows, node):
        for one in sorted(one for one in level if not graph.is_literal[one]):
            if any(f" {singular(name.lower())}".endswith(f" {wanted}") for name in graph.names(one)):
                return one
    return None


def _upward(
    graph: KnowledgeGraph, phrasebook: Phrasebook, rows: Rows, node: int
) -> Iterator[dict[int, tuple[int, int]]]:
    """The kinds of a node, then the kinds of these that were not met yet, and so on: by each a statement, and what it is of."""
    upward, seen, at = (2 * memberships(graph, phrasebook)).tolist(), {node}, [node]
    for _ in range(HIGHEST):
        level: dict[int, tuple[int, int]] = {}
        for directed in upward:  # and not down again to all of a kind
            edges = rows.along(np.array(at), directed)
            for target, statement, origin in zip(
                *(c.tolist() for c in (edges.targets, edges.statements, edges.origins))
            ):
                if target not in seen:
                    seen.add(target)
                    level[target] = statement, origin
        if not level:
            return
        yield level
        at = list(level)


def memberships(graph: KnowledgeGraph, phrasebook: Phrasebook) -> Ids:
    """The relations that say of which kind a thing is, and those between a thing and its class."""
    return np.union1d(phrasebook.memberships(), graph.type_relations())
