"""What acts and their parts are called."""

from __future__ import annotations

import re
from typing import NamedTuple

from kgrag.recipes.references import act_number

_KINDS = {  # of English, German, French, Spanish, Italian and Portuguese
    "article": "article artikel artículo articolo artigo art. §",
    "recital": "recital erwägungsgrund considérant considerando",
    "chapter": "chapter kapitel chapitre capítulo capo",
    "section": "section abschnitt sección sezione secção",
    "title": "title titel titre título titolo",
    "part": "part teil partie parte",
    "annex": "annex anhang annexe anexo allegato",
}
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_UNIT = re.compile(
    r"(?P<word>[^\W\d_]+\.?|§)\s*\(?(?P<number>\d+[a-z]*|[IVXLCDM]+)\)?\.?(?:\s+(?P<name>\S.*))?", re.DOTALL
)
_OFFICIAL = re.compile(
    r"\b(?P<form>(?:(?:Framework|Implementing|Delegated)\s+)?(?:Regulation|Directive|Decision|Act|Law))"
    r"(?P<union>\s*\([A-Z, ]+\))?\s*(?:No\.?\s*)?(?P<number>\d{1,4}/\d{1,4}(?:/[A-Z]{2,4})?)",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\(([A-Z][^()]{2,60})\)")
_LONGEST = 80  # characters of a title by which the parts of an act are called


class Unit(NamedTuple):
    """A part of an act, as its heading says it.

    Attributes:
        kind: "article", "recital", "chapter", "section", "title", "part" or "annex".
        word: What the act calls such a part.
        number: Its number.
        name: Its own heading.
    """

    kind: str
    word: str
    number: str
    name: str


class Names(NamedTuple):
    """What an act is called.

    Attributes:
        short: By which its parts are called.
        others: Its other names.
        number: The official one, such as "2016/679"; empty where it has none.
    """

    short: str
    others: list[str]
    number: str


def unit_of(heading: str) -> Unit | None:
    """The part that a heading begins; None where it is none that is numbered."""
    found = _UNIT.fullmatch(heading.strip())
    kind = _BY_WORD.get(found["word"].casefold()) if found else None
    if found is None or kind is None:
        return None
    return Unit(kind, found["word"].capitalize(), found["number"], (found["name"] or "").strip())


def names_of(title: str) -> Names:
    """Names from a title: the one in brackets, its initials if it has three words or more, and the official number."""
    official = _OFFICIAL.search(title)
    named = [name for name in _BRACKETED.findall(title) if not name.isupper() and not act_number(name)]
    found = []
    if named:
        words = [word for word in re.split(r"[\s-]+", named[-1]) if word[:1].isupper()]
        found += ["".join(word[0] for word in words)] if len(words) > 2 else []
        found.append(named[-1])
    if official:
        union = " ".join((official["union"] or "").split())
        found.append(" ".join(filter(None, [official["form"].capitalize(), union, official["number"]])))
        found.append(" ".join(official[0].split()))
    found.append(title if len(title) <= _LONGEST or found else f"{title[:_LONGEST].rsplit(' ', 1)[0]} \u2026")
    short, *others = dict.fromkeys(found)
    return Names(short, others, act_number(official["number"]) if official else "")
