"""How alike a question is to the known ways of asking for each plan: each sequence of relations it may mean.

A graph that was never seen before has relations whose labels are all there is to go by. The labels lead to known ways of
asking, and a question is compared with those: nearest neighbours, which need no training and may be added to at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from kgrag.encoding.kept import kept
from kgrag.graph import KnowledgeGraph, normalise
from kgrag.graph.arrays import Growing, ranges
from kgrag.types import Floats, Ids, TextEncoder
from kgrag.wordings.ways import Ways, is_membership

NAMED = "X"  # stands for a linked mention in a question
MOST_FOREIGN = 5  # questions for a relation that is none of the graph's
FOREIGN = 0.55  # cosine of labels below which a relation is none of the graph's, whatever the graph calls its own
COMMON = 0.5  # likeness that any two questions have
HEARD = 0.8  # likeness from which a question may mean what people were heard to mean by another one
SAME = 0.97  # cosine from which two questions are the same
COMPARED = 64  # questions that are not held against a plan twice

Directed = tuple[int, ...]


class Phrasebook:
    """Ways of asking for the plans of one graph, encoded as they are needed.

    Args:
        graph: Where the relation labels come from.
        encoder: Encodes labels.
        asking: Encodes questions.

    Attributes:
        unfamiliar: Whether ways of asking that are the question itself do not count. Questions made from the phrasebook are
            then as new to it as those that people ask.
    """

    def __init__(self, graph: KnowledgeGraph, encoder: TextEncoder, asking: TextEncoder) -> None:
        self.graph, self.encoder, self.asking = graph, encoder, asking
        self.unfamiliar = False
        self._kept = kept(asking)
        self._labels: dict[str, Floats] = {}
        self._relations = -1
        self.refresh()

    def refresh(self) -> None:
        """Follows the graph: relations may have come since."""
        graph = self.graph
        if self._relations == graph.num_relations:
            return
        self._relations = graph.num_relations
        self._ways = Ways(graph.relation_labels)
        self._membership = np.array([is_membership(label) for label in graph.relation_labels], bool)
        self._slots: dict[Directed, int] = {}  # plan to its place in _bounds
        self._bounds = Growing(np.zeros(1, np.int64))
        self._vectors = Growing(np.zeros((0, self.asking.width), np.float32))
        self._compared: dict[tuple[bytes, bool], dict[Directed, float]] = {}  # of the last questions
        self._outside: tuple[Floats, Floats, list[int]] | None = None
        self._heard: list[Directed] | None = None

    def relation_labels(self) -> Floats:
        """Encoded labels of the graph's relations, shape (relations, width)."""
        return self.labels(self.graph.relation_labels)

    def labels(self, labels: Sequence[str]) -> Floats:
        """Encoded labels, shape (labels, width)."""
        new = [label for label in dict.fromkeys(labels) if label not in self._labels]
        if new:
            self._labels.update(zip(new, self.encoder.encode([normalise(label) for label in new])))
        if not labels:
            return np.zeros((0, self.encoder.width), np.float32)
        return np.stack([self._labels[label] for label in labels])

    def memberships(self) -> Ids:
        """The relations that say of which kind a thing is."""
        return np.flatnonzero(self._membership)

    def to_members(self, directed: Ids) -> Ids:
        """Those of some directed relations that lead from a class to what belongs to it."""
        return directed[self._membership[directed >> 1] & (directed & 1 == 1)]

    def likeness(self, question: Floats, plans: Sequence[Directed]) -> Floats:
        """Cosine of a question with the nearest way of asking for each plan; `COMMON` where none is known.

        Args:
            question: Encoded, its mentions masked, shape (width,).
            plans: Directed relations a plan.

        Returns:
            Shape (plans,).
        """
        key = question.tobytes(), self.unfamiliar
        if key not in self._compared and len(self._compared) >= COMPARED:
            self._compared.clear()
        known = self._compared.setdefault(key, {})
        new = [plan for plan in dict.fromkeys(plans) if plan not in known]
        if new:
            known.update(zip(new, self._compare(question, new).tolist()))
        return np.array([known[plan] for plan in plans], np.float32)

    def _compare(self, question: Floats, plans: Sequence[Directed]) -> Floats:
        self._learn(plans)
        slots, bounds = np.array([self._slots[plan] for plan in plans]), self._bounds.array
        first, sizes = bounds[slots], bounds[slots + 1] - bounds[slots]
        rows, _ = ranges(first, sizes)
        alike = np.full(len(plans), COMMON, np.float32)
        if len(rows):
            asked = sizes > 0
            starts = np.cumsum(sizes) - sizes
            alike[asked] = np.maximum.reduceat(self._cosine(question, self._vectors.array[rows]), starts[asked])
        return alike

    def heard(self, question: Floats, leaving: Ids, most: int) -> list[Directed]:
        """The plans of several relations that people were heard to ask for in ways most like a question, best first.

        Args:
            question: Encoded, its mentions masked, shape (width,).
            leaving: Directed relations that they may begin with.
            most: How many.
        """
        if self._heard is None:
            ids: dict[str, list[int]] = {}
            for relation in range(self._relations):
                ids.setdefault(self.graph.relation_label(relation), []).append(relation)
            spelt = self._ways.heard(list(ids))
            steps = ([[2 * one + inverse for one in ids[label]] for label, inverse in plan] for plan in spelt)
            self._heard = [plan for several in steps for plan in product(*several)]
        there = set(leaving.tolist())
        plans = [plan for plan in self._heard if plan[0] in there]
        alike = self.likeness(question, plans)
        order = np.argsort(-alike, kind="stable")[:most]
        return [plans[place] for place in order[alike[order] >= HEARD].tolist()]

    def nearest(self, question: Floats, plan: Directed, most: int) -> list[str]:
        """The ways of asking for a plan that are nearest to a question, nearest first, with ``{x}`` for what is named."""
        self._learn([plan])
        slot = self._slots[plan]
        first, end = self._bounds.array[slot : slot + 2].tolist()
        vectors = self._vectors.array[first:end]
        near = np.argsort(-self._cosine(question, vectors), kind="stable")[:most].tolist()
        texts = self._ways.of(self._spell(plan)) if near else []
        return [texts[place] for place in near]

    def foreign(self, question: Floats) -> Floats:
        """How alike a question is to those for relations of the world that the graph does not have.

        Returns:
            Likeness to each relation, read forward and backwards by turns, shape (2 * relations,).
        """
        _, ways, bounds = self._abroad()
        return np.maximum.reduceat(self._cosine(question, ways), bounds) if bounds else np.zeros(0, np.float32)

    def foreign_labels(self) -> Floats:
        """Encoded labels of those relations, shape (relations, width)."""
        return self._abroad()[0]

    def _abroad(self) -> tuple[Floats, Floats, list[int]]:
        """Foreign relations: encoded labels, encoded questions, and where the questions of each direction begin."""
        if self._outside is not None:
            return self._outside
        wordings = self._ways.foreign()
        known, labels = self.relation_labels(), self.labels([wording.labels[0] for wording in wordings])
        far = [i for i, near in enumerate(labels @ known.T > FOREIGN) if not near.any()] if len(known) else []
        texts = [
            [text.replace("{x}", NAMED) for text in wordings[i].questions(inverse)[:MOST_FOREIGN]]
            for i in far
            for inverse in (False, True)
        ]
        bounds = np.cumsum([0, *(len(several) for several in texts)])[:-1].tolist() if texts else []
        self._outside = labels[far], self._kept.encode([text for several in texts for text in several]), bounds
        return self._outside

    def _learn(self, plans: Sequence[Directed]) -> None:
        """Encodes the ways of asking for plans that were not met before."""
        new = [plan for plan in dict.fromkeys(plans) if plan not in self._slots]
        if not new:
            return
        ways = [[text.replace("{x}", NAMED) for text in self._ways.of(self._spell(plan))] for plan in new]
        vectors = self._kept.encode([text for several in ways for text in several])
        self._slots.update(zip(new, range(len(self._slots), len(self._slots) + len(new))))
        self._bounds.extend(self._bounds.array[-1] + np.cumsum([len(several) for several in ways]))
        self._vectors.extend(vectors)

    def _cosine(self, question: Floats, ways: Floats) -> Floats:
        cosine: Floats = ways @ question
        return np.where(cosine > SAME, -1.0, cosine).astype(np.float32) if self.unfamiliar else cosine

    def _spell(self, plan: Directed) -> tuple[tuple[str, bool], ...]:
        return tuple((self.graph.relation_label(directed >> 1), bool(directed & 1)) for directed in plan)
