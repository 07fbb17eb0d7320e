"""The ways in which names are found in a text, for all names or for those that were added last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from kgrag.linking.aliases import AliasIndex
from kgrag.linking.candidates import ExactMatcher, Found, FuzzyMatcher, Similar
from kgrag.linking.folding import Folded
from kgrag.linking.rewording import Reworded, RewordedNames


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

    def similar(self, texts: Sequence[str]) -> list[list[Similar]]:
        """See `FuzzyMatcher.similar`."""
        return self._placed(self._fuzzy.similar(texts))

    def nearest(self, texts: Sequence[str], limit: int, least: float) -> list[list[Similar]]:
        """See `FuzzyMatcher.nearest`."""
        return self._placed(self._fuzzy.nearest(texts, limit, least))

    def _placed(self, found: list[list[Similar]]) -> list[list[Similar]]:
        return [[Similar(key + self._first, score) for key, score in one] for one in found]

    @cached_property
    def _fuzzy(self) -> FuzzyMatcher:
        return FuzzyMatcher(self._keys, self._words)
