"""Names that say the words before them once more: "fatty stools, i.e. steatorrhea", "large amounts of urine (polyuria)"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kgrag.types import Link, Mention
from kgrag.wordings.english import PARTICLES

MOST = 6  # words that a name stands for
_BRACKET = re.compile(r"\(\s*$"), re.compile(r"\s*\)")
_SAYING = (
    re.compile(r"[,(]\s*(?:i\.?\s?e\.?,?|that is,?|also (?:known as|called))\s+$", re.IGNORECASE),
    re.compile(r"\s*\)?"),
)
_WORD = re.compile(r"[\w'\u2019-]+")
_STOPS = re.compile(r"[^\w\s'\u2019-]")


def widened(question: str, links: Sequence[Link]) -> list[list[Link]]:
    """The links with a mention that takes in the words before it, for each number of words that a name may stand for.

    Args:
        question: The question.
        links: What it names, by position.

    Returns:
        One list for each way; of one name, the one with the fewest words comes first. None where no name stands like that.
    """
    ways = []
    for place, link in enumerate(links):
        start, end = link.mention.start, link.mention.end
        around = (
            (before.search(question, 0, start), after.match(question, end)) for before, after in (_BRACKET, _SAYING)
        )
        opener, closer = next((both for both in around if all(both)), (None, None))
        if link.node is None or opener is None or closer is None:
            continue
        begin = max((one.mention.end for one in links[:place]), default=0)
        begin = max([begin, *(stop.end() for stop in _STOPS.finditer(question, begin, opener.start()))])
        words = list(_WORD.finditer(question, begin, opener.start()))[-MOST:]
        for word in words[::-1]:
            if word[0].lower() not in PARTICLES:
                mention = Mention(word.start(), closer.end(), question[word.start() : closer.end()])
                ways.append([*links[:place], replace(link, mention=mention), *links[place + 1 :]])
    return ways
