"""Names that share a part which is said once: "Articles 13 and 14 GDPR", "type 1 and type 2 diabetes", "hepatitis A and B"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kgrag.wordings.english import singular

_WORD = r"[^\W\d_][\w-]*\.?"
_TOLD_BY = r"(?:\d+[a-z]?|[IVXLC]+|[A-Z]\d*)"  # a number, a Roman one, a letter: what tells names apart that are alike otherwise
_AND = r"(?:,|,? (?:and|or|&))"
_SERIES = re.compile(rf"(?<!\w)({_WORD}) {_TOLD_BY}(?:{_AND} (?:{_WORD} )?{_TOLD_BY})+(?!\w)")
_ITEM = re.compile(rf"(?<!\w)(?:(?!and |or )({_WORD}) )?({_TOLD_BY})(?!\w)")
_AFTER = re.compile(r"[ ,]+[^\s,]*[^\W_]")  # the next word
_BEFORE = re.compile(rf"({_WORD}) \Z")
_FIRST, _LAST = 2, 5  # words before the noun, and after the last item, that may be part of each name


class Series(NamedTuple):
    """Names in a row, with as much after them as may be part of each.

    Attributes:
        start: Where they begin.
        end: Where they end, exclusive.
        places: Start and end of what stands for each name.
        names: The names in full.
        is_shared: Whether what follows the last is taken as part of each.
    """

    start: int
    end: int
    places: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    is_shared: bool


def series(text: str) -> Iterator[list[Series]]:
    """The rows of names in a text: for each the ways to read it, those with most after it and before it first."""
    for found in _SERIES.finditer(text):
        noun, items = found[1], list(_ITEM.finditer(text, *found.span()))
        if any(item[1] and singular(item[1].lower()) != singular(noun.lower()) for item in items):
            continue
        starts, ends = [found.start()], [found.end()]
        while len(starts) <= _FIRST and (before := _BEFORE.search(text, 0, starts[-1])):
            starts.append(before.start())
        while len(ends) <= _LAST and (after := _AFTER.match(text, ends[-1])):
            ends.append(after.end())
        yield [
            _read(text, start, found.start(), singular(noun), items, end)
            for end in reversed(ends)
            for start in reversed(starts)
        ]


def _read(text: str, start: int, at: int, noun: str, items: Sequence[re.Match[str]], end: int) -> Series:
    """A row that begins at ``start``, has its first noun at ``at``, and of which all to ``end`` is part of each name."""
    first, *others = (item.span() for item in items)
    places = [(start, first[1]), *others]
    places[-1] = places[-1][0], end
    names = tuple(f"{text[start:at]}{noun} {item[2]}{text[items[-1].end() : end]}" for item in items)
    return Series(start, end, tuple(places), names, end > items[-1].end())
