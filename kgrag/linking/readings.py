"""Which of the names that may stand in a text do: those that together leave the least to chance.

A text is taken for words and names that went through a noisy channel (Shannon 1948; Kernighan, Church and Gale 1990). Costs
are negative logarithms of probabilities, in nats. What a stretch costs as wording, less what it costs as a name, is what
the name gains; the set of names that do not overlap and gain most is found exactly.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kgrag.linking.appearance import CAPITAL, LETTER, Appearance, is_capital
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.matches import Match
from kgrag.linking.tokens import Token

EDIT = 7.0  # one name in thirty has a letter dropped, doubled or swapped with the next, in one of some forty ways
_FIRST = 2.0  # the first letter is mistyped less often
_OTHER_WORDS = 3.0  # names in other words
_CUT = 4.0  # a name that ends within what looks like one
_LEAST = 0.01  # what a letter of a name gains that stands there as the graph has it, however likely that is by chance


class Reading(NamedTuple):
    """A stretch of a text, read as a name.

    Attributes:
        start: Where it begins.
        end: Where it ends, exclusive.
        gain: In nats.
        found: What stands there exactly, or the keys of the names that it may be, likeliest first, each with its gain.
    """

    start: int
    end: int
    gain: float
    found: Match | list[tuple[int, float]]


class Channel:
    """What the stretches of one text cost.

    Args:
        text: The text.
        tokens: Its tokens.
        runs: Spans of tokens that look like names.
        lexicon: The names.
        appearance: Tells names from wording.
    """

    def __init__(
        self,
        text: str,
        tokens: Sequence[Token],
        runs: Sequence[tuple[int, int]],
        lexicon: Lexicon,
        appearance: Appearance,
    ) -> None:
        self.text, self._lexicon = text, lexicon
        self._starts, self._ends = [token.start for token in tokens], [token.end for token in tokens]
        self.sums = [0.0]
        for cost in appearance.costs(text, tokens):
            self.sums.append(self.sums[-1] + cost)
        self._capitals = [token.start for token in tokens if is_capital(token, not text.isupper())]
        self._inside = {at for first, last in runs for at in range(tokens[first].start + 1, tokens[last - 1].end)}

    def exact(self, match: Match) -> Reading:
        """A name that stands in the text."""
        key = match.key
        gain = self.wording(match.start, match.end) - math.log1p(len(self._lexicon.aliases.keys)) - self._miscased(match.start, match.end, key)
        gain -= self._cuts(match.start, match.end) + (_OTHER_WORDS if match.certain < 1 else 0)
        return Reading(match.start, match.end, max(gain, _LEAST * (match.end - match.start)), match)

    def misspelt(self, start: int, end: int, written: str, near: Iterable[tuple[int, int]]) -> Reading:
        """A stretch that is a few edits away from names."""
        spent = self.wording(start, end) - self._cuts(start, end)
        rated = []
        for key, edits in near:
            name = self._lexicon.aliases.keys[key]
            gain = spent - self._lexicon.chance(len(name)) - EDIT * edits - (_FIRST if name[0] != written[0] else 0)
            gain -= LETTER * foreign_letters(written, name)
            gain -= self._miscased(start, end, key)
            rated.append((key, gain))
        rated.sort(key=lambda one: (-one[1], -self._lexicon.degree(one[0]), one[0]))
        return Reading(start, end, rated[0][1], rated)

    def wording(self, start: int, end: int) -> float:
        return self.sums[bisect_left(self._starts, end)] - self.sums[bisect_right(self._ends, start)]

    def is_capital(self, start: int, end: int) -> bool:
        return bisect_left(self._capitals, start) < bisect_left(self._capitals, end)

    def _miscased(self, start: int, end: int, key: int) -> float:
        if not self.is_capital(start, end):
            return 0.0
        names = [one.text for one in self._lexicon.aliases.names[key]]
        small = self.text[start].islower() and all(name[0].isupper() for name in names)
        return CAPITAL * (small + all(name.islower() for name in names))

    def _cuts(self, start: int, end: int) -> float:
        return _CUT * ((start in self._inside) + (end in self._inside))


def foreign_letters(written: str, name: str) -> int:
    """How many letters were put in or replaced by others; doubled ones do not count."""
    more = Counter(written) - Counter(name)
    doubled = sum(2 * c in written and 2 * c not in name for c in more)
    return more.total() - min(doubled, max(len(written) - len(name), 0))


def apart(readings: Iterable[Reading]) -> list[Reading]:
    """The readings that do not overlap and gain most together, by position: weighted interval scheduling."""
    ordered = sorted(readings, key=lambda one: (one.end, -one.start))
    ends = [one.end for one in ordered]
    best = [0.0]  # of the first readings
    before = [bisect_right(ends, one.start) for one in ordered]
    for one, free in zip(ordered, before):
        best.append(max(best[-1], best[free] + one.gain))
    chosen, at = [], len(ordered)
    while at:
        if best[at] > best[at - 1]:
            chosen.append(ordered[at - 1])
            at = before[at - 1]
        else:
            at -= 1
    return chosen[::-1]
