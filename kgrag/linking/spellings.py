"""What a graph may call what a text names, for graphs that have to be asked before their names are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from kgrag.linking.folding import fold, is_unspaced, spaced
from kgrag.linking.inflection import full_names, inflections
from kgrag.linking.tokens import Token
from kgrag.types import Mention

_WORDS = 6  # most words of a name
_OF_WORD = 0.4  # what a character counts for in Chinese and Japanese
_MOST = 2_000  # most names of one text
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def spellings(text: str, tokens: Sequence[Token]) -> Iterator[str]:
    """Every stretch of up to six words, as it is written and in the other forms that the linker knows of a name.

    Capitals are up to the graph. Of a long text, the names at its beginning come, up to a number.

    Args:
        text: The text.
        tokens: Its tokens.
    """
    return islice((name for written in _stretches(text, tokens) for name in _forms(written)), _MOST)


def respellings(text: str, token: Token, mentions: Iterable[Mention]) -> Iterator[str]:
    """What a misspelt word may be, alone and in the mention that it is part of: whatever is one letter away.

    So a name can be found by an index of whole names. Of misspelt words, four in five are no further away (Damerau
    1964).

    Args:
        text: The text.
        token: The word.
        mentions: What looks like a name in the text.
    """
    around = [(m.start, m.end) for m in mentions if m.start <= token.start and token.end <= m.end]
    for start, end in dict.fromkeys([(token.start, token.end), *around]):
        for word in _one_away(token.folded):
            yield spaced(text[start : token.start] + word + text[token.end : end])


def _one_away(word: str) -> Iterator[str]:
    for at in range(len(word) + 1):
        left, right = word[:at], word[at:]
        if right:
            yield left + right[1:]
        if len(right) > 1:
            yield left + right[1] + right[0] + right[2:]
        for letter in _LETTERS:
            yield left + letter + right
            if right:
                yield left + letter + right[1:]


def _stretches(text: str, tokens: Sequence[Token]) -> Iterator[str]:
    for at, first in enumerate(tokens):
        words = 0.0
        for last in tokens[at:]:
            words += any(map(str.isalnum, last.text)) * (_OF_WORD if is_unspaced(last.text) else 1)
            if words > _WORDS:
                break
            if words:
                yield spaced(text[first.start : last.end])


def _forms(written: str) -> Iterator[str]:
    yield written
    plain = written.replace("\u2019", "'")
    yield from dict.fromkeys((plain, plain.replace("'", "\u2019"), plain.replace(" ", "-")))
    yield from inflections(fold(written))
    if written[0].isupper():
        yield from full_names(plain)
