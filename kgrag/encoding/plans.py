"""Plans: the relations that a question may mean to be followed, and the nodes to which they lead.

A plan is sought from where a question starts, relation by relation, among the relations that are *there*: a beam of the
likeliest beginnings is kept. What a plan leads to is exact, whatever the size of the graph: no sub-graph is cut out first,
and only the relations of kept plans are followed (Berant et al., EMNLP 2013, enumerate such paths; TransferNet, Shi et
al., EMNLP 2021, moves scores along all of them at once).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kgrag.graph.directed import Edges, backwards
from kgrag.types import Floats, Ids

WIDTH = 8  # beginnings of plans that are kept after each step
BEHIND = 6.0  # how much less likely than the best, in nats, a beginning may be that is kept
MOST_REACHED = 50_000  # nodes from which a further step is taken
NONE: Ids = np.zeros(0, np.int64)


class Rows(Protocol):
    """Statements by the node and the directed relation that they leave by; see `kgrag.graph.directed`."""

    def leaving(self, nodes: Ids) -> Ids:
        """The directed relations that leave any of the nodes, ascending."""

    def along(self, nodes: Ids, directed: int | None = None) -> Edges:
        """The statements by which the nodes are left."""


@dataclass(frozen=True)
class Plan:
    """Directed relations to follow one after the other.

    Attributes:
        relations: The directed relations.
        reach: Nodes after each step, those at the start first, each ascending.
        score: Log-probability of the relations, given that they are so many.
        returned: Those of its ends to which it leads only by coming back to the start: "films by the director of X" are others
            than X, and their actors are not those of X. Ascending.
    """

    relations: tuple[int, ...]
    reach: tuple[Ids, ...]
    score: float
    returned: Ids = field(default_factory=lambda: NONE)

    @property
    def ends(self) -> Ids:
        """The nodes to which it leads."""
        return self.reach[-1]

    @property
    def is_there_and_back(self) -> bool:
        """Whether it begins by a relation and the same backwards: to share something with the start is for others than the start."""
        first, then = (*self.relations, -1, -1)[:2]
        return first % 2 == 0 and then == first + 1


Weigh = Callable[[int, Ids], tuple[Floats, float]]
IsLiteral = Callable[[Ids], NDArray[np.bool_]]


def seek(rows: Rows, start: Ids, steps: int, weigh: Weigh, hint: Weigh, is_literal: IsLiteral) -> list[list[Plan]]:
    """Seeks the likeliest plans of each length.

    Args:
        rows: Where relations are followed.
        start: Node ids, ascending.
        steps: Longest plan.
        weigh: Gives, for a step and the directed relations that are there, a logit of each, and one of "none of these".
        hint: The same for the choice of the beginnings that are kept.
        is_literal: Tells which nodes are literals: those are not left, but where they are named.

    Returns:
        For each length the plans, best first.
    """
    found: list[list[Plan]] = []
    beginnings = [(0.0, Plan((), (start,), 0.0))]
    for step in range(steps):
        longer: list[tuple[float, float, int, int]] = []
        for place, (rank, plan) in enumerate(beginnings):
            nodes = plan.ends[:MOST_REACHED] if not step else plan.ends[~is_literal(plan.ends)][:MOST_REACHED]
            there = rows.leaving(nodes) if len(nodes) else NONE
            if not len(there):
                continue
            scores, ranks = (_log_softmax(*way(step, there)) for way in (weigh, hint))
            for i in np.argsort(-ranks, kind="stable")[:WIDTH].tolist():
                longer.append((rank + float(ranks[i]), plan.score + float(scores[i]), place, int(there[i])))
        longer.sort(key=lambda one: (-one[0], one[2], one[3]))
        kept: list[tuple[float, Plan]] = []
        for rank, score, place, directed in longer[:WIDTH]:
            if kept and rank < kept[0][0] - BEHIND:
                break
            before = beginnings[place][1]
            kept.append((rank, followed(rows, before, directed, score, is_literal)))
        found.append([plan for _, plan in kept])
        beginnings = kept
    return found


def trace(rows: Rows, plan: Plan, node: int) -> list[int]:
    """A path of a plan to one of its ends, which does not come back to the start if there is such a one.

    Returns:
        Ids of its statements, from the start on.
    """
    path: list[int] = []
    for step in range(len(plan.relations), 0, -1):
        edges = _between(rows, plan.reach[step - 1], plan.relations[step - 1], np.array([node]))
        best = int(np.lexsort((edges.statements, np.isin(edges.origins, plan.reach[0])))[0])
        path.append(int(edges.statements[best]))
        node = int(edges.origins[best])
    return path[::-1]


def statements(rows: Rows, plan: Plan, ends: Ids) -> list[Ids]:
    """The statements of a plan, step by step, by which some of its ends are reached."""
    steps: list[Ids] = []
    for step in range(len(plan.relations), 0, -1):
        edges = _between(rows, plan.reach[step - 1], plan.relations[step - 1], ends)
        steps.append(np.unique(edges.statements))
        ends = np.unique(edges.origins)
    return steps[::-1]


def _between(rows: Rows, origins: Ids, directed: int, targets: Ids) -> Edges:
    """The statements of a directed relation between two sets of nodes, sought from the smaller one."""
    if len(origins) <= len(targets):
        edges = rows.along(origins, directed)
        kept = np.isin(edges.targets, targets)
        return Edges(*(column[kept] for column in edges))
    edges = rows.along(targets, backwards(directed))
    kept = np.isin(edges.targets, origins)
    origins, _, ids, targets = (
        column[kept] for column in (edges.targets, edges.directed, edges.statements, edges.origins)
    )
    return Edges(origins, np.full(len(ids), directed), ids, targets)


def followed(rows: Rows, plan: Plan, directed: int, score: float = 0.0, is_literal: IsLiteral | None = None) -> Plan:
    """A plan that goes on by one relation.

    Args:
        rows: Where relations are followed.
        plan: The plan.
        directed: The relation.
        score: Of what comes of it.
        is_literal: See `seek`; all nodes are left where it is not given.
    """

    def follow(nodes: Ids) -> Ids:
        nodes = nodes[~is_literal(nodes)] if plan.relations and is_literal else nodes
        return np.unique(rows.along(nodes[:MOST_REACHED], directed).targets)

    reached = follow(plan.ends)
    is_back = np.isin(reached, plan.reach[0]) if plan.relations else np.zeros(len(reached), bool)
    if len(plan.returned):
        is_back |= ~np.isin(reached, follow(np.setdiff1d(plan.ends, plan.returned)))
    return Plan((*plan.relations, directed), (*plan.reach, reached), score, reached[is_back])


def _log_softmax(logits: Floats, none: float) -> Floats:
    most = max(float(logits.max()), none)
    total = most + np.log(np.exp(logits - most).sum() + np.exp(none - most))
    return (logits - total).astype(np.float32)
