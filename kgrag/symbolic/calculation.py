"""What a question wants computed, over one graph: sets as relations to follow, measures as relations to read or to count.

A calculation is a plain description. It is run over the whole graph for the answer, and over the cited statements alone to see whether
they bear the answer out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from kgrag.encoding.plans import MOST_REACHED, Plan, Rows, statements, trace
from kgrag.symbolic import operators
from kgrag.symbolic.values import Value
from kgrag.types import Ids

NONE: Ids = np.zeros(0, np.int64)
DEEPEST = 32  # steps of one relation
ValueOf = Callable[[int, int], Value | None]


@dataclass(frozen=True)
class Members:
    """A set: what any of some plans leads to from where it starts.

    Attributes:
        starts: Where it starts, one set of nodes for each thing named; members are reached from all of them.
        plans: For each of these, directed relations to follow; several plans are joined.
        kind: A class to which the members belong, and the directed relations from it to what belongs to it; None for any.
    """

    starts: tuple[Ids, ...]
    plans: tuple[tuple[tuple[int, ...], ...], ...]
    kind: tuple[int, tuple[int, ...]] | None = None

    def followed(self, rows: Rows) -> list[list[Plan]]:
        """The plans with the nodes along them."""
        return [[_follow(rows, start, plan) for plan in plans] for start, plans in zip(self.starts, self.plans)]

    def deepened(self, rows: Rows) -> Members:
        """What the last relation of each plan leads to over any number of steps, as far as it leads to more."""
        return replace(
            self,
            plans=tuple(
                tuple(dict.fromkeys(deep for plan in plans for deep in _deepened(rows, start, plan)))
                for start, plans in zip(self.starts, self.plans)
            ),
        )

    def nodes(self, followed: list[list[Plan]], rows: Rows) -> Ids:
        """The members, ascending."""
        reached = [reduce(np.union1d, [plan.ends for plan in plans], NONE) for plans in followed]
        nodes = reduce(np.intersect1d, reached) if reached else NONE
        if self.kind is not None:
            belonging = [rows.along(np.array([self.kind[0]]), by).targets for by in self.kind[1]]
            nodes = np.intersect1d(nodes, reduce(np.union1d, belonging, NONE))
        return nodes


@dataclass(frozen=True)
class Measurement:
    """What is compared of each member.

    Attributes:
        relations: The directed relations to its values, or to what is counted.
        counts: Whether the statements are counted.
        label: What it is called.
    """

    relations: tuple[int, ...]
    counts: bool
    label: str


@dataclass(frozen=True)
class Calculation:
    """What to compute.

    Attributes:
        operator: "count", "superlative", "comparison", "order"; "none" where the set itself is asked for.
        clause: "filter", "difference" or "none".
        direction: See `kgrag.wordings.operators.DIRECTIONS`.
        bounds: What values are compared with.
        without: What members must not be.
    """

    operator: str
    clause: str
    direction: str
    members: Members
    measurement: Measurement | None = None
    bounds: tuple[Value, ...] = ()
    without: Members | None = None


@dataclass(frozen=True)
class Result:
    """What came out.

    Attributes:
        members: All members of the set, ascending.
        nodes: Those that answer, in their order.
        values: The values compared, by node.
        measured: For each of these nodes the statements that say or make up its value.
        removed: Members that were left out for what they are.
        comparable: Whether the values could be compared with what the question gives.
        evidence: Every statement that it rests on, ascending.
        paths: How a member is reached: its statements, from what is named on.
    """

    members: Ids
    nodes: tuple[int, ...] = ()
    values: dict[int, Value] = field(default_factory=dict)
    measured: dict[int, Ids] = field(default_factory=dict)
    removed: Ids = field(default_factory=lambda: NONE)
    comparable: bool = True
    evidence: Ids = field(default_factory=lambda: NONE)
    paths: Callable[[int], list[int]] = field(default=lambda node: [], compare=False)


def run(calculation: Calculation, rows: Rows, value_of: ValueOf) -> Result:
    """Computes.

    Args:
        calculation: What to compute.
        rows: Where relations are followed.
        value_of: The value that a statement's object, a node, has under a directed relation; None where it has none.
    """
    members = calculation.members
    followed = members.followed(rows)
    nodes = members.nodes(followed, rows)
    evidence = [_leading(rows, followed, nodes), _belonging(rows, members, nodes)]

    def path(node: int) -> list[int]:
        found = [next((trace(rows, plan, node) for plan in plans if node in plan.ends), []) for plans in followed]
        return list(dict.fromkeys(one for steps in found for one in steps))

    result = Result(nodes, tuple(nodes.tolist()), paths=path)
    if calculation.without is not None:
        away = calculation.without.followed(rows)
        others = calculation.without.nodes(away, rows)
        removed = np.intersect1d(nodes, others)
        evidence.append(_leading(rows, away, removed))
        result = replace(result, nodes=tuple(operators.difference(nodes, others).tolist()), removed=removed)
    if calculation.measurement is not None:
        kept = np.array(result.nodes, np.int64)
        values, measured = measure(calculation.measurement, kept, rows, value_of)
        evidence += [measured[node] for node in values]
        answers = _compared(calculation, values)
        result = replace(
            result, nodes=tuple(answers or ()), values=values, measured=measured, comparable=answers is not None
        )
    return replace(result, evidence=np.unique(np.concatenate([*evidence, NONE])))


def measure(
    measurement: Measurement, nodes: Ids, rows: Rows, value_of: ValueOf
) -> tuple[dict[int, Value], dict[int, Ids]]:
    """The value of each node that has one, and the statements that it comes from."""
    if not len(nodes):
        return {}, {}
    edges = [rows.along(nodes, directed) for directed in measurement.relations]
    origins, directed, ids, targets = (np.concatenate(columns) for columns in zip(*edges))
    order = np.lexsort((ids, origins))
    origins, directed, ids, targets = origins[order], directed[order], ids[order], targets[order]
    starts = np.flatnonzero(np.concatenate([np.ones(min(len(origins), 1), bool), origins[1:] != origins[:-1]]))
    groups = {int(origins[a]): slice(a, b) for a, b in zip(starts, [*starts[1:].tolist(), len(origins)])}
    if measurement.counts:
        counts = {node: len(np.unique(targets[group])) for node, group in groups.items()}
        return operators.counted(counts), {node: ids[group] for node, group in groups.items()}
    stated = {
        node: [(value_of(int(directed[i]), int(targets[i])), int(ids[i])) for i in range(group.start, group.stop)]
        for node, group in groups.items()
    }
    known = {node: [value for value, _ in several if value is not None] for node, several in stated.items()}
    values = operators.comparable(known)
    measured = {
        node: np.array([statement for found, statement in stated[node] if found == value][:1], np.int64)
        for node, value in values.items()
    }
    return values, measured


def _compared(calculation: Calculation, values: dict[int, Value]) -> list[int] | None:
    """The nodes that the values choose, in their order; None where there is nothing to compare."""
    chosen: list[int] | None = list(values)
    if calculation.clause == "filter":
        chosen = operators.within(values, calculation.direction, list(calculation.bounds))
    elif calculation.operator == "order":
        chosen = operators.ordered(values, calculation.direction)
    elif calculation.operator in ("superlative", "comparison"):
        chosen = operators.extremes(values, calculation.direction)
    return chosen if values else None


def _follow(rows: Rows, start: Ids, relations: tuple[int, ...]) -> Plan:
    reach = [start]
    for directed in relations:
        reach.append(np.unique(rows.along(reach[-1][:MOST_REACHED], directed).targets))
    return Plan(relations, tuple(reach), 0.0)


def _deepened(rows: Rows, start: Ids, relations: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """A plan, and the same with its last relation again and again, while that leads to what was not reached before."""
    known, ends = NONE, _follow(rows, start, relations).ends
    while len(relations) <= DEEPEST and len(np.setdiff1d(ends, known)):
        yield relations
        known = np.union1d(known, ends)
        relations, ends = (*relations, relations[-1]), np.unique(rows.along(ends, relations[-1]).targets)


def _leading(rows: Rows, followed: list[list[Plan]], nodes: Ids) -> Ids:
    """Every statement on the way to some nodes."""
    found = [
        step
        for plans in followed
        for plan in plans
        if plan.relations
        for step in statements(rows, plan, nodes[np.isin(nodes, plan.ends)])
    ]
    return np.unique(np.concatenate([*found, NONE]))


def _belonging(rows: Rows, members: Members, nodes: Ids) -> Ids:
    """The statements that say to what class some nodes belong."""
    if members.kind is None:
        return NONE
    edges = [rows.along(np.array([members.kind[0]]), by) for by in members.kind[1]]
    return np.concatenate([edge.statements[np.isin(edge.targets, nodes)] for edge in edges])
