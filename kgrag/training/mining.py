"""The plans that lead to the known answers of a question: what a reasoner learns from where no path is given."""

from __future__ import annotations

import numpy as np

from kgrag.encoding.plans import NONE, Plan, Rows, followed
from kgrag.types import Ids

MOST_BEGINNINGS = 400  # plans of one length that are lengthened
MOST_NODES = 20_000  # nodes from which a plan is lengthened
PROBES = 3  # answers that a plan is held against before it is followed to its end
LEAST_F1 = 0.2  # of the best plans, for them to count as meant
MOST_PLANS = 12

Directed = tuple[int, ...]


def plans_to(rows: Rows, start: int, answers: Ids, steps: int, partly: bool = False) -> list[Directed]:
    """The plans whose ends are most like the answers.

    Plans are met in the middle: a last relation is followed only where it leads back from some of the answers.

    Args:
        rows: Where relations are followed.
        start: Where the question starts.
        answers: Node ids, ascending.
        steps: Longest plan.
        partly: Whether the answers are only part of what a plan from this start leads to, as where the question names several
            nodes: then plans that lead to all of them are best, and of those the ones that lead to the fewest others.

    Returns:
        The best ones, the shortest first; none where even those lead elsewhere.
    """
    probes = answers[np.linspace(0, len(answers) - 1, min(PROBES, len(answers))).astype(int)]
    before = [_by_relation(rows, probe) for probe in probes.tolist()]
    found: dict[Directed, tuple[float, ...]] = {}
    beginnings = [Plan((), (np.array([start], np.int64),), 0.0)]
    for length in range(1, steps + 1):
        longer: list[Plan] = []
        for plan in beginnings:
            for directed in rows.leaving(plan.ends).tolist():
                # backwards from an answer, the relation leads to where it must be followed from
                near = sum(_meet(one.get(directed ^ 1, NONE), plan.ends) for one in before)
                last = length == steps
                if near < max(1, len(probes) - 1) and (last or len(longer) >= MOST_BEGINNINGS):
                    continue
                further = followed(rows, plan, directed)
                if near >= max(1, len(probes) - 1):
                    away = np.setdiff1d(further.ends, further.returned)
                    found[further.relations] = max(_agreement(ends, answers, partly) for ends in (further.ends, away))
                if not last and len(further.ends) <= MOST_NODES and len(longer) < MOST_BEGINNINGS:
                    longer.append(further)
        beginnings = longer
    if not found:
        return []
    best = max(found.values())
    if not partly and best[0] < LEAST_F1:
        return []
    return sorted((plan for plan, one in found.items() if one == best), key=lambda plan: (len(plan), plan))[:MOST_PLANS]


def _by_relation(rows: Rows, node: int) -> dict[int, Ids]:
    edges = rows.along(np.array([node], np.int64))
    return {int(d): edges.targets[edges.directed == d] for d in np.unique(edges.directed)}


def _meet(some: Ids, ends: Ids) -> bool:
    """Whether any of some nodes is among others, which are ascending."""
    places = np.minimum(np.searchsorted(ends, some), len(ends) - 1)
    return bool((ends[places] == some).any())


def _agreement(ends: Ids, answers: Ids, partly: bool) -> tuple[float, ...]:
    """F1 of the ends of a plan; before it the recall, where that is what matters."""
    hits = np.count_nonzero(np.isin(answers, ends))
    f1 = 2 * hits / (len(ends) + len(answers))
    return (hits / len(answers), f1) if partly else (f1,)
