"""Documents to passages: whole sentences of one section, as many as an encoder reads, with a sentence to lead in."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from kgrag.documents.document import Document, Section
from kgrag.errors import DocumentError
from kgrag.sentences import sentence_spans
from kgrag.types import Passage

Count = Callable[[Sequence[str]], Sequence[int]]

BUDGET = 254  # tokens; all-MiniLM-L6-v2 reads 256, of which two are not the text's
OVERLAP = 1  # sentences
TITLE_SEPARATOR = " › "
_BETWEEN = "\n\n"
_MOST = 64  # sentences of a passage
_WITHIN = 0.3  # cost of an end within a paragraph; a passage costs 1, and what it leaves of the budget, squared
_CHARACTERS = 16  # a token for so many, at least: for long words without meaning, tokenizers count one
_AROUND = 1_000  # characters around the middle of a sentence, where it may be cut
_CUTS = (re.compile(r"[;:,—–；：，、،؛]\s*"), re.compile(r"\s+"), re.compile(r"(?<=[\u2e80-\u9fff\u0e00-\u0e7f])"))


class _Unit(NamedTuple):
    """A sentence, or a part of one that is too long.

    Attributes:
        start: Its place in the text of the section.
        end: Its end there.
        tokens: How long it is.
        cost: Of a passage that ends with it.
    """

    start: int
    end: int
    tokens: int
    cost: float


def split(
    document: Document, budget: int = BUDGET, overlap: int = OVERLAP, count: Count | None = None
) -> list[Passage]:
    """Splits a document into passages.

    A passage lies within one section. Its text is word for word that of the document, whole sentences, but where one is
    longer than the budget: that is cut between clauses, or words. Passages end with paragraphs rather than within them
    and are about equally long: ends are chosen together, as lines of a paragraph are broken (Knuth and Plass, Breaking
    paragraphs into lines, 1981). Their title is that of the document and the headings.

    Args:
        document: What to split.
        budget: Most tokens of a passage, its title included, which is a quarter at most.
        overlap: Most sentences that a passage repeats of the one before it, within a third of the budget.
        count: Counts the tokens of texts; those of the default encoder where not given.

    Returns:
        Passages in their order. They are called as the document is, with ``#1``, ``#2`` and so on where there is more than
        one; ``metadata`` has that of the document, its ``language``, and ``section`` and ``page`` where a passage begins.

    Raises:
        DocumentError: The budget is below 16, or the overlap below 0.
    """
    if budget < 16 or overlap < 0:
        raise DocumentError(
            f"Passages of {budget} tokens with {overlap} sentences of overlap are not made.",
            "Give a budget of 16 or more, and an overlap of 0 or more.",
        )
    count = _bounded(count)
    parts = [part for section in document.sections for part in _parts(document, section, budget, overlap, count)]
    given = {**document.metadata, **({"language": document.language} if document.language else {})}
    return [
        Passage(
            id=f"{document.id}#{number}" if len(parts) > 1 else document.id,
            text=text,
            title=title,
            source=document.source,
            entities=document.entities,
            document=document.id,
            metadata={**given, **place},
        )
        for number, (text, title, place) in enumerate(parts, start=1)
    ]


def _bounded(count: Count | None) -> Count:
    if count is None:
        from kgrag.encoder import count_tokens

        count = count_tokens
    tokens_of = count

    def bounded(texts: Sequence[str]) -> list[int]:
        return [max(tokens, len(text) // _CHARACTERS) for text, tokens in zip(texts, tokens_of(texts))]

    return bounded


def _parts(
    document: Document, section: Section, budget: int, overlap: int, count: Count
) -> list[tuple[str, str, dict[str, Any]]]:
    """Text, title and place of each passage of a section."""
    title = _title([document.title, *section.headings], budget // 4, count)
    room = budget - count([title])[0]
    text = _BETWEEN.join(section.paragraphs)
    starts = list(accumulate((len(paragraph) + len(_BETWEEN) for paragraph in section.paragraphs), initial=0))
    units = _units(section, starts, room, document.language, count)
    place: dict[str, Any] = {"section": section.id} if section.id else {}
    parts = []
    for first, last in _ends(units, room, overlap):
        begin = units[first].start
        if section.pages:
            place = {**place, "page": section.pages[bisect_right(starts, begin) - 1]}
        parts.append((text[begin : units[last].end], title, place))
    return parts


def _title(names: Sequence[str], most: int, count: Count) -> str:
    """Title and headings, each cut short where it is long; those in the middle go first where all are too many."""
    kept = []
    for name in dict.fromkeys(filter(None, names)):
        start, end = _cut(name, 0, len(name), most // 2, count)[0]
        kept.append(name if end == len(name) else f"{name[start:end]} …")
    while len(kept) > 1 and count([TITLE_SEPARATOR.join(kept)])[0] > most:
        del kept[1 if len(kept) > 2 else 0]
    return TITLE_SEPARATOR.join(kept)


def _units(section: Section, starts: Sequence[int], room: int, language: str, count: Count) -> list[_Unit]:
    units: list[_Unit] = []
    for start, paragraph in zip(starts, section.paragraphs):
        spans = sentence_spans(paragraph, language)
        lengths = count([paragraph[a:b] for a, b in spans])
        for (a, b), length in zip(spans, lengths):
            pieces = [(a, b)] if length <= room else _cut(paragraph, a, b, room, count)
            tokens = [length] if len(pieces) == 1 else count([paragraph[c:d] for c, d in pieces])
            units += [_Unit(start + c, start + d, size, _WITHIN) for (c, d), size in zip(pieces, tokens)]
        if units:
            units[-1] = units[-1]._replace(cost=0.0)
    return units


def _cut(text: str, start: int, end: int, most: int, count: Count) -> list[tuple[int, int]]:
    """Pieces of a stretch of text, none above so many tokens: it is halved between clauses, words or characters."""
    size = end - start
    if size < 2 or (size <= most * _CHARACTERS and count([text[start:end]])[0] <= most):
        return [(start, end)]
    at, around = (start + end) // 2, min(size // 4, _AROUND)
    for pattern in _CUTS:
        places = [found.end() for found in pattern.finditer(text, at - around, at + around)]
        places = [place for place in places if start < place < end]
        if places:
            at = min(places, key=lambda place: abs(place - at))
            break
    before = start + len(text[start:at].rstrip())
    return [*_cut(text, start, before, most, count), *_cut(text, at, end, most, count)]


def _ends(units: Sequence[_Unit], room: int, overlap: int) -> list[tuple[int, int]]:
    """First and last unit of each passage: those that cost least together.

    The least cost up to each unit is known from those before it (dynamic programming).
    """
    sums = list(accumulate((unit.tokens for unit in units), initial=0))
    leads = [_lead(sums, at, room // 3, overlap) for at in range(len(units))]
    costs, origins = [0.0], [0]
    for end in range(1, len(units) + 1):
        best, origin = float("inf"), end - 1
        for begin in range(end - 1, max(end - 1 - _MOST, -1), -1):
            used = sums[end] - sums[leads[begin]]
            if used > room and begin < end - 1:
                if sums[end] - sums[begin] > room:
                    break
                continue
            cost = costs[begin] + 1 + max(0.0, 1 - used / room) ** 2 + units[end - 1].cost
            if cost < best:
                best, origin = cost, begin
        costs.append(best)
        origins.append(origin)
    parts: list[tuple[int, int]] = []
    end = len(units)
    while end:
        begin = first = origins[end]
        while first > leads[begin] and sums[end] - sums[first - 1] <= room:
            first -= 1
        parts.append((first, end - 1))
        end = begin
    return parts[::-1]


def _lead(sums: Sequence[int], begin: int, most: int, overlap: int) -> int:
    """Where the sentences begin that a passage repeats of the one before it."""
    lead = begin
    while lead > 0 and begin - lead < overlap and sums[begin] - sums[lead - 1] <= most:
        lead -= 1
    return lead
