"""Which of its labels a term is shown by, and all names it is found by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import NamedTuple

import numpy as np

from kgrag.graph.dictionary import Dictionary
from kgrag.graph.statements import OBJECT, PREDICATE, SUBJECT, Statements
from kgrag.graph.terms import literal_parts
from kgrag.graph.vocabulary import ALIAS_PROPERTIES, LABEL_PROPERTIES
from kgrag.types import Ids


class _Ranked(NamedTuple):
    """A name, and what it is sorted by."""

    is_foreign: bool
    kind: int
    nearness: int
    language: str
    place: int
    text: str


class Labels:
    """The names of every term that has any, best first.

    A name in the preferred language, or in none, comes before names in other languages; then labels before synonyms;
    then the preferred language before no language; then the property's place; ties in alphabetical order.

    Args:
        terms: The terms; takes the label properties.
        rows: Label statements: terms of subject, property and literal.
        own: IRIs of the user's label properties; they come before the known ones.
        given: Labels that the user added, by IRI; they stand behind the graph's own.
        language: Preferred language tag, such as "en".

    Attributes:
        terms, rows, given: As given.
    """

    def __init__(
        self, terms: Dictionary, rows: Statements, own: Iterable[str], given: Mapping[str, str], language: str
    ) -> None:
        self.terms, self.rows, self.given, self._preferred = terms, rows, given, language.lower()
        self._ranks: dict[int, tuple[int, int]] = {}  # of a property: labels (0) or further names (1), and its place
        for kind, properties in enumerate(((*own, *LABEL_PROPERTIES), ALIAS_PROPERTIES)):
            for iri in properties:
                self._ranks.setdefault(terms.add(iri), (kind, len(self._ranks)))

    def of_copy(self, terms: Dictionary, rows: Statements) -> Labels:
        """The same of copies of the terms and of the label statements."""
        copied = copy(self)
        copied.terms, copied.rows = terms, rows
        return copied

    @property
    def properties(self) -> Ids:
        """Term ids of the properties whose literals are labels."""
        return np.array(list(self._ranks), np.int64)

    def of(self, term: int) -> list[str]:
        """All names of a term, the one to show first; empty where it has none."""
        rows, _ = self.rows.by(SUBJECT, np.array([term]))
        return self._best_first(term, self._ranked(rows))

    def tags(self, term: int) -> dict[str, set[str]]:
        """The language tags, in lower case, that a term has each of its names with; an empty one for none."""
        rows, _ = self.rows.by(SUBJECT, np.array([term]))
        found: dict[str, set[str]] = {}
        for name in self._ranked(rows):
            found.setdefault(name.text, set()).add(name.language)
        return found

    def all(self) -> dict[int, list[str]]:
        """`of` by term, for every term that has a name."""
        rows = self.rows.ids
        ranked: dict[int, list[_Ranked]] = {}
        for subject, name in zip(self.rows.column(SUBJECT)[rows].tolist(), self._ranked(rows)):
            ranked.setdefault(subject, []).append(name)
        for iri in self.given:
            term = self.terms.get(iri)
            if term is not None:
                ranked.setdefault(term, [])
        return {term: names for term, found in ranked.items() if (names := self._best_first(term, found))}

    def _best_first(self, term: int, ranked: list[_Ranked]) -> list[str]:
        names = dict.fromkeys(name.text for name in sorted(ranked) if name.text)
        given = self.given.get(self.terms[term]) if self.given else None
        return [*names, given] if given and given not in names else list(names)

    def _ranked(self, rows: Ids) -> list[_Ranked]:
        properties = self.rows.column(PREDICATE)[rows].tolist()
        return list(map(self._rank, properties, self.terms.pick(self.rows.column(OBJECT)[rows].tolist())))

    def _rank(self, property: int, literal: str) -> _Ranked:
        parts = literal_parts(literal)
        assert parts is not None, literal
        tag = parts.language.lower()
        nearness = _nearness(tag, self._preferred)
        return _Ranked(
            nearness == 3,
            self._ranks[property][0],
            nearness,
            tag,
            self._ranks[property][1],
            " ".join(parts.value.split()),
        )


def _nearness(tag: str, preferred: str) -> int:
    """0 the preferred language, 1 a region of it ("en-GB"), 2 no language, 3 another language."""
    if not tag:
        return 2
    if tag == preferred:
        return 0
    return 1 if tag.split("-")[0] == preferred.split("-")[0] else 3
