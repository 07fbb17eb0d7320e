"""What a derived statement rests on."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import ArrayLike

from kgrag.graph.closure import Pairs, shortest_path
from kgrag.graph.facts import Conclusions, Premises
from kgrag.graph.inference import (
    AT_LEAST,
    EXACTLY,
    FIRST,
    INTERSECTION,
    ON_CLASS,
    ON_PROPERTY,
    REST,
    SAME_CLASS,
    SAME_PROPERTY,
    SOME,
    SUBCLASS,
    SUBPROPERTY,
    TRANSITIVE,
    TYPE,
    VALUE,
    Axiom,
    fillers_of,
    rewritings,
)
from kgrag.types import Ids

_Edges = tuple[Ids, Ids, Ids]  # where each begins, where it ends, and which statement it is


def explain(premises: Premises, conclusions: Conclusions, derived: int) -> list[int]:
    """Positions among the premises of the statements that a derived one rests on, in the order of the derivation.

    It is traced back step by step; where a step drew a closure, by a shortest path.

    Args:
        premises: As given to `infer`.
        conclusions: What it returned.
        derived: Position of the statement among them.
    """
    given = len(premises.heads)
    found: dict[int, None] = {}
    waiting = [given + derived]
    while waiting:
        statement = waiting.pop()
        if statement < given:
            found[statement] = None
        else:
            earlier = _Earlier(premises, conclusions, int(conclusions.steps[statement - given]))
            waiting.extend(reversed(earlier.reasons(statement)))
    return list(found)


class _Earlier:
    """All statements, given and derived, that were there before a step of derivation."""

    def __init__(self, premises: Premises, conclusions: Conclusions, step: int) -> None:
        self._terms = premises.terms
        self._how = conclusions.how[step]
        self._heads, self._properties, self._tails = (
            np.concatenate([getattr(premises, column), getattr(conclusions, column)])
            for column in ("heads", "properties", "tails")
        )
        given = np.zeros(len(premises.heads), np.bool_)
        closing = np.array([how.closes for how in conclusions.how], np.bool_)[conclusions.steps]
        self._is_there = np.concatenate([~given, conclusions.steps < step])
        self._is_open = self._is_there & ~np.concatenate([given, closing])

    def pairs(self, iri: str, closed: bool = True) -> Pairs:
        """Subjects and objects of a property's statements; without ``closed`` not those of closures."""
        found = self._of(iri, closed)
        return self._heads[found], self._tails[found]

    def reasons(self, statement: int) -> list[int]:
        """The statements from which the step derived one."""
        head, property, tail = (int(x[statement]) for x in (self._heads, self._properties, self._tails))
        if self._how.rule == "restrictions":
            return self._restriction(head, property, tail)
        if not self._how.closes:
            return self._rewriting(head, property, tail)
        kind = self._terms[property]
        if self._how.rule == "transitive":
            axiom = self._find(property, TYPE, self._terms.id(TRANSITIVE))
            return self._path(head, [tail], self._edges(kind))[0] + axiom
        if kind == TYPE:
            heads, tails, places = self._edges(TYPE)
            own, outside = heads == head, len(self._terms)  # what it is and what it is below are different things
            start = np.full(own.sum(), outside), tails[own], places[own]
            return self._path(outside, [tail], start, *self._upward())[0]
        return self._path(
            head, [tail], *(self._upward() if kind == SUBCLASS else self._upward(SUBPROPERTY, SAME_PROPERTY))
        )[0]

    def _restriction(self, head: int, property: int, tail: int) -> list[int]:
        """From a class up to a restriction that speaks of the property and the object, or to a member of an intersection."""
        nodes, properties, fillers = fillers_of(self.pairs, self._terms)
        goals = nodes[(properties == property) & (fillers == tail)]
        if self._terms[property] == SUBCLASS:
            goals = np.append(goals, tail)
        cell = len(self._terms) + 1  # a node is another thing as a cell of a list
        lists = [
            (heads + begin, tails + end, places)
            for iri, begin, end in ((INTERSECTION, 0, cell), (REST, cell, cell), (FIRST, cell, 0))
            for heads, tails, places in [self._edges(iri)]
        ]
        path, end = self._path(head, goals, *self._upward(), *lists)
        if end == tail:
            return path
        says = [
            (ON_PROPERTY, property),
            (SOME, tail),
            (VALUE, tail),
            (ON_CLASS, tail),
            (AT_LEAST, None),
            (EXACTLY, None),
        ]
        return path + [place for iri, object in says for place in self._find(end, iri, object)]

    def _rewriting(self, head: int, property: int, tail: int) -> list[int]:
        """A statement by another property, and the axioms that lead from that to this one."""
        is_literal = self._terms.are_literal(np.array([tail])).all()
        behind: dict[int, list[tuple[int, Axiom]]] = {}
        for lower, follows in rewritings(self.pairs, self._terms).items():
            for upper, axiom in follows:
                if not (is_literal and axiom.turns):
                    behind.setdefault(upper, []).append((lower, axiom))
        chains: dict[tuple[int, bool], list[Axiom]] = {(property, False): []}
        queue = deque(chains)
        while True:  # what was derived has a reason
            at, backward = queue.popleft()
            chain = chains[at, backward]
            statement = self._find(*((tail, at, head) if backward else (head, at, tail)))
            if statement:
                return statement + [place for axiom in chain for place in self._find(*axiom[1:])]
            for lower, axiom in behind.get(at, ()):
                if (lower, backward != axiom.turns) not in chains:
                    chains[lower, backward != axiom.turns] = [axiom, *chain]
                    queue.append((lower, backward != axiom.turns))

    def _path(self, start: int, goals: ArrayLike, *edges: _Edges) -> tuple[list[int], int]:
        """The statements of a shortest path, and where it ends."""
        heads, tails, places = (np.concatenate(parts) for parts in zip(*edges))
        path = shortest_path(heads, tails, start, np.asarray(goals), 2 * len(self._terms) + 1)
        assert path is not None, "what was derived has a reason"
        return places[path].tolist(), int(tails[path[-1]]) if path else start

    def _upward(self, below: str = SUBCLASS, same: str = SAME_CLASS) -> list[_Edges]:
        """From classes, or properties, to those that they are below."""
        heads, tails, places = self._edges(same)
        things = ~self._terms.are_literal(tails)
        return [self._edges(below), (heads, tails, places), (tails[things], heads[things], places[things])]

    def _edges(self, iri: str) -> _Edges:
        places = self._of(iri, closed=False)
        return self._heads[places], self._tails[places], places

    def _find(self, subject: int, property: str | int, obj: int | None = None) -> list[int]:
        """The statement with these parts, if there is one."""
        places = self._of(property)
        places = places[self._heads[places] == subject]
        return [place for place in places.tolist() if obj is None or self._tails[place] == obj][:1]

    def _of(self, property: str | int, closed: bool = True) -> Ids:
        id = self._terms.get(property) if isinstance(property, str) else property
        return np.flatnonzero((self._properties == id) & (self._is_there if closed else self._is_open))
