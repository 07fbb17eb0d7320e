"""Text in the form in which names are compared, with the way back to the original positions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from kgrag.graph import normalise, normalise_all

# Typographic and typewriter marks are the same to a reader, as are letters with and without what many leave out.
_SAME = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc`", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | {"\u0451": "\u0435"}  # Cyrillic io as ie
    | dict.fromkeys("\u0622\u0623\u0625\u0671", "\u0627")  # Arabic alef whatever stands above or below it,
    | {"\u0649": "\u064a", "\u0629": "\u0647"}  # alef maqsura as yeh, teh marbuta as heh,
    | dict.fromkeys("\u0640\u0670" + "".join(map(chr, range(0x64B, 0x653))))  # no tatweel and no vowels
)
_SPACES = re.compile(r"[_\s]+")
_WORD = 20  # most characters of a text whose folded form is kept at hand
_RUNS = re.compile(r"[_\s]{2}")
_ASCII = str.maketrans({c: " " for c in map(chr, range(128)) if c == "_" or c.isspace()} | {"`": "'"})
CHARACTERS = (
    "\u3005-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"  # of Chinese and Japanese, which put no spaces between words
)
_CHARACTER = re.compile(f"[{CHARACTERS}]")
_NEEDLESS = re.compile(f" (?=[{CHARACTERS}])|(?<=[{CHARACTERS}]) ")


class Folded(NamedTuple):
    """A folded text; character i of ``text`` stems from ``original[starts[i]:ends[i]]``."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def fold(name: str) -> str:
    """The form in which names are compared.

    `kgrag.graph.normalise`, one kind of quotation mark and dash, no Arabic vowels, no spaces beside Chinese or Japanese.
    """
    return _folded_word(name) if len(name) <= _WORD else _folded(name)


def fold_all(names: Sequence[str]) -> list[str]:
    """`fold` of many names."""
    return list(map(_alike, normalise_all(names)))


def _alike(normalised: str) -> str:
    folded = normalised.translate(_SAME)
    return folded if folded.isascii() else _NEEDLESS.sub("", " ".join(folded.split()))


def unaccented(word: str) -> str:
    """A word with its Latin letters as plain ones."""
    return word if word.isascii() else _without_marks(word)


@lru_cache(maxsize=50_000)
def _without_marks(word: str) -> str:
    plain: list[str] = []
    for character in unicodedata.normalize("NFD", word):
        if not (plain and plain[-1].isascii() and unicodedata.category(character) == "Mn"):
            plain.append(character)
    return unicodedata.normalize("NFC", "".join(plain))


def is_unspaced(text: str) -> bool:
    """Whether a text holds characters of Chinese or Japanese."""
    return _CHARACTER.search(text) is not None


def spaced(name: str) -> str:
    """The name as written, with runs of "_" and white space as one space: keeps its casing."""
    return _SPACES.sub(" ", name).strip()


def fold_text(text: str) -> Folded:
    """Folds a text and remembers where each character came from."""
    if text.isascii() and not _RUNS.search(text):  # each character stays one
        return Folded(text.lower().translate(_ASCII), range(len(text)), range(1, len(text) + 1))
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at, size, plain = 0, len(text), text.isascii()
    while at < size:
        end = at + 1
        if text[at] == "_" or text[at].isspace():
            while end < size and (text[end] == "_" or text[end].isspace()):
                end += 1
            piece = " " if plain or not any(map(_is_character, text[max(0, at - 1) : end + 1])) else ""
        else:
            while end < size and text[end] > "\u02ff" and _continues(text[end]):
                end += 1
            piece = fold(text[at:end])
        folded.append(piece)
        starts.extend([at] * len(piece))
        ends.extend([end] * len(piece))
        at = end
    return Folded("".join(folded), starts, ends)


def _folded(text: str) -> str:
    return _alike(normalise(text))


_folded_word = lru_cache(maxsize=50_000)(_folded)


@lru_cache(maxsize=20_000)
def _continues(character: str) -> bool:
    """Whether NFKC may join a character to the one before: marks, Hangul vowels and finals, half-width voicing."""
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me")
        or "\u1160" <= character <= "\u11ff"
        or character in "\uff9e\uff9f"
    )


@lru_cache(maxsize=20_000)
def _is_character(character: str) -> bool:
    return is_unspaced(fold(character))
