"""What a question takes for granted before it asks: "As X treats Y, what ...?", "X treats Y. So who ...?"."""

from __future__ import annotations

import re
from itertools import permutations
from typing import NamedTuple

import numpy as np

from kgrag.encoding import GraphReader, reason
from kgrag.encoding.phrasebook import NAMED
from kgrag.linking import EntityLinker

UNDERSTOOD = 0.85  # likeness to a way of asking for a relation from which a premise is taken to state it

_LEAD = r"^\W*(?:[\w' ]{1,30}[,:!.]\s+)?"  # "Hello!", "Quick question:"
_SINCE = re.compile(
    _LEAD + r"(?:since|as|because|given(?:\s+that)?|considering(?:\s+that)?|seeing\s+(?:that|as)|now\s+that"
    r"|knowing(?:\s+that)?|granted(?:\s+that)?|even\s+though|although|though)\s+",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[,:;]\s+|\s[-\u2013\u2014]\s+")
_STOP = re.compile(r"\.\s+(?:(?:so|then|now|hence|therefore)\b,?\s+)?", re.IGNORECASE)
_SAYS = re.compile(  # a sentence that begins with what it speaks of, asks for nothing
    _LEAD + r"(?:(?:i|we|they|it)\s+(?:\w+\s+){1,2}(?:that\s+)?)?"
    r"(?:the\s+(?:[\w-]+\s+){1,4}of\s+)?(?:(?:the|an?)\s+)?" + NAMED + r"\b",
    re.IGNORECASE,
)


class Premise(NamedTuple):
    """A clause of a question.

    Attributes:
        text: What is taken for granted.
        masked: The same, its mentions masked.
        topics: Ids of the nodes that it names.
        rest: Where the rest of the question begins.
    """

    text: str
    masked: str
    topics: list[int]
    rest: int


def premise_of(question: str, linker: EntityLinker) -> Premise | None:
    """The clause at the beginning of a question that says something of two things; None where there is none."""
    since = _SINCE.match(question)
    start = since.end() if since else 0
    breaks = list((_BREAK if since else _STOP).finditer(question, start))
    named = [link.mention for link in linker.link(question)] if breaks else []
    for found in breaks:
        if any(one.start < found.start() < one.end for one in named):  # "ear, nose and throat medicine"
            continue
        text, rest = question[start : found.start()], found.end()
        links = linker.link(text)
        if any(link.node is None for link in links):
            return None  # of what is unknown, others speak
        masked = linker.mask(text, links)
        if len({link.node for link in links}) > 1 and question[rest:].strip() and (since or _SAYS.match(masked)):
            return Premise(text, masked, [link.node for link in links if link.node is not None], rest)
    return None


def is_said(premise: Premise, reader: GraphReader) -> bool | None:
    """Whether the graph says so; None where that is not clear.

    What no statement says is not so where the graph could have said it: things stand in that very relation to others, and in
    none to each other. "ENISA enforces the DSA" may be true of a graph that does not tell what ENISA enforces.
    """
    if reason(reader, premise.masked, premise.topics, asks_yes_no=True).verdict > 0:
        return True
    meant = reader.understood(premise.masked, UNDERSTOOD)
    leaving = {topic: set(reader.rows.leaving(np.array([topic])).tolist()) for topic in premise.topics}
    pairs = list(permutations(leaving, 2))
    if any(np.isin(b, reader.rows.along(np.array([a])).targets) for a, b in pairs):
        return None
    could_be = any(2 * one in leaving[a] and 2 * one + 1 in leaving[b] for one in meant for a, b in pairs)
    return False if could_be else None
