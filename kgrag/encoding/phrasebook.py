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
MOST_STEMS, MOST_TRIPLES = 20, 40  # of those, how many are lengthened by a third, and how many plans that makes
SAME = 0.97  # cosine from which two questions are the same
BEYOND = 0.2  # what a relation must give way by, as a plan of its own, that only the next nodes have
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

    A directed relation is a number: ``r`` for relation ``r``, ``r + num_relations`` for its inverse. A plan is a number whose
    digits, with base ``2 * num_relations + 1``, are its directed relations plus one.

    Args:
        graph: Where the relation labels come from.
        encoder: Encodes texts.

    Attributes:
        common: The graph's most frequent relations: what a question may ask for wherever it starts, shape (relations,).
        unfamiliar: Whether ways of asking that are the question itself do not count. Questions made from the phrasebook are
            then as new to it as those that people ask.
    """

    def __init__(self, graph: KnowledgeGraph, encoder: TextEncoder) -> None:
        self.graph, self.encoder = graph, encoder
        self.unfamiliar = False
        self._labels: dict[str, Floats] = {}
        self._start()

    def _start(self) -> None:
        """Begins anew for the relations that the graph has now."""
        graph = self.graph
        self._ways = Ways(graph.relation_labels)
        self.width = 2 * graph.num_relations
        count = np.bincount(graph.relations[graph.statements], minlength=graph.num_relations)
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
        self,
        questions: Floats,
        subgraphs: Sequence[Subgraph],
        seeds: Sequence[Ids],
        relations: Ids,
        steps: int,
        far: Sequence[bool] = (),
    ) -> Likeness:
        """Compares questions with the ways of asking for the plans that start at their seeds.

        Args:
            questions: Encoded questions, their mentions masked, shape (questions, width).
            subgraphs: One a question.
            seeds: Where each starts, as positions in its sub-graph's nodes.
            relations: The relations to report on, ascending.
            steps: Longest plan.
            far: Which questions are compared with plans of three relations, too; the others with their first two.
        """
        columns = np.full(self.graph.num_relations, -1, np.int64)
        columns[relations] = np.arange(len(relations))
        columns = np.concatenate([columns, np.where(columns < 0, -1, columns + len(relations))])
        directed = np.concatenate([relations, relations + self.graph.num_relations])
        alone = self._compare(questions, directed + 1)
        by_step = np.repeat((alone - APART)[None], steps * steps, axis=0).reshape(steps, steps, *alone.shape)
        by_step[0, 0] = alone
        by_length = np.full((len(questions), steps), -1.0, np.float32)
        pairs = [
            self._likeliest(alone[row], columns, self._pairs(subgraph, start), MOST_PAIRS)
            for row, (subgraph, start) in enumerate(zip(subgraphs, seeds))
        ]
        self._learn(np.concatenate([*pairs, np.zeros(0, np.int64)]))
        for row, plans in enumerate(pairs):
            leaving = self._leaving(subgraphs[row], seeds[row])
            # of a class, people ask as if it were its members: what it does not have itself is hardly asked in vain
            apart = np.full(
                2 * len(relations), 3 * APART if np.isin(leaving, self._members).any() else APART, np.float32
            )
            if len(plans):  # nor what is had by that which it leads to
                last = columns[self._parts(plans)[:, -1]]
                apart[last] = np.maximum(apart[last], BEYOND)
            apart[columns[leaving]] = 0.0
            by_length[row, 0] = (alone[row] - apart).max(initial=-1.0)
            if not len(plans) or steps < 2:
                continue
            score = self._compare(questions[row : row + 1], plans)[0]
            for length in range(2, steps + 1):
                if length == 3 and len(far) and far[row]:
                    stems = plans[np.argsort(-score, kind="stable")[:MOST_STEMS]]
                    plans = ((stems * (self.width + 1))[:, None] + directed + 1).ravel()
                    plans = self._likeliest(alone[row], columns, plans, MOST_TRIPLES)
                    score = self._compare(questions[row : row + 1], plans)[0]
                by_length[row, length - 1] = score.max()
                parts = self._parts(plans)
                for step in range(length) if parts.shape[1] == length else (0, length - 1):
                    part = columns[parts[:, min(step, parts.shape[1] - 1)]]
                    np.maximum.at(by_step[length - 1, step, row], part, score)
        labels, ways, bounds = self._foreign()
        elsewhere = (
            np.maximum.reduceat(self._cosine(questions, ways), bounds, axis=1) - APART / 2
            if bounds
            else questions[:, :0]
        )
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
        return np.unique((one.astype(np.int64) + 1) * (self.width + 1) + other + 1)

    def _likeliest(self, alone: Floats, columns: Ids, plans: Ids, most: int) -> Ids:
        """The plans whose relations, each for itself, the question is most like."""
        if len(plans) <= most:
            return plans
        hint = alone[columns[self._parts(plans)]].sum(1)
        return plans[np.sort(np.argsort(-hint, kind="stable")[:most])]

    def _parts(self, plans: Ids) -> Ids:
        """The directed relations of plans of one length, shape (plans, length)."""
        parts = []
        while plans.any():
            plans, part = np.divmod(plans, self.width + 1)
            parts.append(part - 1)
        return np.stack(parts[::-1], axis=1)

    def _learn(self, plans: Ids) -> None:
        """Encodes the ways of asking for plans that were not met before."""
        new = [plan for plan in np.unique(plans).tolist() if plan not in self._slots]
        if not new:
            return
        ways = [[text.replace("{x}", NAMED) for text in self._ways.of(self._spell(plan))] for plan in new]
        vectors = self.encoder.encode([text for several in ways for text in several])
        for plan, several in zip(new, ways):
            self._slots[plan] = len(self._bounds) - 1
            self._bounds.append(self._bounds[-1] + len(several))
        self._vectors = np.concatenate([self._vectors, vectors])

    def _compare(self, questions: Floats, plans: Ids) -> Floats:
        """Cosine of questions with the nearest way of asking for each plan, shape (questions, plans)."""
        self._learn(plans)
        if not len(plans):
            return np.zeros((len(questions), 0), np.float32)
        slots = np.array([self._slots[plan] for plan in plans.tolist()])
        bounds = np.array(self._bounds)
        first, sizes = bounds[slots], bounds[slots + 1] - bounds[slots]
        starts = np.cumsum(sizes) - sizes
        rows = np.arange(sizes.sum()) + np.repeat(first - starts, sizes)
        return np.maximum.reduceat(self._cosine(questions, self._vectors[rows]), starts, axis=1)

    def _cosine(self, questions: Floats, ways: Floats) -> Floats:
        cosine: Floats = questions @ ways.T
        return np.where(cosine > SAME, -1.0, cosine).astype(np.float32) if self.unfamiliar else cosine

    def _spell(self, plan: int) -> tuple[tuple[str, bool], ...]:
        count = self.graph.num_relations
        return tuple(
            (self.graph.relation_label(d % count), d >= count) for d in self._parts(np.array([plan]))[0].tolist()
        )
