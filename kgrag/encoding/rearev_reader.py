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
            considered = self._consider(questions[part], nodes[part], rows)
            read += considered.readings(nodes[part])
        return read

    def read_each(self, question: str, starts: Sequence[int], rows: Rows | None = None) -> list[Reading]:
        """See `GraphReader.read_each`: what is concluded from all starts together, and how it was reached from each."""
        considered = self._consider([question], [np.unique(np.asarray(starts, np.int64))], rows)
        return [considered.readings([np.array([start])])[0] for start in starts]

    def read_all(self, asked: Sequence[tuple[str, Sequence[int]]]) -> list[list[Reading]]:
        """See `GraphReader.read_all`."""
        return [self.read_each(question, starts) if len(starts) else [] for question, starts in asked]

    def closed(self, subgraph: Subgraph) -> NDArray[np.bool_]:
        """Which nodes of a sub-graph are not left: literals, but where they are named, shape (nodes,)."""
        literal: NDArray[np.bool_] = self.graph.is_literal[subgraph.nodes].copy()
        literal[subgraph.seeds] = False
        return literal

    def _consider(self, questions: Sequence[str], starts: Sequence[Ids], rows: Rows | None) -> _Considered:
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
        return _Considered(starts, subgraphs, batch, likely.cpu().numpy(), concluded.support(likely).cpu().numpy())


@dataclass(frozen=True)
class _Considered:
    """What was concluded for several questions, and by what."""

    starts: Sequence[Ids]
    subgraphs: Sequence[Subgraph]
    batch: GraphBatch
    probabilities: Floats
    support: Floats

    def readings(self, begins: Sequence[Ids]) -> list[Reading]:
        """The conclusions, with a plan for each way in which probable nodes were reached from some starts of each question."""
        begun = [
            np.flatnonzero(np.isin(subgraph.nodes, nodes)) + offset
            for subgraph, nodes, offset in zip(self.subgraphs, begins, self.batch.offsets)
        ]
        walks = best_walks(self.batch, np.concatenate(begun), self.support)
        return [self._reading(place, begun[place], walks) for place in range(len(begun))]

    def _reading(self, question: int, begun: Ids, walks: BestWalks) -> Conclusion:
        nodes, (first, end) = self.subgraphs[question].nodes, self.batch.offsets[question : question + 2]
        likely = np.flatnonzero(self.probabilities[first:end])
        likely = likely[np.argsort(nodes[likely])]
        ways = [walks.to(first + place) for place in likely.tolist()]
        likely, ways = likely[np.array([len(way) for way in ways], np.int64) > 0], [way for way in ways if way]
        beliefs = self.probabilities[first + likely]
        best: dict[tuple[int, ...], float] = {}
        for way, belief in zip(ways, beliefs.tolist()):
            best[way] = max(best.get(way, 0.0), belief)
        order = sorted(best, key=lambda way: (-best[way], way))
        owners = {way: place for place, way in enumerate(order)}
        hops = np.zeros(len(self.support), np.float32)
        np.add.at(hops, [len(way) - 1 for way in ways], beliefs)
        return Conclusion(
            start=self.starts[question],
            plans=tuple(self._plan(question, begun, way, best[way]) for way in order),
            probabilities=np.array([best[way] for way in order], np.float32),
            hops=hops / max(float(hops.sum()), LEAST),
            familiar=max(best.values(), default=-1.0),
            returning=1.0,
            concluded=(nodes[likely], beliefs, np.array([owners[way] for way in ways], np.int64)),
        )

    def _plan(self, question: int, begun: Ids, way: tuple[int, ...], belief: float) -> Plan:
        """A way, by the relations and nodes of the graph."""
        batch, nodes = self.batch, self.subgraphs[question].nodes
        own = np.flatnonzero(batch.edge_question.numpy() == question)
        heads, tails, columns = (column.numpy()[own] for column in (batch.heads, batch.tails, batch.columns))
        reach = [begun]
        for column in way:
            reach.append(np.unique(tails[(columns == column) & np.isin(heads, reach[-1])]))
        relations = tuple(int(2 * batch.relation_ids[column >> 1] + (column & 1)) for column in way)
        ends = tuple(np.sort(nodes[places - batch.offsets[question]]) for places in reach)
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
