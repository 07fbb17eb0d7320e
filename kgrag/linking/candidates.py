"""Finds names in a text exactly, by Aho-Corasick."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from kgrag.linking.bearers import Bearers
from kgrag.linking.folding import Folded, fold
from kgrag.linking.inflection import NOUNS, inflections, short_names

NUMBER = re.compile(r"\d+|\b[ivx]+\b")
_SHORT, _FORM, _NAME = range(3)  # a name without its noun, in another form, as it is


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
        names: As written, by key.
        first: Key of the first of the names.
    """

    def __init__(self, keys: Sequence[str], names: Bearers, first: int = 0) -> None:
        self._size = first + len(keys)
        forms: dict[str, int] = {}  # kind and key as one number, and the highest counts where several share a form

        def take(form: str, kind: int, key: int) -> None:
            if forms.get(form, -1) < kind * self._size + key:
                forms[form] = kind * self._size + key

        listed = list(keys)
        for place in sorted(range(len(listed)), key=listed.__getitem__):  # a third of the time to build the automaton
            folded, key = listed[place], first + place
            take(folded, _NAME, key)
            for form in inflections(folded):
                take(form, _FORM, key)
            for name in names[key] if folded.endswith(NOUNS) else ():
                for short in short_names(name.text):
                    take(fold(short), _SHORT, key)
        self._meant = array("i", forms.values())
        self._automaton = AhoCorasick(forms, store_patterns=False, implementation=Implementation.ContiguousNFA)

    def find(self, text: Folded) -> Iterator[Found]:
        """Yields names, positions in the original text."""
        for form, start, end in self._automaton.find_matches_as_indexes(text.text, overlapping=True):
            kind, key = divmod(self._meant[form], self._size)
            yield Found(text.starts[start], text.ends[end - 1], key, kind == _SHORT)

    def whole(self, text: str) -> int | None:
        """Key of the name that a whole folded text is a form of."""
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return next((self._meant[form] % self._size for form, start, end in found if end - start == len(text)), None)
