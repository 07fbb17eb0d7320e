"""From text to tokens, and where a name may begin and end."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from kgrag.linking.folding import CHARACTERS, fold, is_unspaced

QUOTES = {  # opening marks, and the marks that close them
    '"': '"',
    "'": "'",
    "\u201c": "\u201d",
    "\u201e": "\u201d\u201c",
    "\u2018": "\u2019",
    "\u00ab": "\u00bb",
    "\u300a": "\u300b",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
}
_SENTENCE_ENDS = frozenset(".?!:;\u3002\uff1f\uff01\uff1a\uff1b\u061f\u061b\u2026")
_PART = re.compile(f"[{CHARACTERS}]|[^{CHARACTERS}]+")
_CUTS = ("\n", ". ", "? ", "! ", "\u3002", "\uff1f", " ")
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
    is_mark: bool  # without letters and digits


class Tokenizer:
    """spaCy's tokens that are not white space; each character of a script that puts no spaces between words is one.

    Args:
        language: By whose rules; by those for all languages where spaCy has none, or needs another package for them.
    """

    def __init__(self, language: str = "en") -> None:
        self._tokenizer = _tokenizer(language)

    def __call__(self, text: str) -> list[Token]:
        tokens: list[Token] = []
        first, closing = True, ""
        for start, word in self._words(text):
            if closing and word in closing:
                closing = ""
            elif not closing and word in QUOTES:
                window = text[start + 1 : start + 200]
                closing = QUOTES[word] if any(mark in window for mark in QUOTES[word]) else ""
            is_mark = not (word.isalnum() or any(map(str.isalnum, word)))
            tokens.append(Token(start, start + len(word), word, _folded(word), first, bool(closing), is_mark))
            if not is_mark:
                first = False
            elif word[-1] in _SENTENCE_ENDS:
                first = True
        return tokens

    def _words(self, text: str) -> Iterator[tuple[int, str]]:
        for offset, piece in _pieces(text):
            for token in self._tokenizer(piece):
                start, word = offset + token.idx, token.text
                if word.isspace():
                    continue
                if word.isascii() or not is_unspaced(word):
                    yield start, word
                else:
                    yield from ((start + part.start(), part[0]) for part in _PART.finditer(word))


@lru_cache(maxsize=16)
def _tokenizer(language: str) -> Any:
    import spacy

    tokenizer: Any
    try:
        tokenizer = spacy.blank(language or "xx").tokenizer
    except ImportError:
        tokenizer = None
    if not isinstance(tokenizer, spacy.tokenizer.Tokenizer):
        tokenizer = spacy.blank("xx").tokenizer
    tokenizer.vocab.lex_attr_getters = {}  # most of the time that a new word takes, and only its boundaries are needed
    return tokenizer


_folded = lru_cache(maxsize=10_000)(fold)  # of words, most of which come again and again


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


def parts(text: str, most: int) -> Iterator[tuple[int, str]]:
    """A text in parts of bounded length, each with its position; cut after a line, else a sentence, else a word."""
    start = 0
    while len(text) - start > most:
        half = start + most // 2
        cuts = ((text.rfind(mark, half, start + most), len(mark)) for mark in _CUTS)
        end = next((at + length for at, length in cuts if at >= 0), start + most)
        yield start, text[start:end]
        start = end
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
    return character >= "\u0e00" and (character <= "\u0eff" or is_unspaced(character))
