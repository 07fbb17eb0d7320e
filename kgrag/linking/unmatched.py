"""What looks like a name, or is no word, where no name of the graph stands, not even a misspelt one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from kgrag.linking.appearance import Appearance
from kgrag.linking.matches import Match
from kgrag.linking.readings import Reading
from kgrag.linking.tokens import Token


class Rest(NamedTuple):
    """What the names leave of a text.

    Attributes:
        unknown: Stretches that look like names and are none.
        torn: Stretches that look like names, and are not one but parts of several, or only in part.
    """

    unknown: list[tuple[int, int]]
    torn: list[tuple[int, int]]


class Unmatched:
    """Reads what the names leave of a text.

    Args:
        appearance: Tells names from wording.
    """

    def __init__(self, appearance: Appearance) -> None:
        self._appearance = appearance

    def read(
        self,
        text: str,
        tokens: Sequence[Token],
        runs: Sequence[tuple[int, int]],
        matches: Sequence[Match],
        readings: Sequence[Reading],
    ) -> Rest:
        """Reads a text.

        Args:
            text: The text.
            tokens: Its tokens.
            runs: Spans of tokens that look like names.
            matches: All names that stand in it.
            readings: The names in it that are meant.
        """
        named = [one for one in readings if one.match is not None]
        guesses = [one for one in readings if one.match is None]
        touched = _covered(tokens, matches)
        unknown, torn = [], []
        for first, last in runs:
            start, end = tokens[first].start, tokens[last - 1].end
            if any(guess.start < end and start < guess.end for guess in guesses):
                continue
            content = [i for i in range(first, last) if self._appearance.is_content(tokens[i])]
            total = sum(len(tokens[i].text) for i in content)
            known = sum(len(tokens[i].text) for i in content if touched[i])
            whole = known == total and not _is_split(tokens, content, readings)
            if whole or (tokens[first].first and (last == first + 1) and named):
                continue
            if 2 * known < total:
                unknown.append((start, _head_noun(text, end, named)))
            else:
                torn.append((start, end))
        held = [(guess.start, guess.end) for guess in guesses] + unknown
        for at, token in enumerate(tokens):
            if (
                not touched[at]
                and self._appearance.is_foreign(token)
                and not any(a < token.end and token.start < b for a, b in held)
            ):
                unknown.append((token.start, _head_noun(text, token.end, named)))
        return Rest(sorted(unknown), torn)


def _is_split(tokens: Sequence[Token], content: Sequence[int], readings: Sequence[Reading]) -> bool:
    """Whether two words side by side are not of one name."""
    pairs = ((tokens[at], tokens[after]) for at, after in pairwise(content) if after == at + 1)
    return any(not any(one.start <= left.start and right.end <= one.end for one in readings) for left, right in pairs)


def _head_noun(text: str, end: int, named: Sequence[Reading]) -> int:
    """Where an unknown name ends if known words follow it: "Larkwell venous syndrome" is no syndrome of the graph's."""
    for one in named:
        if one.start > end and text[end : one.start].strip(" ") in ("", "'s", "\u2019s"):
            if not text[one.start : one.end].islower():
                break
            end = one.end
    return end


def _covered(tokens: Sequence[Token], matches: Sequence[Match]) -> list[bool]:
    """Whether each token lies in a match."""
    flags, reach, ahead = [], 0, sorted(((match.start, match.end) for match in matches), reverse=True)
    for token in tokens:
        while ahead and ahead[-1][0] < token.end:
            reach = max(reach, ahead.pop()[1])
        flags.append(token.start < reach)
    return flags
