"""How likely stretches of a text are as wording, as names, and as misspelt names.

A text is taken for words and names that went through a noisy channel (Shannon 1948; Kernighan, Church and Gale 1990). All
costs are negative logarithms of probabilities, in nats. They were set on questions with one typo in each name, and on
questions about names that had been taken out of the graph.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from kgrag.linking.appearance import is_capital
from kgrag.linking.folding import is_unspaced
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.matches import Match
from kgrag.linking.misspelling import Near
from kgrag.linking.readings import Reading
from kgrag.linking.tokens import Token
from kgrag.wordings import asking_words

# A word that nothing is named by: one of those that questions are made of; another that is spelt rightly; and any other.
_ORDINARY, _KNOWN, _STRANGE = 2.0, 8.0, 5.0
_LETTER = 2.4  # a letter of a strange word, and one that a typo puts into a name: few come in any order
_CHARACTER = 4.0  # one of Chinese or Japanese, each of which may be a word
_MARK = 0.5  # a mark or ending, so that of two names the one is taken that has it, too
_CAPITAL = 4.0  # a capital that no sentence asks for, or a name that has none and is written with one
EDIT = 7.0  # a typo: in one name of thirty, one letter of some is dropped, doubled or swapped with the next
_FIRST_LETTER = 2.0  # more where a name begins otherwise: 1 to 3 % of typos do (Yannakoudakis and Fawthrop 1983)
_OTHER_CHARACTER = 14.0  # more for an edit in characters: it makes another name rather than a typo
_CUT = 16.0  # a name that begins or ends within what looks like a longer one
_OTHER_WORDS = 4.0  # the words of a name in another order or form
_LEAST = 0.01  # what each letter gains of a name that stands there, be that chance or not


class Channel:
    """What the stretches of one text cost.

    Args:
        text: The text.
        tokens: Its tokens.
        runs: Spans of tokens that look like names.
        lexicon: The names.
        cased: Whether capitals tell something.
    """

    def __init__(
        self, text: str, tokens: Sequence[Token], runs: Sequence[tuple[int, int]], lexicon: Lexicon, cased: bool
    ) -> None:
        self._text, self._tokens, self._lexicon = text, tokens, lexicon
        self._starts, self._ends = [token.start for token in tokens], [token.end for token in tokens]
        capital = [is_capital(token, cased) for token in tokens]
        self._capitals = [token.start for token, is_one in zip(tokens, capital) if is_one]
        self.wording = [0.0]  # of the first tokens together
        for token, is_one in zip(tokens, capital):
            self.wording.append(self.wording[-1] + self._as_wording(token, is_one))
        self._within = {at for first, last in runs for at in range(tokens[first].start + 1, tokens[last - 1].end)}

    def named(self, match: Match) -> Reading:
        """A name that stands in the text: any of all names may stand there by chance."""
        start, end = match.start, match.end
        gain = self._as_words(start, end) - math.log1p(len(self._lexicon.aliases.keys))
        gain -= self._miswritten(start, end, match.key) + (_OTHER_WORDS if match.loose or match.certain < 1 else 0.0)
        return Reading(start, end, max(gain, _LEAST * (end - start)), match)

    def misspelt(self, start: int, end: int, written: str, near: Iterable[Near]) -> Reading:
        """A stretch that may be misspelt: any name of that length may look like it by chance.

        Args:
            start: Where the stretch begins.
            end: Where it ends, exclusive.
            written: It, folded.
            near: The names that it may be misspelt for.
        """
        words, meant = self._as_words(start, end), []
        for _, key, edits in near:
            name = self._lexicon.aliases.keys[key]
            cost = math.log1p(self._lexicon.of_length[len(name)]) + self._miswritten(start, end, key)
            cost += (EDIT + _OTHER_CHARACTER * is_unspaced(name)) * edits + _LETTER * _foreign_letters(written, name)
            cost += _FIRST_LETTER * (written[0] != name[0])
            meant.append((key, words - cost))
        meant.sort(key=lambda one: (-one[1], -self._lexicon.degree(one[0]), one[0]))
        return Reading(start, end, meant[0][1], meant=tuple(meant))

    def telling(self, named: Sequence[Reading]) -> list[bool]:
        """For each token whether it is neither named nor wording."""
        flags = [
            after - before > _ORDINARY and (token.text != token.folded or token.folded not in asking_words())
            for token, (before, after) in zip(self._tokens, pairwise(self.wording))
        ]
        for one in named:
            for at in range(bisect_right(self._ends, one.start), bisect_left(self._starts, one.end)):
                flags[at] = False
        return flags

    def is_capital(self, start: int, end: int) -> bool:
        """Whether a word of a stretch has a capital that no sentence asks for."""
        return bisect_left(self._capitals, start) < bisect_left(self._capitals, end)

    def _as_wording(self, token: Token, capital: bool) -> float:
        word, words = token.folded, self._lexicon.words
        letters = sum(map(str.isalnum, word))
        if not letters or word == "'s":
            return _MARK
        more = _CAPITAL * capital
        if words.is_stop(word):
            return _ORDINARY + more
        if is_unspaced(word):
            return _CHARACTER * letters
        strange = _STRANGE + _LETTER * letters
        if not (word.isnumeric() or self._lexicon.is_word(word) or word in asking_words()):
            return strange
        return _ORDINARY + more if words.level(word) == words.WORDING else min(_KNOWN + more, strange)

    def _as_words(self, start: int, end: int) -> float:
        return self.wording[bisect_left(self._starts, end)] - self.wording[bisect_right(self._ends, start)]

    def _miswritten(self, start: int, end: int, key: int) -> float:
        """What it costs that a stretch is part of another name, and that its capitals are not those of the name."""
        cost = _CUT * ((start in self._within) + (end in self._within))
        if self.is_capital(start, end):
            names = [name.text for name in self._lexicon.aliases.names[key]]
            cost += _CAPITAL * all(name.islower() for name in names)
            cost += _CAPITAL * (self._text[start].islower() and all(name[0].isupper() for name in names))
        return cost


def _foreign_letters(written: str, name: str) -> int:
    """How many letters were put into a name, doubled ones aside."""
    more = Counter(written) - Counter(name)
    doubled = sum(2 * letter in written and 2 * letter not in name for letter in more)
    return sum(more.values()) - max(min(doubled, len(written) - len(name)), 0)
