"""Reads which set a question asks about: the reasoner says which relations lead there, and the class that it names says what is meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from kgrag.encoding import GraphReader, Reading
from kgrag.encoding.findings import TOGETHER
from kgrag.encoding.phrasebook import NAMED
from kgrag.encoding.plans import Plan
from kgrag.graph import normalise
from kgrag.linking.inflection import inflections
from kgrag.symbolic.calculation import NONE, Members
from kgrag.types import Ids

MATCHING = 0.05  # weight of a plan that leads to none of the class named, beside one that does
UNSEEN = 0.15  # what is left of "none of these" where a plan leads to the class named
SHARE = 0.5  # the same relations in another direction count from this share of the best one's weight
FURTHER = 0.05  # weight of a plan beside one that leads to the class by a relation less
UNSAID = 0.8  # belief in the only relation that joins what is named to the class, where words say none: "rivers of X"
SAME = 3.0  # weight of the set's own relations where it is said what to leave out
ALIKE = 0.68  # cosine of a word with the label of a class from which it names the class
FUNCTION_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "with",
        "to",
        "s",
        "x's",
        "all",
        "any",
        "some",
        "each",
        "are",
    ]
    + [
        "which",
        "what",
        "who",
        "whose",
        "is",
        "was",
        "were",
        "has",
        "have",
        "one",
        "ones",
        "do",
        "does",
        "there",
        "against",
        "name",
    ]
    + ["list", "give", "me", "show", "find", "tell", "please", "located", "through", "along", "near", "around"]
)
LIKENED = 300  # names of classes that words are likened to, at most
_WORD = re.compile(r"[^\W\d_][\w-]*")


@dataclass(frozen=True)
class Read:
    """A set that words ask for.

    Attributes:
        members: The set.
        belief: How far it is believed to be meant.
        about: Of a whole class, the words with ``X`` for its name: they may say more than the class.
    """

    members: Members
    belief: float
    about: str = ""


class SetReader:
    """Reads sets over one graph.

    Args:
        reader: Applies the reasoner.
    """

    def __init__(self, reader: GraphReader) -> None:
        self.reader, self.graph = reader, reader.graph

    def read(self, text: str, topics: Sequence[int]) -> Read | None:
        """The set that words ask for.

        Args:
            text: The words, ``X`` for what they name.
            topics: The nodes that they name.
        """
        named = self.class_of(text)
        kind = None if named is None else (named[0], self._to_members())
        if not topics:
            if named is None or kind is None:
                return None
            members = Members((np.array([named[0]]),), (tuple((by,) for by in kind[1]),))
            return Read(members, 1.0, text.replace(named[1], NAMED, 1))
        wanted = NONE if kind is None else self._members(kind[0])
        readings = self.reader.read([text] * len(topics), [[topic] for topic in topics])
        chosen = [self._plans(reading, wanted) for reading in readings]
        best = max(range(len(chosen)), key=lambda i: (chosen[i][1], -i))
        together = self._together(readings, chosen)
        places = range(len(chosen)) if together else [best]
        plans = tuple(tuple(plan.relations for plan in chosen[i][0]) for i in places)
        joining = self._joining(text, named, topics, wanted)
        elsewhere = len(wanted) > 0 and not np.isin(wanted, self._ends(chosen[best][0])).any()
        if joining and (elsewhere or chosen[best][1] < UNSAID):
            return Read(Members((np.array(topics),), (joining,), kind), UNSAID)
        if not plans[0]:
            return None
        members = Members(tuple(readings[i].start for i in places), plans)
        if kind is not None and self._narrows(kind[0], chosen[best][0], wanted):
            members = Members(members.starts, members.plans, kind)
        belief = min(chosen[i][1] for i in places) if together else chosen[best][1]
        return Read(members, belief if together or len(topics) == 1 else 0.0)

    def _joining(
        self, text: str, named: tuple[int, str] | None, topics: Sequence[int], wanted: Ids
    ) -> tuple[tuple[int, ...], ...]:
        """What joins something to the members of a class, where only one relation does, and words say no relation."""
        if named is None or len(topics) != 1:
            return ()
        said = {normalise(word.group()) for word in _WORD.finditer(text.replace(named[1], " "))}
        if said - {normalise(NAMED)} - FUNCTION_WORDS:
            return ()
        edges = self.reader.rows.along(np.array(topics))
        relations = np.unique(edges.directed[np.isin(edges.targets, wanted)])
        return tuple((directed,) for directed in relations.tolist()) if len(np.unique(relations >> 1)) == 1 else ()

    def without(self, text: str, topics: Sequence[int], members: Members, nodes: Ids) -> Read | None:
        """The set that words say to leave out of another.

        Args:
            text: The words.
            topics: The nodes that they name.
            members: The other set.
            nodes: Its nodes.
        """
        own = {plan for plans in members.plans for plan in plans}
        best: Read | None = None
        for reading in self.reader.read([text] * len(topics), [[topic] for topic in topics]):
            meeting = [np.isin(plan.ends, nodes).any() for plan in reading.plans]
            weights = [
                weight * (1.0 if meets else MATCHING) * (SAME if plan.relations in own else 1.0)
                for plan, weight, meets in zip(reading.plans, reading.weights.tolist(), meeting)
            ]
            if not weights:
                continue
            most = max(weights)
            belief = most / (sum(weights) + UNSEEN * max(0.0, 1.0 - float(reading.probabilities.sum())))
            if best is None or belief > best.belief:
                meant = _undirected(reading.plans[weights.index(most)])
                plans = tuple(
                    plan.relations
                    for plan, weight in zip(reading.plans, weights)
                    if _undirected(plan) == meant and weight >= SHARE * most
                )
                best = Read(Members((reading.start,), (plans,)), belief)
        if best is None or best.belief < SHARE:  # "that X does not": what is not said again is the set's own relation
            best = self._same(topics, members) or best
        return best

    def _same(self, topics: Sequence[int], members: Members) -> Read | None:
        """What the relations of a set lead to from other things."""
        plans = members.plans[0]
        start = np.array(sorted(topics))
        there = any(len(plan.ends) for plan in Members((start,), (plans,)).followed(self.reader.rows)[0])
        return Read(Members((start,), (plans,)), UNSAID) if there else None

    def relation(self, texts: Sequence[str], words: str, nodes: Ids) -> tuple[tuple[int, ...], float] | None:
        """The one relation from some nodes, in either direction or both, that words speak of, and belief in it.

        Args:
            texts: The words put in several ways, ``X`` for the nodes; the way that is understood best counts.
            words: The words, which may name the class that the relation leads to.
            nodes: The nodes.
        """
        named = self.class_of(words)
        wanted = NONE if named is None else self._members(named[0])
        best: tuple[tuple[int, ...], float] | None = None
        for reading in self.reader.read(texts, [nodes] * len(texts)):
            places = [
                i
                for i, plan in enumerate(reading.plans)
                if len(plan.relations) == 1 and not self.graph.is_literal[plan.ends].all()
            ]
            share = reading.probabilities[places] / max(float(reading.hops[0]), 1e-6)  # given that it is one relation
            plans, belief = self._plans(
                replace(reading, plans=tuple(reading.plans[i] for i in places), probabilities=share), wanted
            )
            if plans and (best is None or belief > best[1]):
                best = tuple(plan.relations[0] for plan in plans), belief
        return best

    def class_of(self, text: str) -> tuple[int, str] | None:
        """The class whose name is among some words, in either number, or a word all but alike, and that word."""
        known = self.reader.expectations.classes.full()
        words = [word.group() for word in _WORD.finditer(text)]
        keys = [normalise(word) for word in words]
        for size in (2, 1):
            for at in range(len(keys) - size + 1):
                key = " ".join(keys[at : at + size])
                for form in (key, *inflections(key)):
                    if form in known:
                        return min(known[form]), " ".join(words[at : at + size])
        nouns = [word for word in words if word.islower() and len(word) > 3][:2]
        if not known or not nouns or len(known) > LIKENED:
            return None
        labels = list(known)
        cosines = self.reader.encoder.encode(nouns) @ self.reader.phrasebook.labels(labels).T
        word, label = np.unravel_index(int(cosines.argmax()), cosines.shape)
        return (min(known[labels[label]]), nouns[word]) if cosines[word, label] >= ALIKE else None

    def _together(self, readings: Sequence[Reading], chosen: Sequence[tuple[list[Plan], float]]) -> bool:
        """Whether what several things lead to is shared by all of them."""
        if len(readings) < 2 or not all(plans for plans, _ in chosen):
            return False
        shared = reduce(np.intersect1d, [self._ends(plans) for plans, _ in chosen])
        return len(shared) > 0 and float(np.prod([belief for _, belief in chosen])) >= TOGETHER

    def _plans(self, reading: Reading, wanted: Ids) -> tuple[list[Plan], float]:
        """The plans that a reading stands for, those that lead to what is wanted before all others, and belief in them."""
        if not reading.plans:
            return [], 0.0
        fits = [not len(wanted) or bool(np.isin(plan.ends, wanted).any()) for plan in reading.plans]
        narrowed = len(wanted) > 0 and any(fits)
        weights = reading.weights * np.array([1.0 if fit or not narrowed else MATCHING for fit in fits])
        if narrowed:  # the nearest of what is named so is meant before what is further away
            weights = weights * np.array([FURTHER ** (len(plan.relations) - 1) for plan in reading.plans])
        none = max(0.0, 1.0 - float(reading.probabilities.sum())) * (UNSEEN if narrowed else 1.0)
        groups: dict[tuple[int, ...], float] = {}
        for plan, weight in zip(reading.plans, weights.tolist()):
            groups[_undirected(plan)] = max(groups.get(_undirected(plan), 0.0), weight)
        best = max(groups, key=lambda key: groups[key])
        kept = [
            plan
            for plan, weight in zip(reading.plans, weights.tolist())
            if _undirected(plan) == best and weight >= SHARE * groups[best]
        ]
        return kept, groups[best] / max(sum(groups.values()) + none, 1e-6)

    def _narrows(self, class_: int, plans: Sequence[Plan], wanted: Ids) -> bool:
        """Whether a class says more than the relation: the risk factors of something are those that it has, whatever they are."""
        names = {normalise(name) for name in self.graph.names(class_)}
        labels = {normalise(self.graph.relation_label(plan.relations[-1] >> 1)) for plan in plans}
        return not any(name in label for name in names for label in labels) and bool(
            np.isin(wanted, self._ends(plans)).any()
        )

    def _ends(self, plans: Sequence[Plan]) -> Ids:
        return reduce(np.union1d, [plan.ends for plan in plans], NONE)

    def _to_members(self) -> tuple[int, ...]:
        """Directed relations from a class to what belongs to it."""
        return tuple((2 * self.graph.type_relations() + 1).tolist())

    def _members(self, class_: int) -> Ids:
        found = [self.reader.rows.along(np.array([class_]), by).targets for by in self._to_members()]
        return reduce(np.union1d, found, NONE)


def _undirected(plan: Plan) -> tuple[int, ...]:
    """Its relations: plans that differ in a direction alone are one meaning."""
    return tuple(directed >> 1 for directed in plan.relations)
