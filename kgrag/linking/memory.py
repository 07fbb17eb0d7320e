"""What labelled mentions were linked to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from kgrag.linking.folding import fold, unaccented
from kgrag.linking.rewording import root
from kgrag.linking.words import split_words
from kgrag.types import Floats

_NEAREST = 20  # labelled mentions that a mention is compared with


class Remembered(NamedTuple):
    """A mention, and the IRIs that it was linked to in a text; none where it names nothing of the graph."""

    mention: str
    iris: tuple[str, ...]
    text: int


class MentionMemory:
    """Mentions that people linked, by the roots of their words.

    Args:
        rows: The mentions, written out and folded.
        vectors: Their vectors, shape (rows, width); None without an encoder.
    """

    def __init__(self, rows: Sequence[Remembered], vectors: Floats | None = None) -> None:
        self.rows = rows
        self._places: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            self._places.setdefault(form(row.mention), []).append(place)
        self._forms = list(self._places)
        self._vectors = None if vectors is None else vectors[[places[0] for places in self._places.values()]]

    def shares(self, mention: str, without: int | None = None) -> dict[str | None, float]:
        """How often the same mention was linked to each IRI, and to none, as a share that grows with the number of times.

        Args:
            mention: Written out and folded.
            without: A text whose mentions do not count, so that nothing is learned from knowing the answer.
        """
        return self._counted(self._places.get(form(mention), ()), without)

    def near(self, vector: Floats, without: int | None = None) -> dict[str | None, float]:
        """For each IRI, and for none, the greatest product of share and cosine among the labelled mentions nearest to a unit vector."""
        found: dict[str | None, float] = {}
        if self._vectors is None or not len(self._vectors):
            return found
        cosines = self._vectors @ vector
        for place in np.argsort(-cosines, kind="stable")[:_NEAREST].tolist():
            for iri, share in self._counted(self._places[self._forms[place]], without).items():
                found[iri] = max(found.get(iri, 0.0), share * float(cosines[place]))
        return found

    def _counted(self, places: Iterable[int], without: int | None) -> dict[str | None, float]:
        kept = [self.rows[place] for place in places if self.rows[place].text != without]
        counts: Counter[str | None] = Counter(iri for row in kept for iri in row.iris or (None,))
        return {iri: count / (len(kept) + 1 / len(kept)) for iri, count in counts.items()}


def form(mention: str) -> str:
    """What the inflected forms of a folded mention share."""
    return " ".join(root(word) for word in split_words(unaccented(fold(mention)))) or mention
