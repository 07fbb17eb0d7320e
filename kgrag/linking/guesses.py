"""Stretches of a text that may be misspelt names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from kgrag.linking.folding import Folded
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.misspelling import Near
from kgrag.linking.readings import EDIT, Channel, Reading
from kgrag.linking.tokens import Token

_TOKENS = 16  # most tokens of a misspelt name
_ROMAN = re.compile(r"(?=.)(x{0,3})(ix|iv|v?i{0,3})")


class Guesses:
    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def find(self, folded: Folded, tokens: Sequence[Token], channel: Channel, named: Sequence[Reading]) -> list[Reading]:
        """Misspelt names that gain something.

        Args:
            folded: The text.
            tokens: Its tokens.
            channel: What the stretches of the text cost.
            named: The best of the names that stand in it as the graph has them.
        """
        first, last = self._spans(tokens, channel, named)
        if not len(first):
            return []
        starts = np.searchsorted(folded.starts, [token.start for token in tokens])[first].tolist()
        ends = np.searchsorted(folded.ends, [token.end for token in tokens], side="right")[last].tolist()
        readings = []
        for place, near in groupby(self._lexicon.misspelt(folded.text, starts, ends), key=lambda one: one.place):
            written = folded.text[starts[place] : ends[place]]
            kept = [(one.key, one.edits) for one in near if self._is_plausible(written, one, channel.is_capital(tokens[first[place]].start, tokens[last[place]].end))]
            if kept:
                reading = channel.misspelt(tokens[first[place]].start, tokens[last[place]].end, written, kept)
                if reading.gain > 0:
                    readings.append(reading)
        return readings

    def _spans(self, tokens, channel, named):
        """Spans of tokens that a misspelt name could gain more in than what is named there."""
        size = len(tokens)
        first = np.repeat(np.arange(size), min(_TOKENS, size))
        last = first + np.tile(np.arange(min(_TOKENS, size)), size)
        first, last = first[last < size], last[last < size]
        sums = np.array(channel.sums)
        token_starts, token_ends = np.array([t.start for t in tokens]), np.array([t.end for t in tokens])
        bound = sums[last + 1] - sums[first] - EDIT
        gains = np.cumsum([0.0, *(one.gain for one in named)])
        begun = np.searchsorted([one.start for one in named], token_ends[last])
        ended = np.searchsorted([one.end for one in named], token_starts[first], side="right")
        bound -= gains[begun] - gains[ended]
        lengths = token_ends[last] - token_starts[first]
        kept = (bound > self._lexicon.least_chance(lengths))
        return first[kept], last[kept]

    def _is_plausible(self, written: str, near: Near, capital: bool) -> bool:
        key = self._lexicon.aliases.keys[near.key]
        return same_numbers(written, key) and (self._lexicon.words.level(key) == self._lexicon.words.NAME or (capital and not self._lexicon.words.is_schema_phrase(key)))


def same_numbers(written: str, name: str) -> bool:
    if re.findall(r"\d+", written) != re.findall(r"\d+", name):
        return False
    w, k = written.split(), name.split()
    left, right = [x for x in w if x not in k], [x for x in k if x not in w]
    a, b = any(map(_ROMAN.fullmatch, left)), any(map(_ROMAN.fullmatch, right))
    return not ((a and b) or ((a or b) and len(left) != len(right)))
