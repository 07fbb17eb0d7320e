"""What legal texts refer to: articles, recitals and chapters of their own act, and of other acts that are known by their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_NUMBER = r"\d+[a-z]?(?:\(\w{1,4}\))*"
_LIST = rf"{_NUMBER}(?:(?:\s*,\s*|\s*,?\s+(?:and|or|to)\s+)(?:{_NUMBER}|\(\w{{1,4}}\)))*"  # "12(2) to (9) and 14"
_CITED = re.compile(
    rf"\b(?:(?P<article>Art(?:icle|\.)s?\s+)(?P<articles>{_LIST})|[Rr]ecitals?\s+\(?(?P<recital>\d+)\)?|"
    r"Chapter\s+(?P<chapter>[IVXLC]+)\b)",
)
_WHERE = re.compile(  # what stands after a reference to a place in another act, or in this one
    r"(?:\s*,?\s*(?:first|second|third|fourth|last)\s+(?:sub)?paragraph|\s*,?\s*points?\s+(?:\(\w+\)(?:\s*(?:,|and|or|to)\s*)?)+)*"
    r"\s*,?\s*(?:(?:of|to|in)\s+(?:the\s+)?(?P<act>(?:this|that)\b|[A-Z][^;.]{0,80})|(?P<treaty>T[EF]+U|TFEU|EC)\b|(?P<there>thereof))"
)
_ITEM = re.compile(r"(?P<to>to\s+)?(?<![(\w])(?P<number>\d+[a-z]?)(?P<parts>(?:\(\w{1,4}\))*)")
_PART = re.compile(r"\((\w+)\)")
_ACT_NUMBER = re.compile(r"\b\d{1,4}/\d{1,4}\b")


class Place(NamedTuple):
    """A place in an act.

    Attributes:
        act: Which one, by what the caller knows it as.
        kind: "article", "recital" or "chapter".
        number: Its number.
        parts: Paragraph, point and what is within.
    """

    act: str
    kind: str
    number: str
    parts: tuple[str, ...] = ()


def references(text: str, own: str, acts: Mapping[str, str]) -> Iterator[Place]:
    """The places that a text refers to.

    Args:
        text: Of an article or a recital.
        own: The act that it is of.
        acts: Act by official number, such as "2016/679". What is in any other act is left out.
    """
    for match in _CITED.finditer(text):
        act = _act(text, match.end(), own, acts)
        if act is None:
            continue
        if match["recital"]:
            yield Place(act, "recital", match["recital"])
        elif match["chapter"]:
            yield Place(act, "chapter", match["chapter"])
        else:
            yield from _listed(match["articles"], act)


def act_number(text: str) -> str:
    """The official number that a text names, such as "2016/679"; empty where it names none."""
    found = _ACT_NUMBER.search(text)
    return found[0] if found else ""


def _act(text: str, end: int, own: str, acts: Mapping[str, str]) -> str | None:
    where = _WHERE.match(text, end)
    if where is None or where["there"] or (where["act"] or "").startswith(("this", "that")):
        return own
    if where["treaty"]:
        return None
    return acts.get(act_number(where["act"]))


def _listed(listed: str, act: str) -> Iterator[Place]:
    """Each place of a list; of "12 to 22" all numbers between."""
    last = 0
    for item in _ITEM.finditer(listed):
        number = item["number"]
        if item["to"] and number.isdigit():
            yield from (
                Place(act, "article", str(between)) for between in range(last + 1, min(int(number), last + 500))
            )
        yield Place(act, "article", number, tuple(_PART.findall(item["parts"])))
        last = int(re.match(r"\d+", number)[0])  # type: ignore[index]
