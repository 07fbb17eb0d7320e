"""The names in a text, those included that are misspelt in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from kgrag.linking.channel import EDIT, Channel
from kgrag.linking.folding import Folded
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.misspelling import LONG_ENOUGH, MOST_EDITS
from kgrag.linking.readings import Reading, best
from kgrag.linking.tokens import Token

_TOKENS = 16  # most of a misspelt name
_SPANS = 5_000  # most of one text that are looked up
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"(?=.)x{0,3}(ix|iv|v?i{0,3})")


class _Spans(NamedTuple):
    """Stretches of a text: their tokens, characters, and costs as wording; each of shape (spans,)."""

    first: np.ndarray
    last: np.ndarray
    start: np.ndarray
    end: np.ndarray
    wording: np.ndarray


class Guesses:
    """Finds misspelt names where they explain a text better than the names that stand in it.

    Args:
        lexicon: The names, current.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._counts: np.ndarray | None = None

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
        spans = _spans(tokens, channel, chosen)
        for edits in range(1, MOST_EDITS + 1) if len(spans.first) else ():
            worth = self._worth_a_look(spans, chosen, edits)
            found = self._misspelt(folded, tokens, channel, spans.first[worth], spans.last[worth], edits)
            if found:
                readings += found
                chosen = best(readings)
        return chosen

    def _worth_a_look(self, spans: _Spans, chosen: Sequence[Reading], edits: int) -> np.ndarray:
        """The spans in which a name could gain more, edited so, than what is chosen there."""
        gains = np.cumsum([0.0, *(one.gain for one in chosen)])
        begun = np.searchsorted([one.start for one in chosen], spans.end)
        over = np.searchsorted([one.end for one in chosen], spans.start, side="right")
        least = self._least(edits)
        gain = spans.wording - EDIT * edits - least[np.minimum(spans.end - spans.start, len(least) - 1)]
        return np.flatnonzero(gain > gains[begun] - gains[over])

    def _least(self, edits: int) -> np.ndarray:
        """The least that a name costs which so many edits make as long as the place says; the last for all longer ones."""
        counts = self._lexicon.of_length
        if self._counts is not counts:
            self._counts, self._chances = counts, [_least_chances(counts, n + 1) for n in range(MOST_EDITS)]
        return self._chances[edits - 1]

    def _misspelt(
        self,
        folded: Folded,
        tokens: Sequence[Token],
        channel: Channel,
        first: np.ndarray,
        last: np.ndarray,
        edits: int,
    ) -> list[Reading]:
        if not len(first):
            return []
        starts = np.searchsorted(folded.starts, [token.start for token in tokens])[first].tolist()
        ends = np.searchsorted(folded.ends, [token.end for token in tokens], side="right")[last].tolist()
        found = []
        near = self._lexicon.misspelt(folded.text, starts, ends, edits)
        for place, names in groupby(sorted(near), key=lambda one: one.place):
            start, end = tokens[first[place]].start, tokens[last[place]].end
            written, capital = folded.text[starts[place] : ends[place]], channel.is_capital(start, end)
            meant = [one for one in names if self._may_be(written, capital, one.key)]
            if meant:
                found.append(channel.misspelt(start, end, written, meant))
        return [reading for reading in found if reading.gain > 0]

    def _may_be(self, written: str, capital: bool, key: int) -> bool:
        """Whether a name that looks like a stretch may be it: what is also wording must have a capital."""
        words, name = self._lexicon.words, self._lexicon.aliases.keys[key]
        is_name = words.level(name) == words.NAME or (capital and not words.is_schema_phrase(name))
        return is_name and _same_numbers(written, name)


def _spans(tokens: Sequence[Token], channel: Channel, chosen: Sequence[Reading]) -> _Spans:
    """The spans with something in them that is neither named nor of the words that questions are made of."""
    telling = channel.telling(chosen)
    if not any(telling):
        return _Spans(*(np.zeros(0, np.int64),) * 5)
    size, reach = len(tokens), min(_TOKENS, len(tokens))
    first, last = np.repeat(np.arange(size), reach), np.add.outer(np.arange(size), np.arange(reach)).ravel()
    first, last = first[last < size], last[last < size]
    before, wording = np.cumsum([0, *telling]), np.array(channel.wording)
    opened = np.cumsum([0, *((token.text in _OPENING) - (token.text in _CLOSING) for token in tokens)])
    kept = np.flatnonzero((before[last + 1] > before[first]) & (opened[last + 1] == opened[first]))[:_SPANS]
    first, last = first[kept], last[kept]
    start, end = np.array([token.start for token in tokens]), np.array([token.end for token in tokens])
    return _Spans(first, last, start[first], end[last], wording[last + 1] - wording[first])


def _least_chances(counts: np.ndarray, edits: int) -> np.ndarray:
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
