"""What labelled mentions were linked to, and what was no mention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from ahocorasick_rs import AhoCorasick

from kgrag.linking.folding import Folded, fold, unaccented
from kgrag.linking.inflection import inflections
from kgrag.linking.rewording import root
from kgrag.linking.words import split_words
from kgrag.types import Floats

_NEAREST = 20  # labelled mentions that a mention is compared with
_USUAL = 2.0  # how many times a name counts as seen before it was, labelled as often as names are


class Remembered(NamedTuple):
    """A mention, written out, and the IRIs that it was linked to in a text; none where it names nothing of the graph."""

    mention: str
    iris: tuple[str, ...]
    text: int


class MentionMemory:
    """Mentions that people linked, by the roots of their words.

    Args:
        rows: The mentions.
        vectors: Of the mentions, folded, shape (rows, width); None without an encoder.
        passed: Names that stand in the same texts without a label.

    Attributes:
        rows: As given.
        passed: As given.
    """

    def __init__(self, rows: Sequence[Remembered], vectors: Floats | None = None, passed: Sequence[str] = ()) -> None:
        self.rows, self.passed = rows, passed
        self._places: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            self._places.setdefault(form(row.mention), []).append(place)
        self._forms = list(self._places)
        self._vectors = None if vectors is None else vectors[[places[0] for places in self._places.values()]]
        self._passed = Counter(map(form, passed))

    def shares(self, mention: str, without: int | None = None) -> dict[str | None, float]:
        """How often the same mention was linked to each IRI, and to none, as a share that grows with the number of times.

        Args:
            mention: Written out.
            without: A text whose mentions do not count, so that nothing is learned from knowing the answer.
        """
        return self._counted(self._places.get(form(mention), ()), without) if self.rows else {}

    def near(self, vector: Floats, without: int | None = None) -> dict[str | None, float]:
        """For each IRI, and for none, the greatest product of share and cosine among the labelled mentions nearest to a unit
        vector."""
        found: dict[str | None, float] = {}
        if self._vectors is None or not len(self._vectors):
            return found
        cosines = self._vectors @ vector
        for place in np.argsort(-cosines, kind="stable")[:_NEAREST].tolist():
            for iri, share in self._counted(self._places[self._forms[place]], without).items():
                found[iri] = max(found.get(iri, 0.0), share * float(cosines[place]))
        return found

    def find(self, text: str, folded: Folded) -> Iterator[tuple[int, int]]:
        """Where labelled mentions stand in a text, in one number or the other, word boundaries or not.

        One in capitals has to be in capitals, lest "AS" is found in every "as".
        """
        if not self.rows:
            return
        names, automaton = self._automaton
        for name, start, end in automaton.find_matches_as_indexes(folded.text, overlapping=True):
            place = folded.starts[start], folded.ends[end - 1]
            if names[name] or text[slice(*place)].rstrip("s").isupper():
                yield place

    def meant(self, mention: str) -> float:
        """How likely what looks like a name is a mention; 1 where the texts did not have it."""
        labelled, passed = len(self._places.get(form(mention), ())), self._passed[form(mention)]
        if not labelled + passed:
            return 1.0
        usual = len(self.rows) / (len(self.rows) + len(self.passed))
        return (labelled + _USUAL * usual) / (labelled + passed + _USUAL)

    @cached_property
    def _automaton(self) -> tuple[list[bool], AhoCorasick]:
        """Whether each form of a mention may be in small letters, and what finds them."""
        small: dict[str, bool] = {}
        for row in self.rows:
            folded = fold(row.mention)
            for one in (folded, *inflections(folded)) if folded else ():
                small[one] = small.get(one, False) or not row.mention.rstrip("s").isupper()
        return list(small.values()), AhoCorasick(small)

    def _counted(self, places: Iterable[int], without: int | None) -> dict[str | None, float]:
        kept = [self.rows[place] for place in places if self.rows[place].text != without]
        counts: Counter[str | None] = Counter(iri for row in kept for iri in row.iris or (None,))
        return {iri: count / (len(kept) + 1 / len(kept)) for iri, count in counts.items()}


def form(mention: str) -> str:
    """What the inflected forms of a mention share."""
    folded = fold(mention)
    return " ".join(root(word) for word in split_words(unaccented(folded))) or folded
