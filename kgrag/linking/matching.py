"""The ways in which names are found in a text, for all names or for those that were added last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from kgrag.linking.aliases import AliasIndex
from kgrag.linking.candidates import ExactMatcher, Found, Similar
from kgrag.linking.folding import Folded
from kgrag.linking.misspelling import Misspellings, Near
from kgrag.linking.rewording import Reworded, RewordedNames
from kgrag.linking.similarity import SimilarNames
from kgrag.linking.words import split_words


class Matchers:
    """Finds the names from one key on.

    Args:
        aliases: All names.
        first: The key.
        english: Common words, spelt rightly.

    Attributes:
        of_length: How many names have as many letters as the place says.
        vocabulary: Their words.
    """

    def __init__(self, aliases: AliasIndex, first: int, english: frozenset[str]) -> None:
        self._keys, self._words, self._first = aliases.keys[first:], aliases.words, first
        self.of_length = np.bincount(np.fromiter(map(len, self._keys), np.int64), minlength=1)
        self.vocabulary = frozenset(word for key in self._keys for word in split_words(key))
        names = aliases.names[first:]
        self._exact = ExactMatcher(self._keys, [[name.text for name in bearers] for bearers in names])
        nodes = [[name.node for name in bearers] for bearers in names]
        self._reworded = RewordedNames(self._keys, nodes, self._words, english)

    def exact(self, text: Folded) -> Iterator[Found]:
        """See `ExactMatcher.find`."""
        return (found._replace(key=found.key + self._first) for found in self._exact.find(text))

    def whole(self, text: str) -> Iterator[int]:
        """See `ExactMatcher.whole`."""
        key = self._exact.whole(text)
        if key is not None:
            yield key + self._first

    def reworded(self, words: Sequence[str], capital: Sequence[bool]) -> Iterator[Reworded]:
        """See `RewordedNames.find`."""
        return (found._replace(key=found.key + self._first) for found in self._reworded.find(words, capital))

    def similar(self, texts: Sequence[str]) -> list[list[Similar]]:
        """See `SimilarNames.similar`."""
        found = self._similar.similar(texts)
        return [[Similar(key + self._first, score) for key, score in one] for one in found]

    def misspelt(self, text: str, starts: Sequence[int], ends: Sequence[int], edits: int) -> Iterator[Near]:
        """See `Misspellings.find`."""
        found = self._misspellings.find(text, starts, ends, edits)
        return (near._replace(key=near.key + self._first) for near in found)

    @cached_property
    def _misspellings(self) -> Misspellings:
        return Misspellings(self._keys)

    @cached_property
    def _similar(self) -> SimilarNames:
        return SimilarNames(self._keys, self._words)
