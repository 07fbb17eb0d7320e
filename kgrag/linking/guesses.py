"""The names in a text, those included that are misspelt in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgrag.linking.channel import EDIT, Channel
from kgrag.linking.folding import Folded
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.misspelling import LONG_ENOUGH, MOST_EDITS
from kgrag.linking.readings import Reading, best
from kgrag.linking.tokens import Token
from kgrag.types import Ids

_TOKENS = 16  # most of a misspelt name
_SPANS = 5_000  # of one text that are looked up, the first ones
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"(?=.)x{0,3}(ix|iv|v?i{0,3})")


class _Spans(NamedTuple):
    """Stretches of a text from token to token; each column of shape (spans,).

    Attributes:
        start: Where they begin in the text.
        end: Where they end.
        first: Where they begin in the folded text.
        last: Where they end there, exclusive as well.
        wording: What they cost where nothing is named.
    """

    start: Ids
    end: Ids
    first: Ids
    last: Ids
    wording: NDArray[np.float64]


class Guesses:
    """Finds misspelt names where they explain a text better than the names that stand in it.

    Args:
        lexicon: The names, current.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._counts: Ids | None = None

    def read(
        self, folded: Folded, tokens: Sequence[Token], channel: Channel, named: Sequence[Reading]
    ) -> list[Reading]:
        """The best readings of a text, with as few edits to the names as will do.

        Args:
            folded: The text.
            tokens: Its tokens.
            channel: What its stretches cost.
            named: The names that stand in it.
        """
        readings, chosen = list(named), best(named)
        spans = _spans(folded, tokens, channel, chosen)
        if spans is None:
            return chosen
        for edits in range(1, MOST_EDITS + 1):
            worth = self._worth_a_look(spans, chosen, edits)
            found = self._misspelt(folded, channel, spans, worth, edits) if len(worth) else []
            if found:
                readings += found
                chosen = best(readings)
        return chosen

    def _worth_a_look(self, spans: _Spans, chosen: Sequence[Reading], edits: int) -> Ids:
        """The spans in which a name could gain more, edited so, than what is chosen there."""
        gains = np.cumsum([0.0, *(one.gain for one in chosen)])
        begun = np.searchsorted([one.start for one in chosen], spans.end)
        over = np.searchsorted([one.end for one in chosen], spans.start, side="right")
        least = self._least(edits)
        gain = spans.wording - EDIT * edits - least[np.clip(spans.last - spans.first, 0, len(least) - 1)]
        return np.flatnonzero(gain > gains[begun] - gains[over])

    def _least(self, edits: int) -> NDArray[np.float64]:
        """The least that a name costs which so many edits make as long as the place says; the last for all longer ones."""
        counts = self._lexicon.of_length
        if self._counts is not counts:
            self._counts, self._chances = counts, [_least_chances(counts, n + 1) for n in range(MOST_EDITS)]
        return self._chances[edits - 1]

    def _misspelt(self, folded: Folded, channel: Channel, spans: _Spans, worth: Ids, edits: int) -> list[Reading]:
        columns = spans.start, spans.end, spans.first, spans.last
        start, end, first, last = (column[worth].tolist() for column in columns)
        found = []
        near = sorted(self._lexicon.misspelt(folded.text, first, last, edits))
        for place, names in groupby(near, key=lambda one: one.place):
            written = folded.text[first[place] : last[place]]
            capital = channel.is_capital(start[place], end[place])
            meant = [one for one in names if self._may_be(written, capital, one.key)]
            if meant:
                found.append(channel.misspelt(start[place], end[place], written, meant))
        return [reading for reading in found if reading.gain > 0]

    def _may_be(self, written: str, capital: bool, key: int) -> bool:
        """Whether a name that looks like a stretch may be it: what is also wording must have a capital, and no word of those that
        sentences are made of is a typo, such as "do" for "of"."""
        words, name = self._lexicon.words, self._lexicon.aliases.keys[key]
        if any(words.is_stop(word) for word in set(written.split()) - set(name.split())):
            return False
        is_name = words.level(name) == words.NAME or (capital and not words.is_schema_phrase(name))
        return is_name and _same_numbers(written, name)


def _spans(folded: Folded, tokens: Sequence[Token], channel: Channel, chosen: Sequence[Reading]) -> _Spans | None:
    """The spans with something in them that is neither named nor of the words that questions are made of, if any."""
    telling = channel.telling(chosen)
    if not any(telling):
        return None
    size, reach = len(tokens), min(_TOKENS, len(tokens))
    first, last = np.repeat(np.arange(size), reach), np.add.outer(np.arange(size), np.arange(reach)).ravel()
    first, last = first[last < size], last[last < size]
    told = np.cumsum([0, *telling])
    opened = np.cumsum([0, *((token.text in _OPENING) - (token.text in _CLOSING) for token in tokens)])
    kept = np.flatnonzero((told[last + 1] > told[first]) & (opened[last + 1] == opened[first]))[:_SPANS]
    first, last = first[kept], last[kept]
    start, end = np.array([token.start for token in tokens]), np.array([token.end for token in tokens])
    begin, stop = np.searchsorted(folded.starts, start), np.searchsorted(folded.ends, end, side="right")
    wording = np.array(channel.wording)
    return _Spans(start[first], end[last], begin[first], stop[last], wording[last + 1] - wording[first])


def _least_chances(counts: Ids, edits: int) -> NDArray[np.float64]:
    chances = np.full(len(counts) + 2 * edits + 1, np.inf)
    there = np.flatnonzero(counts[LONG_ENOUGH[edits - 1] :]) + LONG_ENOUGH[edits - 1]
    for away in range(2 * edits + 1):
        near = there + away - edits
        chances[near] = np.minimum(chances[near], np.log1p(counts[there]))
    return chances


def _same_numbers(written: str, name: str) -> bool:
    """Whether no number was made another, put in or left out: type I is no misspelt type II, but "xpii" may be XIII."""
    if _DIGITS.findall(written) != _DIGITS.findall(name):
        return False
    words, others = written.split(), name.split()
    more = [word for word in words if word not in others]
    less = [word for word in others if word not in words]
    numbers = any(map(_ROMAN.fullmatch, more)), any(map(_ROMAN.fullmatch, less))
    return not all(numbers) and not (any(numbers) and len(more) != len(less))
