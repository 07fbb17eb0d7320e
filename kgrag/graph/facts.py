"""Statements to infer from, and those inferred, as arrays over one numbering of terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgrag.errors import GraphError
from kgrag.graph.closure import Check, Pairs, distinct_keys, is_in
from kgrag.graph.vocabulary import SKOS_AXIOMS
from kgrag.types import Ids


class Terms:
    """Nodes and properties under one id each: nodes keep theirs, properties that are no nodes get further ones.

    Args:
        is_literal: Whether each node is a literal, shape (nodes,).
        text: Gives the term string of a node.
        node: Gives the node of an IRI; None where it is none.
    """

    def __init__(
        self, is_literal: NDArray[np.bool_], text: Callable[[int], str], node: Callable[[str], int | None]
    ) -> None:
        self._is_literal, self._text, self._node = is_literal, text, node
        self._further: list[str] = []
        self._ids: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._is_literal) + len(self._further)

    def __getitem__(self, term: int) -> str:
        nodes = len(self._is_literal)
        return self._text(term) if term < nodes else self._further[term - nodes]

    def get(self, iri: str) -> int | None:
        """Id of an IRI; None where it has none."""
        return self._ids[iri] if iri in self._ids else self._node(iri)

    def id(self, iri: str) -> int:
        """Id of an IRI, which gets one where it has none."""
        id = self.get(iri)
        if id is None:
            id = self._ids[iri] = len(self)
            self._further.append(iri)
        return id

    def are_literal(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of the terms are literals."""
        nodes = len(self._is_literal)
        are_nodes = ids < nodes
        are_nodes[are_nodes] = self._is_literal[ids[are_nodes]]
        return are_nodes

    def are_blank(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of the terms are blank nodes."""
        asked, place = np.unique(ids, return_inverse=True)
        return np.array([self[term].startswith("_:") for term in asked.tolist()], np.bool_)[place]

    def are_iris(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of the terms are neither literals nor blank nodes."""
        return ~(self.are_literal(ids) | self.are_blank(ids))


@dataclass(frozen=True)
class Premises:
    """Statements to infer from, all shape (statements,), and the terms that they are made of."""

    heads: Ids
    properties: Ids
    tails: Ids
    terms: Terms

    @classmethod
    def of(cls, heads: Ids, relations: Ids, tails: Ids, relation_iris: Iterable[str], terms: Terms) -> Premises:
        """Takes a graph's statements, whose predicates are relation ids; where it speaks SKOS, axioms of that come last."""
        properties = np.array([terms.id(iri) for iri in relation_iris], np.int64)[relations]
        speaks_skos = any(terms.get(subject) is not None for subject, _, _ in SKOS_AXIOMS)
        rows = SKOS_AXIOMS if speaks_skos else ()
        axioms = np.array([[terms.id(term) for term in row] for row in rows], np.int64).reshape(-1, 3).T
        heads, properties, tails = (np.concatenate(ends) for ends in zip((heads, properties, tails), axioms))
        return cls(heads, properties, tails, terms)


class Step(NamedTuple):
    """How statements of one property were derived together, from what was there before: by a rule, or as its closure."""

    rule: str
    closes: bool


@dataclass(frozen=True)
class Conclusions:
    """Derived statements, all shape (derived,), in the order in which they were derived.

    Attributes:
        heads: Subjects.
        properties: Predicates, as terms.
        tails: Objects.
        steps: Which of ``how`` derived each, ascending.
        grounds: Blank node that says it of its subject, -1 where it follows from more than that.
        how: The steps.
    """

    heads: Ids
    properties: Ids
    tails: Ids
    steps: Ids
    grounds: Ids
    how: Sequence[Step]

    @classmethod
    def none(cls) -> Conclusions:
        """Nothing derived."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, nothing, nothing, nothing, ())

    def __len__(self) -> int:
        return len(self.heads)


class Facts:
    """Statements by property, given and derived, each as one key: subject times ``size`` plus object.

    Args:
        premises: The given ones.
        most: How many may be derived.

    Attributes:
        terms: What they are made of.
        size: Terms are numbered below it.
        given: How many are given.
        count: How many were derived.
    """

    def __init__(self, premises: Premises, most: int) -> None:
        self.terms, self._most = premises.terms, most
        self.given, self.count = len(premises.heads), 0
        self.size = len(self.terms)
        self._order = np.argsort(premises.properties, kind="stable")
        self._ends = np.cumsum(np.bincount(premises.properties, minlength=self.size))
        self._premises = premises
        self._keys: dict[int, Ids] = {}
        self._derived: list[tuple[int, Step, Ids, Ids]] = []
        self._sizes: dict[str | int, int] = {}

    @property
    def used(self) -> list[int]:
        """Properties of which there are statements, ascending."""
        given = np.flatnonzero(np.diff(self._ends, prepend=0)).tolist()
        return sorted({*given, *(derived[0] for derived in self._derived)})

    def pairs(self, property: str | int, closed: bool = True) -> Pairs:
        """Subjects and objects of a property's statements, each pair once; without ``closed`` not those of closures."""
        id = self.terms.get(property) if isinstance(property, str) else property
        if id is None:
            nothing = np.zeros(0, np.int64)
            return nothing, nothing
        keys = self._known(id)
        if not closed:
            others = [found for of, step, found, _ in self._derived if of == id and not step.closes]
            keys = distinct_keys(np.concatenate([self._given(id), *others]))
        return keys // self.size, keys % self.size

    def add(
        self, property: str | int, pairs: Pairs, rule: str, closes: bool = False, grounds: Ids | None = None
    ) -> None:
        """Adds derived statements, but for those that are there.

        Args:
            property: Their predicate.
            pairs: Their subjects and objects.
            rule: What derived them.
            closes: Whether it is a closure: further closures need not look at them.
            grounds: See `Conclusions`; -1 by default.
        """
        if not len(pairs[0]):
            return
        id = self.terms.id(property) if isinstance(property, str) else property
        keys, known = pairs[0] * self.size + pairs[1], self._known(id)
        if grounds is None:
            keys = distinct_keys(keys)
        else:
            keys, first = np.unique(keys, return_index=True)
            grounds = grounds[first]
        is_new = ~is_in(keys, known)
        keys = keys[is_new]
        if len(keys):
            self.check(rule)(len(keys))
            self.count += len(keys)
            self._keys[id] = np.sort(np.concatenate([known, keys]), kind="stable")
            grounds = np.full(len(keys), -1) if grounds is None else grounds[is_new]
            self._derived.append((id, Step(rule, closes), keys, grounds))

    def check(self, rule: str, known: int = 0) -> Check:
        """What raises an error where a rule finds so many statements, ``known`` among them, that too many are derived."""

        def check(found: int) -> None:
            if self.count + found - known > self._most:
                raise GraphError(
                    f"More than {self._most:,} statements follow from the graph by the rule {rule!r} and those before it.",
                    "Leave the rule out, or raise Limits.derived.",
                )

        return check

    def has_grown(self, what: str | int, size: int) -> bool:
        """Whether what a closure is taken of, to which things are only added, is larger than when it was asked last."""
        before, self._sizes[what] = self._sizes.get(what), size
        return size != before

    def conclusions(self) -> Conclusions:
        """What was derived."""
        counts = [len(derived[2]) for derived in self._derived]
        nothing = np.zeros(0, np.int64)
        keys = np.concatenate([nothing, *(derived[2] for derived in self._derived)])
        properties = np.repeat(np.array([derived[0] for derived in self._derived], np.int64), counts)
        steps = np.repeat(np.arange(len(counts)), counts)
        grounds = np.concatenate([nothing, *(derived[3] for derived in self._derived)])
        how = [derived[1] for derived in self._derived]
        return Conclusions(keys // self.size, properties, keys % self.size, steps, grounds, how)

    def _known(self, property: int) -> Ids:
        if property not in self._keys:
            self._keys[property] = self._given(property)
        return self._keys[property]

    def _given(self, property: int) -> Ids:
        rows = self._order[self._ends[property - 1] if property else 0 : self._ends[property]]
        return distinct_keys(self._premises.heads[rows] * self.size + self._premises.tails[rows])
