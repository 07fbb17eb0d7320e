"""Reads questions by reasoning over a sub-graph as a whole, and tells by which relations its conclusions were reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.plans import Plan, Rows
from kgrag.encoding.reader import GraphReader, Reading
from kgrag.encoding.rearev import ReaRev
from kgrag.encoding.reasoner import Reasoner
from kgrag.encoding.walks import BestWalks, best_walks
from kgrag.graph import KnowledgeGraph
from kgrag.graph.directed import Edges
from kgrag.types import Floats, Ids, Subgraph, TextEncoder

LEAST = 0.01  # probability from which a node may answer, and from which it is sought how it was reached
TOGETHER = 32  # questions that are reasoned over at once

Look = Callable[[str, Ids], Subgraph]


@dataclass(frozen=True)
class Conclusion(Reading):
    """A reading whose beliefs were concluded from a whole sub-graph; its plans tell how nodes were reached.

    Attributes:
        concluded: Nodes, ascending, the probability that each answers, and the place of the plan that leads to it.
    """

    concluded: tuple[Ids, Floats, Ids]

    @cached_property
    def weights(self) -> Floats:
        """See `Reading.weights`: of each plan, that of the most probable node to which it leads."""
        return self.probabilities

    @cached_property
    def _beliefs(self) -> tuple[Ids, Floats, Ids]:
        return self.concluded


class ReaRevReader(GraphReader):
    """Applies a ReaRev-like reasoner to the questions over one graph.

    Args:
        graph: What is asked.
        rearev: Reasons.
        encoder: Encodes questions and relation labels.
        look: Takes the sub-graph to reason over, for a question whose mentions are masked and the nodes that it names.
        reasoner: Gives the nodes of the evidence the states that the generator knows.
    """

    def __init__(
        self, graph: KnowledgeGraph, rearev: ReaRev, encoder: TextEncoder, look: Look, reasoner: Reasoner
    ) -> None:
        super().__init__(graph, reasoner, encoder)
        self.rearev, self.look = rearev, look

    def read(
        self, questions: Sequence[str], starts: Sequence[Sequence[int] | Ids], rows: Rows | None = None
    ) -> list[Reading]:
        """See `GraphReader.read`."""
        nodes = [np.unique(np.asarray(start, np.int64)) for start in starts]
        read: list[Reading] = []
        for first in range(0, len(questions), TOGETHER):
            part = slice(first, first + TOGETHER)
            concluded = self._conclude(questions[part], nodes[part], [[start] for start in nodes[part]], rows)
            read += [readings[0] for readings in concluded]
        return read

    def read_each(self, question: str, starts: Sequence[int], rows: Rows | None = None) -> list[Reading]:
        """See `GraphReader.read_each`: what is concluded from all starts together, and how it was reached from each."""
        together = np.unique(np.asarray(starts, np.int64))
        return self._conclude([question], [together], [[np.array([start]) for start in starts]], rows)[0]

    def closed(self, subgraph: Subgraph) -> NDArray[np.bool_]:
        """Which nodes of a sub-graph are not left: literals, but where they are named, shape (nodes,)."""
        literal: NDArray[np.bool_] = self.graph.is_literal[subgraph.nodes].copy()
        literal[subgraph.seeds] = False
        return literal

    def _conclude(
        self, questions: Sequence[str], starts: Sequence[Ids], apart: Sequence[Sequence[Ids]], rows: Rows | None
    ) -> list[list[Reading]]:
        """Reasons from all starts of each question together; a reading for each part of them."""
        rearev = self.rearev.eval()
        words = rearev.words.prepare(questions, self.encoder)  # together: to look for sub-graphs takes the same again
        if rows is None or rows is self.rows:
            subgraphs = [self.look(question, start) for question, start in zip(questions, starts)]
        else:
            subgraphs = [reached(rows, start, rearev.steps) for start in starts]
        batch = GraphBatch.collate(subgraphs, closed=[self.closed(subgraph) for subgraph in subgraphs])
        self.phrasebook.refresh()
        labels = torch.from_numpy(self.phrasebook.relation_labels())[torch.from_numpy(batch.relation_ids)]
        there = batch.to(rearev.device)
        concluded = rearev(words, there, labels.to(rearev.device))
        likely = concluded.probabilities(there).detach()
        likely = likely.where(likely >= LEAST, 0.0)
        probabilities, support = likely.cpu().numpy(), concluded.support(likely).cpu().numpy()
        readings: list[list[Reading]] = [[] for _ in questions]
        for place in range(max(map(len, apart), default=0)):
            begins = [
                _places(s, parts[place]) if place < len(parts) else s.seeds[:0] for s, parts in zip(subgraphs, apart)
            ]
            walks = best_walks(batch, np.concatenate([b + offset for b, offset in zip(begins, batch.offsets)]), support)
            for i, subgraph in enumerate(subgraphs):
                if place < len(apart[i]):
                    own = slice(*batch.offsets[i : i + 2])
                    found = _Found(batch, i, subgraph, begins[i], probabilities[own], walks)
                    readings[i].append(found.reading(starts[i], rearev.steps))
        return readings


@dataclass(frozen=True)
class _Found:
    """What was found in the sub-graph of one question of a batch from a part of its starts."""

    batch: GraphBatch
    question: int
    subgraph: Subgraph
    begins: Ids
    probabilities: Floats
    walks: BestWalks

    def reading(self, start: Ids, steps: int) -> Conclusion:
        """The conclusion, with a plan for each way in which probable nodes were reached."""
        nodes, offset = self.subgraph.nodes, int(self.batch.offsets[self.question])
        likely = np.flatnonzero(self.probabilities >= LEAST)
        likely = likely[np.argsort(nodes[likely])]
        ways = [self.walks.to(offset + place) for place in likely.tolist()]
        likely, ways = likely[[bool(way) for way in ways]], [way for way in ways if way]
        beliefs = self.probabilities[likely]
        best: dict[tuple[int, ...], float] = {}
        for way, belief in zip(ways, beliefs.tolist()):
            best[way] = max(best.get(way, 0.0), belief)
        order = sorted(best, key=lambda way: (-best[way], way))
        owners = {way: place for place, way in enumerate(order)}
        hops = np.zeros(steps, np.float32)
        np.add.at(hops, [len(way) - 1 for way in ways], beliefs)
        return Conclusion(
            start=start,
            plans=tuple(self._plan(way, best[way]) for way in order),
            probabilities=np.array([best[way] for way in order], np.float32),
            hops=hops / max(float(hops.sum()), 1e-9),
            familiar=max(best.values(), default=-1.0),
            returning=1.0,
            concluded=(nodes[likely], beliefs, np.array([owners[way] for way in ways], np.int64)),
        )

    def _plan(self, way: tuple[int, ...], belief: float) -> Plan:
        """A way, by the relations and nodes of the graph."""
        batch, offset = self.batch, int(self.batch.offsets[self.question])
        own = np.flatnonzero(batch.edge_question.numpy() == self.question)
        heads, tails, columns = (column.numpy()[own] for column in (batch.heads, batch.tails, batch.columns))
        reach = [self.begins + offset]
        for column in way:
            reach.append(np.unique(tails[(columns == column) & np.isin(heads, reach[-1])]))
        relations = tuple(int(2 * batch.relation_ids[column >> 1] + (column & 1)) for column in way)
        ends = tuple(np.sort(self.subgraph.nodes[places - offset]) for places in reach)
        return Plan(relations, ends, float(np.log(belief)))


def reached(rows: Rows, starts: Ids, steps: int) -> Subgraph:
    """All that so many steps from some nodes lead over, as a sub-graph."""
    nodes, new, met = starts, starts, []
    for _ in range(steps):
        met.append(rows.along(new))
        new = np.setdiff1d(met[-1].targets, nodes)
        nodes = np.concatenate([nodes, new])
    edges = Edges(*(np.concatenate(column) for column in zip(*met)))
    statements, first = np.unique(edges.statements, return_index=True)
    origins, targets = edges.origins[first], edges.targets[first]
    is_back = edges.directed[first] % 2 == 1
    order = np.argsort(nodes)

    def places(wanted: Ids) -> Ids:
        return order[np.searchsorted(nodes, wanted, sorter=order)]

    return Subgraph(
        nodes=nodes,
        heads=places(np.where(is_back, targets, origins)),
        relations=edges.directed[first] >> 1,
        tails=places(np.where(is_back, origins, targets)),
        statements=statements,
        seeds=np.arange(len(starts)),
        hops=steps,
    )


def _places(subgraph: Subgraph, nodes: Ids) -> Ids:
    return np.flatnonzero(np.isin(subgraph.nodes, nodes))
