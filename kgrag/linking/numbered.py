"""Names that a number tells apart, said in part: "Article 25" beside "the Data Act"; and those that the graph does not have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from kgrag.linking.folding import fold
from kgrag.wordings.english import singular

if TYPE_CHECKING:
    from kgrag.linking.lexicon import Lexicon

_SAID = re.compile(r"(?<!\w)([^\W\d_][\w-]*) (\d+[a-z]?|[IVXLC]+)(?![\w.]*\w)")
_NAMED = re.compile(r"([^\W\d_][\w-]*) (\d+[a-z]?|[ivxlc]+)(?!\w)")
_LEAST = 3  # names that differ by their numbers, from which a word is known to be followed by one


class Numbered(NamedTuple):
    """A word with a number in a text; ``name`` is both as names have them, the word in the singular."""

    start: int
    end: int
    name: str


class NumberedNames:
    """The names of a graph that begin with a word and a number.

    Args:
        lexicon: All names.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._known: tuple[object, int] = (None, 0)
        self._by_word: dict[str, defaultdict[str, list[int]]] = {}

    def find(self, text: str) -> Iterator[Numbered]:
        """Yields the words with numbers in a text that the graph has names with, whether with these numbers or with others."""
        for said in _SAID.finditer(text):
            word = singular(fold(said[1]))
            if len(self._numbers(word)) >= _LEAST:
                yield Numbered(*said.span(), f"{word} {fold(said[2])}")

    def keys(self, name: str) -> list[int]:
        """Keys of the names that begin with a word and a number, given as one."""
        word, _, number = name.rpartition(" ")
        return self._numbers(word).get(number, [])

    def _numbers(self, word: str) -> Mapping[str, list[int]]:
        """The names that begin with a word and a number, by the number."""
        keys = self._lexicon.aliases.keys
        read, count = self._known
        if read is not keys:
            self._by_word.clear()
            count = 0
        for key in range(count, len(keys)):
            if named := _NAMED.match(keys[key]):
                self._by_word.setdefault(named[1], defaultdict(list))[named[2]].append(key)
        self._known = keys, len(keys)
        return self._by_word.get(word, {})
