"""Finds names in a text exactly, by Aho-Corasick."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import ahocorasick

from kgrag.linking.folding import Folded, fold
from kgrag.linking.inflection import inflections, short_names

NUMBER = re.compile(r"\d+|\b[ivx]+\b")


class Found(NamedTuple):
    """A name in a text; ``short`` where it is an eponym without its noun, which only a capital tells from a word."""

    start: int
    end: int
    key: int
    short: bool


class Similar(NamedTuple):
    """A name that resembles a text; ``score`` is a cosine in 0..1, or an edit ratio in 0..100."""

    key: int
    score: float


class ExactMatcher:
    """Every occurrence of every name, in one pass over the text. Word boundaries are up to the caller.

    Args:
        keys: Folded names.
        written: The names as written, one or more a key.
    """

    def __init__(self, keys: Sequence[str], written: Sequence[Sequence[str]]) -> None:
        self._automaton = ahocorasick.Automaton()
        self._empty = not keys
        for place, names in enumerate(written):
            for short in (fold(short) for name in names for short in short_names(name)):
                self._automaton.add_word(short, (place, len(short), True))
        for place, key in enumerate(keys):
            for form in inflections(key):
                self._automaton.add_word(form, (place, len(form), False))
        for place, key in enumerate(keys):  # last: a name that is there goes before one that is made up
            self._automaton.add_word(key, (place, len(key), False))
        self._automaton.make_automaton()

    def find(self, text: Folded) -> Iterator[Found]:
        """Yields names, positions in the original text."""
        if self._empty:
            return
        for last, (place, length, short) in self._automaton.iter(text.text):
            yield Found(text.starts[last - length + 1], text.ends[last], place, short)

    def whole(self, text: str) -> int | None:
        """Key of the name that a whole folded text is a form of."""
        return self._automaton.get(text, (None,))[0]
