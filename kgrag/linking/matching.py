"""The ways in which names are found in a text, for all names or for those that were added last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from kgrag.linking import acronyms, literals
from kgrag.linking.aliases import AliasIndex
from kgrag.linking.candidates import ExactMatcher, Found, Similar
from kgrag.linking.folding import Folded
from kgrag.linking.forms import FormIndex
from kgrag.linking.misspelling import Misspellings, Near
from kgrag.linking.rewording import Reworded, RewordedNames, Sharing
from kgrag.linking.similarity import SimilarNames
from kgrag.linking.words import split_words
from kgrag.types import Ids


class Matchers:
    """Finds the names from one key on.

    Args:
        aliases: All names.
        first: The key.
        english: Common words, spelt rightly.
    """

    def __init__(self, aliases: AliasIndex, first: int, english: frozenset[str]) -> None:
        self._keys: Sequence[str] = aliases.keys[first:] if first else aliases.keys
        self._words, self._first = aliases.words, first
        self._exact = ExactMatcher(self._keys, aliases.names, first)
        alone = aliases.names.alone(first, len(aliases.keys))
        self._reworded = RewordedNames(self._keys, alone, self._words, english, first)

    def exact(self, text: Folded) -> Iterator[Found]:
        """See `ExactMatcher.find`."""
        return self._exact.find(text)

    def whole(self, text: str) -> int | None:
        """See `ExactMatcher.whole`."""
        return self._exact.whole(text)

    def reworded(self, words: Sequence[str], capital: Sequence[bool]) -> Iterator[Reworded]:
        """See `RewordedNames.find`."""
        return self._reworded.find(words, capital)

    def sharing(self, words: Sequence[str], most: int) -> Iterator[Sharing]:
        """See `RewordedNames.sharing`."""
        return self._reworded.sharing(words, most)

    def similar(self, texts: Sequence[str]) -> list[list[Similar]]:
        """See `SimilarNames.similar`."""
        found = self._similar.similar(texts)
        return [[Similar(key + self._first, score) for key, score in one] for one in found]

    def misspelt(self, text: str, starts: Sequence[int], ends: Sequence[int], edits: int) -> Iterator[Near]:
        """See `Misspellings.find`."""
        found = self._misspellings.find(text, starts, ends, edits)
        return (near._replace(key=near.key + self._first) for near in found)

    def of_form(self, form: str, most: int) -> list[int]:
        """Keys of at most so many names that are this date, number, citation or code, see `literals.forms`."""
        return [place + self._first for place in self._literals.find(form, most)]

    def with_initials(self, letters: str, most: int) -> list[int]:
        """Keys of at most so many names with these initials."""
        return [place + self._first for place in self._initials.find(letters, most)]

    def initials_of_length(self, letters: int) -> int:
        """How many names have so many initials."""
        return self._initials.of_length[letters]

    @cached_property
    def of_length(self) -> Ids:
        """How many names have each length, shape (longest + 1,)."""
        return np.bincount(np.fromiter(map(len, self._keys), np.int64, len(self._keys)), minlength=1)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words of the names."""
        return frozenset(word for key in self._keys for word in split_words(key))

    @cached_property
    def _misspellings(self) -> Misspellings:
        return Misspellings(self._keys)

    @cached_property
    def _literals(self) -> FormIndex:
        return FormIndex(self._keys, literals.forms)

    @cached_property
    def _initials(self) -> FormIndex:
        return FormIndex(self._keys, lambda name: acronyms.initials(name, self._words.stop_words))

    @cached_property
    def _similar(self) -> SimilarNames:
        return SimilarNames(self._keys, self._words)
