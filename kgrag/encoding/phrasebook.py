"""How alike a question is to the known ways of asking for each plan: each sequence of relations it may mean.

A graph that was never seen before has relations whose labels are all there is to go by. The labels lead to known ways of
asking, and a question is compared with those: nearest neighbours, which need no training and may be added to at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from kgrag.graph import KnowledgeGraph, normalise
from kgrag.types import Floats, Ids, Subgraph, TextEncoder
from kgrag.wordings.ways import Ways, is_membership

NAMED = "X"  # stands for a linked mention in a question
MOST_ABSENT = 200  # relations of the graph, the most frequent ones, that a question is held against wherever it starts
MOST_FOREIGN = 5  # questions for a relation that is none of the graph's
FOREIGN = 0.55  # cosine of labels below which a relation is none of the graph's, whatever the graph calls its own
MOST_PAIRS = 300  # plans of two relations that are compared with one question
APART = 0.1  # what a relation must give way by where no known plan has it at that step


@dataclass(frozen=True)
class Likeness:
    """How alike questions are to known ways of asking for the plans that their sub-graphs allow.

    Attributes:
        steps: For each length of plan and each step, the best plan with that directed relation there, shape
            (lengths, steps, questions, 2 * relations).
        lengths: The best plan of each length, shape (questions, lengths). A relation that does not leave the seeds counts
            as a plan of length one, too: it may well be what the question asks for, in vain.
        elsewhere: Relations that the graph does not have at all, shape (questions, 2 * outside).
        outside: Encoded labels of those, shape (outside, width).
    """

    steps: torch.Tensor
    lengths: torch.Tensor
    elsewhere: torch.Tensor
    outside: torch.Tensor


class Phrasebook:
    """Ways of asking for the plans of one graph, encoded as they are needed.

    A directed relation is a number: ``r`` for relation ``r``, ``r + num_relations`` for its inverse. A plan is a directed
    relation, or two of them as ``(first + 1) * 2 * num_relations + second``.

    Args:
        graph: Where the relation labels come from.
        encoder: Encodes texts.

    Attributes:
        common: The graph's most frequent relations: what a question may ask for wherever it starts, shape (relations,).
    """

    def __init__(self, graph: KnowledgeGraph, encoder: TextEncoder) -> None:
        self.graph, self.encoder = graph, encoder
        self._labels: dict[str, Floats] = {}
        self._start()

    def _start(self) -> None:
        """Begins anew for the relations that the graph has now."""
        graph = self.graph
        self._ways = Ways(graph.relation_labels)
        self.width = 2 * graph.num_relations
        count = np.bincount(graph.relations, minlength=graph.num_relations)
        self.common = np.argsort(-count, kind="stable")[:MOST_ABSENT]
        members = [r for r, label in enumerate(graph.relation_labels) if is_membership(label)]
        self._members = np.array(members, np.int64) + graph.num_relations  # from a class to what belongs to it
        self._slots: dict[int, int] = {}  # plan to its place in _bounds
        self._bounds: list[int] = [0]
        self._vectors = np.zeros((0, self.encoder.width), np.float32)
        self._outside: tuple[Floats, Floats, list[int]] | None = None

    def refresh(self) -> None:
        """Follows the graph: relations may have come since."""
        if self.width != 2 * self.graph.num_relations:
            self._start()

    def labels(self, labels: Sequence[str]) -> torch.Tensor:
        """Encoded labels, shape (labels, width)."""
        new = [label for label in dict.fromkeys(labels) if label not in self._labels]
        if new:
            self._labels.update(zip(new, self.encoder.encode([normalise(label) for label in new])))
        if not labels:
            return torch.zeros(0, self.encoder.width)
        return torch.from_numpy(np.stack([self._labels[label] for label in labels]))

    def likeness(
        self, questions: Floats, subgraphs: Sequence[Subgraph], seeds: Sequence[Ids], relations: Ids, steps: int
    ) -> Likeness:
        """Compares questions with the ways of asking for the plans that start at their seeds.

        Args:
            questions: Encoded questions, their mentions masked, shape (questions, width).
            subgraphs: One a question.
            seeds: Where each starts, as positions in its sub-graph's nodes.
            relations: The relations to report on, ascending.
            steps: Longest plan. Beyond two relations a plan's parts are compared, not the plan.
        """
        columns = np.full(self.graph.num_relations, -1, np.int64)
        columns[relations] = np.arange(len(relations))
        columns = np.concatenate([columns, np.where(columns < 0, -1, columns + len(relations))])
        singles = [*relations.tolist(), *(relations + self.graph.num_relations).tolist()]
        plans = [self._pairs(s, start) for s, start in zip(subgraphs, seeds)]
        self._learn(singles)
        alone = self._compare(questions)[:, [self._slots[s] for s in singles]]
        for row, pairs in enumerate(plans):
            if len(pairs) > MOST_PAIRS:
                hint = alone[row, columns[pairs // self.width - 1]] + alone[row, columns[pairs % self.width]]
                plans[row] = pairs[np.sort(np.argsort(-hint, kind="stable")[:MOST_PAIRS])]
        self._learn(sorted({int(p) for pairs in plans for p in pairs}))
        alike = self._compare(questions)
        by_step = np.repeat((alone - APART)[None], steps * steps, axis=0).reshape(steps, steps, *alone.shape)
        by_step[0, 0] = alone
        by_length = np.full((len(questions), steps), -1.0, np.float32)
        for row, pairs in enumerate(plans):
            leaving = self._leaving(subgraphs[row], seeds[row])
            # of a class, people ask as if it were its members: what it does not have itself is hardly asked in vain
            apart = 3 * APART if np.isin(leaving, self._members).any() else APART
            there = alone[row, columns[leaving]].max(initial=-1.0)
            by_length[row, 0] = max(alone[row].max(initial=-1.0) - apart, there)
            if not len(pairs) or steps < 2:
                continue
            score = alike[row, [self._slots[int(p)] for p in pairs]]
            np.maximum.at(by_step[1, 0, row], columns[pairs // self.width - 1], score)
            np.maximum.at(by_step[1, 1, row], columns[pairs % self.width], score)
            by_length[row, 1] = score.max()
            for longer in range(2, steps):
                by_step[longer, 0, row] = by_step[1, 0, row]
                by_step[longer, longer, row] = np.maximum(by_step[longer, longer, row], by_step[1, 1, row])
                by_length[row, longer] = by_length[row, 1]
        labels, ways, bounds = self._foreign()
        elsewhere = np.maximum.reduceat(questions @ ways.T, bounds, axis=1) - APART / 2 if bounds else questions[:, :0]
        return Likeness(
            torch.from_numpy(by_step),
            torch.from_numpy(by_length),
            torch.from_numpy(elsewhere),
            torch.from_numpy(labels),
        )

    def _foreign(self) -> tuple[Floats, Floats, list[int]]:
        """Relations of the world that the graph does not have: encoded labels, encoded questions, where those of each begin."""
        if self._outside is None:
            wordings = self._ways.foreign()
            known = self.labels(self.graph.relation_labels)
            labels = self.labels([wording.labels[0] for wording in wordings])
            far = [i for i, near in enumerate(labels @ known.T > FOREIGN) if not near.any()] if len(known) else []
            texts = [
                [text.replace("{x}", NAMED) for text in wordings[i].questions(inverse)[:MOST_FOREIGN]]
                for inverse in (False, True)
                for i in far
            ]
            bounds = np.cumsum([0, *(len(several) for several in texts)])[:-1].tolist() if texts else []
            ways = self.encoder.encode([text for several in texts for text in several])
            self._outside = labels[far].numpy(), ways, bounds
        return self._outside

    def _leaving(self, subgraph: Subgraph, seeds: Ids) -> Ids:
        """Directed relations that leave the seeds."""
        forward = subgraph.relations[np.isin(subgraph.heads, seeds)]
        backward = subgraph.relations[np.isin(subgraph.tails, seeds)] + self.graph.num_relations
        return np.unique(np.concatenate([forward, backward]))

    def _pairs(self, subgraph: Subgraph, seeds: Ids) -> Ids:
        """Plans of two relations that can be followed from the seeds."""
        from scipy.sparse import csr_array

        heads = np.concatenate([subgraph.heads, subgraph.tails])
        tails = np.concatenate([subgraph.tails, subgraph.heads])
        directed = np.concatenate([subgraph.relations, subgraph.relations + self.graph.num_relations])
        first = np.isin(heads, seeds)
        second = np.isin(heads, tails[first])
        shape = (self.width, len(subgraph.nodes))
        to_middle = csr_array((np.ones(first.sum(), np.int32), (directed[first], tails[first])), shape)
        from_middle = csr_array((np.ones(second.sum(), np.int32), (heads[second], directed[second])), shape[::-1])
        one, other = (to_middle @ from_middle).nonzero()
        return np.unique((one.astype(np.int64) + 1) * self.width + other)

    def _learn(self, plans: Sequence[int]) -> None:
        """Encodes the ways of asking for plans that were not met before."""
        new = [plan for plan in plans if plan not in self._slots]
        if not new:
            return
        ways = [[text.replace("{x}", NAMED) for text in self._ways.of(self._spell(plan))] for plan in new]
        vectors = self.encoder.encode([text for several in ways for text in several])
        for plan, several in zip(new, ways):
            self._slots[plan] = len(self._bounds) - 1
            self._bounds.append(self._bounds[-1] + len(several))
        self._vectors = np.concatenate([self._vectors, vectors])

    def _compare(self, questions: Floats) -> Floats:
        """Cosine with the nearest way of asking for each plan met so far, shape (questions, plans)."""
        if len(self._bounds) == 1:
            return np.zeros((len(questions), 0), np.float32)
        return np.maximum.reduceat(questions @ self._vectors.T, self._bounds[:-1], axis=1)

    def _spell(self, plan: int) -> tuple[tuple[str, bool], ...]:
        directed = [plan] if plan < self.width else [plan // self.width - 1, plan % self.width]
        count = self.graph.num_relations
        return tuple((self.graph.relation_label(d % count), d >= count) for d in directed)
