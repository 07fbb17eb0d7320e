"""From text to tokens, and where a name may begin and end."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Any, NamedTuple

from kgrag.linking.folding import fold

QUOTES = {'"': '"', "\u201c": "\u201d", "\u201e": "\u201d", "\u00ab": "\u00bb", "'": "'", "\u2018": "\u2019"}
_SENTENCE_ENDS = frozenset(".?!:;")
_SOFT = frozenset("_-'\u2019.,&/+@#%*=<>~^|\\")  # marks that may stand within a name
_LONGEST_RUN = 200  # characters without white space that the tokenizer gets at once; its rules are not linear in this
_TOO_LONG = re.compile(rf"\S{{{_LONGEST_RUN + 1}}}")


class Token(NamedTuple):
    start: int
    end: int
    text: str
    folded: str
    first: bool  # of its sentence
    quoted: bool


class Tokenizer:
    """spaCy's tokens of English that are not white space."""

    def __init__(self) -> None:
        import spacy

        self._tokenizer: Any = spacy.blank("en").tokenizer

    def __call__(self, text: str) -> list[Token]:
        tokens: list[Token] = []
        first, closing = True, ""
        for offset, piece in _pieces(text):
            for token in self._tokenizer(piece):
                if token.is_space:
                    continue
                start = offset + token.idx
                word = token.text
                if closing and word == closing:
                    closing = ""
                elif not closing and word in QUOTES and text.find(QUOTES[word], start + 1, start + 200) > 0:
                    closing = QUOTES[word]
                tokens.append(Token(start, start + len(word), word, fold(word), first, bool(closing)))
                if any(c.isalnum() for c in word):
                    first = False
                elif word[-1] in _SENTENCE_ENDS:
                    first = True
        return tokens


def _pieces(text: str) -> Iterable[tuple[int, str]]:
    """The text whole, or cut where a run without white space is too long for the tokenizer."""
    if not _TOO_LONG.search(text):
        yield 0, text
        return
    start = run = 0
    for at, character in enumerate(text):
        run = 0 if character.isspace() else run + 1
        if run > _LONGEST_RUN:
            yield start, text[start:at]
            start, run = at, 1
    yield start, text[start:]


def boundary(text: str, at: int, tokens: Container[int]) -> bool:
    """Whether a name may begin or end at a position: where a token does, or at a mark that is never within a word."""
    if at == 0 or at == len(text):
        return True
    before, after = text[at - 1], text[at]
    if _unspaced(before) or _unspaced(after):
        return True
    if at in tokens:
        return not (before.isalpha() and after.isalpha())
    return any(not c.isalnum() and c not in _SOFT for c in (before, after))


def _unspaced(character: str) -> bool:
    """Whether a character is of a script that puts no spaces between words."""
    return "\u0e00" <= character <= "\u0eff" or "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff"
