"""Which words names and texts share, whatever their forms, and how much each tells."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from kgrag.linking.folding import unaccented
from kgrag.linking.rewording import root
from kgrag.linking.words import split_words

if TYPE_CHECKING:
    from kgrag.linking.lexicon import Lexicon

_COUNTED = 50_000  # names that words are counted in, about; of more, every so many
_GROWN = 1.25  # times as many names as when words were counted, from which they are counted anew
_REMEMBERED = 50_000


class Roots:
    """The roots of the words of texts, stop words left out where there are others.

    Args:
        lexicon: In whose names words are counted.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._counted: tuple[object, int] = (None, 0)
        self.of = lru_cache(_REMEMBERED)(self._of)

    def refresh(self) -> None:
        """Counts anew where the names were read anew, or have become many more."""
        keys, (counted, count) = self._lexicon.aliases.keys, self._counted
        if counted is self._lexicon.aliases and len(keys) <= _GROWN * count:
            return
        self._counted = self._lexicon.aliases, len(keys)
        self.of.cache_clear()
        kept = [keys[place] for place in range(0, len(keys), 1 + len(keys) // _COUNTED)]
        self._total = len(kept)
        self._count = Counter(root for name in kept for root in self._of(name))

    def weight(self, roots: Iterable[str]) -> float:
        """How much roots tell, all together: each the more, the fewer names have it."""
        return sum(math.log((self._total + 1) / (self._count[root] + 0.5)) for root in roots)

    def unknown(self, roots: Iterable[str], without: Iterable[str] = ()) -> list[str]:
        """Those that no name has, some folded names left out of account."""
        less = Counter(root for name in without for root in self._of(name))
        return [root for root in roots if self._count[root] <= less[root]]

    def _of(self, folded: str) -> frozenset[str]:
        words, known = split_words(unaccented(folded)), self._lexicon.words
        roots = [root(word, known.languages.of(word)) for word in words if word not in known.stop_words]
        return frozenset(roots or words)
