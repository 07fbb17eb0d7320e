"""What the reasoner finds from all the nodes that a question names, joined, and the statements that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import torch

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.joining import apart, holds_other
from kgrag.encoding.kinds import (
    Kind,
    are_of_kind,
    asked_kind,
    asks_for_kind_alone,
    memberships,
    names_kind_first,
    over_kinds,
)
from kgrag.encoding.messages import node_states
from kgrag.encoding.plans import Plan, Rows, followed, statements, trace
from kgrag.encoding.reader import LEAST, GraphReader, Reading
from kgrag.graph import KnowledgeGraph
from kgrag.graph.directed import DirectedRows
from kgrag.types import Floats, Ids, Subgraph
from kgrag.yes_no import asks_of_each

YES = 0.4  # least probability at which the node asked about counts as reached
PLAINLY = 0.95  # least probability that a kind is asked for where a question has no other word
SURELY = 0.99  # least probability of a relation that a yes/no question surely means
OTHERWISE = 1_000  # and how many times that of another one which joins what it names
SHARED = 0.5  # share of the best probability that nodes joined to the other topics must have
TOGETHER = 0.5  # least belief at which a node counts as reached from every topic
CHANCE = 0.3  # how often a plan that is not meant leads from several topics to one node
OFFERED = 0.01  # probability from which a node is taken into the evidence
PASSED = 50  # nodes found that are asked whether the rest of the question has to do with them


@dataclass(frozen=True)
class Findings:
    """The nodes that may answer, and the part of the graph that says so.

    Attributes:
        subgraph: The statements that lead from the topics to the nodes, and no others; the topics are its seeds.
        scores: Answer probability of each node of the sub-graph, shape (nodes,).
        states: Vector state of each node, shape (nodes, hidden).
        found: The same by the ids of the graph.
        starts: Where each reading starts, positions in the sub-graph's nodes.
        target: As of ``found``, but a position.
        beside: As of ``found``, but positions.
    """

    subgraph: Subgraph
    scores: Floats
    states: Floats
    found: Found
    starts: tuple[int, ...]
    target: int | None = None
    beside: tuple[int, ...] = ()

    @property
    def verdict(self) -> int:
        """1 for yes, -1 for no, 0 where the question asks for something else."""
        return self.found.verdict

    def paths(self, node: int) -> list[list[int]]:
        """For each start, and for each topic beside, the path to a node, as positions of statements; empty for none."""
        paths = []
        for reading in self.found.readings:
            plan = reading.plan_to(int(self.subgraph.nodes[node]))
            path = [] if plan is None else trace(self.found.rows, plan, int(self.subgraph.nodes[node]))
            paths.append(np.searchsorted(self.subgraph.statements, path).tolist())
        return paths + [_joining(self.subgraph, node, topic)[:1] for topic in self.beside]


@dataclass(frozen=True)
class Found:
    """What readings of a question lead to, joined, by the ids of the graph.

    Attributes:
        nodes: That may answer, ascending.
        scores: How far each is believed in, shape (nodes,).
        readings: What the question means from each start.
        starts: Where each reading starts.
        rows: What the readings follow relations in.
        verdict: 1 for yes, -1 for no, 0 where the question asks for something else.
        target: For a yes, the node whose being reached was asked.
        beside: Topics from which no reading starts: the answers are those that a statement joins to each of them.
        kind: The kind of thing that is asked for by a topic, where the others alone lead to the answers.
    """

    nodes: Ids
    scores: Floats
    readings: tuple[Reading, ...]
    starts: tuple[int, ...]
    rows: Rows
    verdict: int = 0
    target: int | None = None
    beside: tuple[int, ...] = ()
    kind: Kind | None = None


def reason(
    reader: GraphReader,
    masked: str,
    topics: Sequence[int],
    asks_yes_no: bool = False,
    rows: Rows | None = None,
    budget: int = 500,
) -> Findings:
    """Reasons from each topic, and joins the findings.

    A yes/no question asks whether one topic leads to another: first over a statement that joins them, if the question can
    well mean its relation, then over any path; but not where it asks of each alike. Otherwise an answer is what all topics lead to; where there
    is no such node, what the best of them leads to and a statement joins to the others ("which antibiotics treat ...");
    and where there is none of these either, what one of them leads to: the best that the others have to do with, if any,
    and rather a thing than what holds it ("consent" than "the GDPR").

    Args:
        reader: Applies the reasoner.
        masked: The question with its mentions masked.
        topics: Ids of the linked nodes.
        asks_yes_no: Whether the question asks for yes or no.
        rows: What relations are followed in; the whole graph where not given.
        budget: Most nodes that may answer in the evidence, the most probable ones.
    """
    rows = rows or reader.rows
    starts = list(dict.fromkeys(topics))
    readings = reader.read_each(masked, starts, rows)
    asks_yes_no = asks_yes_no and not asks_of_each(masked)
    found = None
    if asks_yes_no and len(starts) > 1:
        found = _asserted(reader, masked, rows, starts, readings) or _inherited(reader, masked, rows, starts, readings)
        if found is None and asks_for_kind_alone(masked) and len(starts) == 2:
            found = _of_other_kinds(reader, rows, starts[0], readings[0])
    if found is None:
        found = joined(reader, readings, starts, rows, asks_yes_no, asked_kind(reader.graph, masked, topics))
        if found.target is not None:
            way = found.readings[0].plan_to(found.target)
            if _is_upside_down(reader, masked, starts, way, found.starts[0], found.target):
                found = replace(found, verdict=-1, target=None)
    return _with_evidence(reader, found, topics, budget)


def along(
    reader: GraphReader, reading: Reading, plans: Sequence[Plan], topics: Sequence[int], budget: int = 500
) -> Findings:
    """What some plans lead to, as if the question surely meant one of them, and each might be it.

    Args:
        reader: Applies the reasoner.
        reading: Of the question, from one node.
        plans: Of its plans.
        topics: Ids of the linked nodes.
        budget: Most nodes that may answer.
    """
    even = np.full(len(plans), 1 / len(plans), np.float32)
    sure = replace(reading, plans=tuple(plans), probabilities=even)
    return _with_evidence(reader, Found(*sure.beliefs, (sure,), (int(reading.start[0]),), reader.rows), topics, budget)


def nothing(reader: GraphReader, topics: Sequence[int]) -> Findings:
    """What is found where the graph does not answer: the topics alone."""
    subgraph = _subgraph(reader, topics, np.zeros(0, np.int64), truncated=False)
    count = len(subgraph.nodes)
    states = np.zeros((count, reader.reasoner.settings["hidden"]), np.float32)
    found = Found(np.zeros(0, np.int64), np.zeros(0, np.float32), (), (), reader.rows)
    return Findings(subgraph, np.zeros(count, np.float32), states, found, tuple(range(count)))


def joined(
    reader: GraphReader,
    readings: Sequence[Reading],
    starts: Sequence[int],
    rows: Rows,
    asks_yes_no: bool = False,
    kind: Kind | None = None,
) -> Found:
    """What the readings of a question from each of its topics lead to together; see `reason`.

    Args:
        reader: Applies the reasoner.
        readings: One for each start.
        starts: Ids of the topics.
        rows: What relations are followed in.
        asks_yes_no: Whether the question asks for yes or no.
        kind: The kind of thing that is asked for by one of the topics.
    """
    order = sorted(range(len(readings)), key=lambda i: -readings[i].top)
    best = order[0]
    nodes, scores = readings[best].beliefs
    alone = Found(nodes, scores, (readings[best],), (starts[best],), rows)
    if len(starts) < 2:
        return alone
    if asks_yes_no:
        pairs = [
            (float(reading.believed(np.array([t]))[0]), i, t)
            for i, reading in enumerate(readings)
            for t in starts
            if t != starts[i]
        ]
        score, first, target = max(pairs, key=lambda p: (p[0], -p[1], -p[2]))
        if score >= YES:
            said = readings[first]
            return Found(*said.beliefs, (said,), (starts[first],), rows, 1, target)
        return replace(alone, verdict=-1)
    shared = _shared(readings, nodes)
    if shared.max(initial=0.0) >= TOGETHER:
        return Found(nodes, shared, tuple(readings), tuple(starts), rows)
    found, others = scores, [start for start in starts if start != starts[best]]
    for topic in others:
        beside = np.where(np.isin(nodes, rows.along(np.array([topic])).targets), found, np.float32(0))
        if beside.max(initial=0.0) < SHARED * found.max(initial=0.0):
            break
        found = beside
    else:
        return replace(alone, scores=found, beside=tuple(others))
    if of_kind := _of_kind(reader, readings, starts, rows, kind):
        return of_kind
    graph = reader.graph
    for place in sorted(order, key=lambda i: holds_other(graph, starts, starts[i])):
        if readings[place].top < SHARED * readings[best].top:
            continue
        one = Found(*readings[place].beliefs, (readings[place],), (starts[place],), rows)
        if not apart(graph, rows, passed(graph, one), starts):  # the start itself is passed
            return _beside_others(graph, one, starts)
    return alone


def _of_kind(
    reader: GraphReader, readings: Sequence[Reading], starts: Sequence[int], rows: Rows, kind: Kind | None
) -> Found | None:
    """What of all that the other topics lead to is of the kind that is asked for, or all of it, where the graph does not say.

    None where what is found is of other kinds, and the topic is no kind of which the graph has any.
    """
    if kind is None or kind.topic not in starts:
        return None
    others = [start for start in starts if start != kind.topic]
    found = joined(reader, reader.read_each(kind.question, others, rows), others, rows)
    best = float(found.scores.max(initial=0.0))
    if not best or best < SHARED * max(reading.top for reading in readings):
        return None
    found = replace(found, kind=kind)
    are = are_of_kind(reader.graph, reader.phrasebook, found.nodes, kind.topic)
    likely = found.scores >= SHARED * best
    if (are[likely] == 1).any():
        return replace(found, scores=np.where(are == 1, found.scores, np.float32(0)))
    if (are[likely] == 0).all():
        return found
    members = reader.phrasebook.to_members(rows.leaving(np.array([kind.topic])))
    return replace(found, scores=np.zeros_like(found.scores)) if len(members) else None


def _shared(readings: Sequence[Reading], nodes: Ids) -> Floats:
    """How far nodes are believed in that every reading leads to, shape (nodes,).

    That one plan leads from all topics to one node would be a chance if it were not meant, and speaks for it.
    """
    shared = np.prod([reading.believed(nodes) for reading in readings], axis=0) ** (1 / len(readings))
    for place in np.flatnonzero(shared).tolist():
        plans = {plan.relations for reading in readings if (plan := reading.plan_to(int(nodes[place])))}
        if len(plans) == 1:
            shared[place] /= shared[place] + CHANCE * (1 - shared[place])
    return shared.astype(np.float32)


def passed(graph: KnowledgeGraph, found: Found) -> Ids:
    """The nodes that are most believed in, and those on the way to them, ascending."""
    ways = [_way(graph, found, node) for node in _likely(found)]
    return np.unique(np.concatenate([found.starts, *ways]).astype(np.int64))


def _likely(found: Found) -> list[int]:
    """The nodes that are most believed in."""
    top = found.scores.max(initial=0.0)
    return found.nodes[found.scores >= max(SHARED * top, OFFERED)][:PASSED].tolist()


def _way(graph: KnowledgeGraph, found: Found, node: int) -> Ids:
    """A node that was found, and what lies on the way to it."""
    plan = found.readings[0].plan_to(node)
    ids = np.array([] if plan is None else trace(found.rows, plan, node), np.int64)
    return np.concatenate([[node], graph.heads[ids], graph.tails[ids]]).astype(np.int64)


def _beside_others(graph: KnowledgeGraph, found: Found, topics: Sequence[int]) -> Found:
    """What was found from one topic, without what the others have nothing to do with, if they have with more of the same.

    "Which duties does a processor have under the GDPR?" asks for no duties under the Data Act.
    """
    others = [topic for topic in topics if topic not in found.starts]
    by_plan: dict[tuple[int, ...], list[int]] = {}
    for node in _likely(found):
        plan = found.readings[0].plan_to(node)
        by_plan.setdefault(plan.relations if plan else (), []).append(node)
    gone: list[int] = []
    for several in (nodes for nodes in by_plan.values() if len(nodes) > 1):
        ways = [np.setdiff1d(_way(graph, found, node), found.starts) for node in several]
        without = [node for node, way in zip(several, ways) if apart(graph, found.rows, way, others)]
        gone += without if len(without) < len(several) else []
    return replace(found, scores=np.where(np.isin(found.nodes, gone), np.float32(0), found.scores)) if gone else found


def _asserted(
    reader: GraphReader, masked: str, rows: Rows, starts: Sequence[int], readings: Sequence[Reading]
) -> Found | None:
    """A yes from the statements between two topics, read as if there were no others; None if they do not say so.

    Nor do they where the question clearly means another relation that the topic has, by its reading among all.
    """
    pairs, between = [], []
    for a in starts:
        edges = rows.along(np.array([a]))
        for b in starts:
            joins = np.flatnonzero(edges.targets == b)
            if a != b and len(joins):
                graph, ids = reader.graph, edges.statements[joins]
                pairs.append((a, b))
                between.append(DirectedRows(graph.heads[ids], graph.relations[ids], graph.tails[ids], ids))
    if not pairs:
        return None
    alone = [reader.read([masked], [[a]], statements)[0] for (a, _), statements in zip(pairs, between)]
    scores = [float(reading.believed(np.array([b]))[0]) for reading, (_, b) in zip(alone, pairs)]
    for best in sorted(range(len(pairs)), key=lambda place: -scores[place]):
        (start, target), said = pairs[best], alone[best]
        if scores[best] < YES:
            break
        plan = said.plan_to(target)
        if _is_upside_down(reader, masked, starts, plan, start, target):
            continue
        if not _means_another(readings[starts.index(start)], plan):
            return Found(*said.beliefs, (said,), (start,), between[best], 1, target)
    return None


def _is_upside_down(
    reader: GraphReader, masked: str, starts: Sequence[int], plan: Plan | None, start: int, target: int
) -> bool:
    """Whether a plan says of a kind that it is of a kind of its own, as in "is a disease a kind of gout", which is not so."""
    relations = () if plan is None else plan.relations
    if not relations or not np.isin([d >> 1 for d in relations], memberships(reader.graph, reader.phrasebook)).all():
        return False
    directions = {directed & 1 for directed in relations}
    if len(directions) > 1:
        return False
    is_below_first = (directions == {0}) == (starts.index(start) < starts.index(target))
    return is_below_first == names_kind_first(masked)


def _inherited(
    reader: GraphReader, masked: str, rows: Rows, starts: Sequence[int], readings: Sequence[Reading]
) -> Found | None:
    """A yes because a thing is of a kind that is, over further kinds, of the kind asked about; None if it is not."""
    graph, is_plain = reader.graph, asks_for_kind_alone(masked)
    for start, other in combinations(starts, 2):
        below, kind = (other, start) if names_kind_first(masked) else (start, other)
        if not is_plain and not _may_ask_for_kinds(reader, readings[starts.index(below)]):
            continue
        path = np.array(over_kinds(graph, reader.phrasebook, rows, below, kind), np.int64)
        if not len(path):
            continue
        said = DirectedRows(graph.heads[path], graph.relations[path], graph.tails[path], path)
        alone = reader.read([masked], [[below]], said)[0]
        upward = [2 * int(relation) for relation in graph.relations[path]]
        score = max(
            (p for plan, p in zip(alone.plans, alone.probabilities) if plan.relations == (upward[0],)), default=0.0
        )
        if is_plain:
            score = max(score, PLAINLY)
        elif score < YES or _means_another(readings[starts.index(below)], Plan((upward[0],), (), 0.0)):
            continue
        plan = Plan((), (np.array([below]),), 0.0)
        for directed in upward:
            plan = followed(said, plan, directed)
        reached = replace(alone, plans=(plan,), probabilities=np.array([score], np.float32))
        return Found(*reached.beliefs, (reached,), (below,), said, 1, kind)
    return None


def _of_other_kinds(reader: GraphReader, rows: Rows, start: int, reading: Reading) -> Found | None:
    """A no because a thing is of other kinds, which are shown, or of another class; None if it is of none."""
    types = reader.graph.type_relations()
    upward = (2 * np.concatenate([np.setdiff1d(memberships(reader.graph, reader.phrasebook), types), types])).tolist()
    plans = (followed(rows, Plan((), (np.array([start]),), 0.0), directed) for directed in upward)
    plan = next((plan for plan in plans if len(plan.ends)), None)
    if plan is None:
        return None
    reached = replace(reading, plans=(plan,), probabilities=np.array([PLAINLY], np.float32))
    return Found(*reached.beliefs, (reached,), (start,), rows, -1)


def _may_ask_for_kinds(reader: GraphReader, reading: Reading) -> bool:
    """Whether a question may ask of which kind its start is: at an endpoint, each step up is a request."""
    upward = set((2 * memberships(reader.graph, reader.phrasebook)).tolist())
    likely = [plan for plan, p in zip(reading.plans, reading.probabilities) if p >= OFFERED]
    return any(len(plan.relations) == 1 and plan.relations[0] in upward for plan in likely)


def _means_another(reading: Reading, plan: Plan | None) -> bool:
    """Whether a reading among all relations is as good as sure of another one."""
    of_each = {other.relations: p for other, p in zip(reading.plans, reading.probabilities.tolist())}
    meant = of_each.pop(plan.relations, LEAST) if plan else LEAST
    rival = max((p for relations, p in of_each.items() if len(relations) == 1), default=0.0)
    return rival > max(OTHERWISE * meant, SURELY)


def _with_evidence(reader: GraphReader, found: Found, topics: Sequence[int], budget: int) -> Findings:
    """Lays out the statements that lead to the nodes found."""
    order = np.lexsort((found.nodes, -found.scores))
    offered = order[found.scores[order] >= OFFERED][:budget]
    answers = np.sort(found.nodes[offered])
    followed = [_followed(found.rows, reading, answers) for reading in found.readings]
    joins = [found.rows.along(np.array([topic])) for topic in found.beside]
    kept = [edges.statements[np.isin(edges.targets, answers)] for edges in joins]
    ids = np.unique(np.concatenate([*(s for steps in followed for _, s in steps), *kept, np.zeros(0, np.int64)]))
    subgraph = _subgraph(reader, topics, ids, truncated=len(offered) < len(order))
    position = {int(node): place for place, node in enumerate(subgraph.nodes)}
    scores = np.zeros(len(subgraph.nodes), np.float32)
    there = np.isin(found.nodes, subgraph.nodes)
    scores[[position[node] for node in found.nodes[there].tolist()]] = found.scores[there]
    return Findings(
        subgraph=subgraph,
        scores=scores,
        states=_states(reader, subgraph, found.readings[0], position[found.starts[0]]),
        found=found,
        starts=tuple(position[start] for start in found.starts),
        target=None if found.target is None else position[found.target],
        beside=tuple(position[topic] for topic in found.beside),
    )


def _followed(rows: Rows, reading: Reading, answers: Ids) -> list[tuple[Plan, Ids]]:
    """The plans by which answers are believed in, and the statements of each that lead to them."""
    followed = []
    for plan in reading.plans:
        ends = plan.ends[np.isin(plan.ends, answers)]
        if len(ends):
            followed.append((plan, np.concatenate(statements(rows, plan, ends))))
    return followed


def _subgraph(reader: GraphReader, topics: Sequence[int], ids: Ids, truncated: bool) -> Subgraph:
    graph = reader.graph
    heads, tails = graph.heads[ids], graph.tails[ids]
    seeds = np.array(list(dict.fromkeys(topics)), np.int64)
    nodes = np.concatenate([seeds, np.setdiff1d(np.concatenate([heads, tails]), seeds)])
    order = np.argsort(nodes)

    def places(wanted: Ids) -> Ids:
        return order[np.searchsorted(nodes, wanted, sorter=order)]

    return Subgraph(
        nodes=nodes,
        heads=places(heads),
        relations=np.asarray(graph.relations[ids], np.int64),
        tails=places(tails),
        statements=ids,
        seeds=places(np.asarray(topics, np.int64)),
        truncated=truncated,
    )


@torch.inference_mode()
def _states(reader: GraphReader, subgraph: Subgraph, reading: Reading, start: int) -> Floats:
    """Vector states of the nodes, by the plans of one reading."""
    batch = GraphBatch.collate([subgraph], [np.array([start], np.int64)])
    steps, columns = len(reading.hops), {int(r): c for c, r in enumerate(batch.relation_ids)}
    weights = torch.zeros(steps, steps, 1, 2 * len(columns))
    for plan, weight in zip(reading.plans, reading.weights.tolist()):
        for step, directed in enumerate(plan.relations):
            if directed >> 1 in columns:
                cell = weights[len(plan.relations) - 1, step, 0]
                column = 2 * columns[directed >> 1] + (directed & 1)
                cell[column] = max(float(cell[column]), weight if not step else 1.0)
    reasoner = reader.reasoner
    relations = reader.relations().view(-1, 2, reasoner.settings["hidden"])[torch.from_numpy(batch.relation_ids)]
    share = torch.from_numpy(reading.hops > 0.001)[None].float()
    return node_states(batch, reasoner.message(relations.flatten(0, 1)), weights, share).numpy()


def _joining(subgraph: Subgraph, node: int, topic: int) -> list[int]:
    """Statements between two nodes."""
    forward = (subgraph.heads == node) & (subgraph.tails == topic)
    return np.flatnonzero(forward | (subgraph.tails == node) & (subgraph.heads == topic)).tolist()
