"""Short forms: those that a text declares, "ataxia telangiectasia (AT)", after Schwartz and Hearst, PSB 2003; and initials."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

_BRACKETS = re.compile(r"\s?\(([^()]{2,200})\)")
_WORD = re.compile(r"\w+")
_LIST = re.compile(r"[,;] ")
_BREAK = re.compile(r"[.;:?!]\s")
_SHORTEST, _LONGEST = 2, 10  # characters of a short form
_WINDOW = 200  # characters before a bracket that may hold the long form
_LETTERS = 3, 6  # fewest and most of initials that stand for a name
_INITIAL = re.compile(r"\b[^\W\d_]")

Place = tuple[int, int]


def declared(text: str) -> dict[str, Place]:
    """Short forms that stand in brackets after what they mean.

    Returns:
        Start and end of the long form by short form, the first where there are several; a plural short form stands for
        its singular.
    """
    found: dict[str, Place] = {}
    for bracket in _BRACKETS.finditer(text):
        short = _LIST.split(bracket[1])[0].strip()
        if not (_SHORTEST <= len(short) <= _LONGEST and " " not in short and _plausible(short)):
            continue
        place = _long_form(text, bracket.start(), short)
        if place is not None:
            found.setdefault(singular(short), place)
    return found


def long_forms(text: str) -> dict[str, str]:
    """What a text means by its short forms, those within a long form written out as well."""
    found = {short: text[start:end] for short, (start, end) in declared(text).items()}
    return {short: expanded(long, found) for short, long in found.items()}


def places(text: str, short: str) -> list[Place]:
    """Where a short form stands in a text, in the singular or the plural."""
    return [found.span() for found in re.finditer(rf"(?<!\w){re.escape(short)}s?(?!\w)", text)]


def singular(short: str) -> str:
    """ "VSDs" as "VSD"."""
    return short[:-1] if len(short) > _SHORTEST and short[-1] == "s" and short[-2].isupper() else short


def expanded(mention: str, long_forms: Mapping[str, str]) -> str:
    """A mention with the short forms in it written out, and left out where they stand in brackets.

    Args:
        mention: A stretch of the text.
        long_forms: What is meant by each short form, as `declared` names them.
    """

    def bare(bracket: re.Match[str]) -> str:
        return "" if singular(bracket[1].strip()) in long_forms else bracket[0]

    words = _BRACKETS.sub(bare, mention).split(" ")
    return " ".join(long_forms.get(singular(word), word) for word in words)


def initials(name: str, stop_words: Container[str]) -> list[str]:
    """The initials of a folded name of several words, with and without its stop words; first those that it has in brackets."""
    least, most = _LETTERS
    if name.endswith(")") and (bracket := _BRACKETS.search(name)) and bracket.end() == len(name):
        name, said = name[: bracket.start()], bracket[1]
        own = (
            [said] if said.isalpha() and least <= len(said) <= most and _in_order(name, list(said)) is not None else []
        )
        return list(dict.fromkeys((*own, *initials(name, stop_words))))
    letters = "".join(_INITIAL.findall(name))
    if not least <= len(letters) <= 2 * most:
        return []
    short = "".join(word[0] for word in _WORD.findall(name) if word[0].isalpha() and word not in stop_words)
    return [one for one in dict.fromkeys((letters, short)) if least <= len(one) <= most]


def are_initials(written: str) -> bool:
    """Whether a word may be the initials of a name: all capitals."""
    least, most = _LETTERS
    return least <= len(written) <= most and written.isalpha() and written.isupper()


def _plausible(short: str) -> bool:
    return short[0].isalnum() and any(map(str.isalpha, short)) and any(map(str.isupper, short))


def _long_form(text: str, end: int, short: str) -> Place | None:
    """Where the words before a position begin that a short form stands for, if they do."""
    before = text[max(0, end - _WINDOW) : end]
    window = before[max((broken.end() for broken in _BREAK.finditer(before)), default=0) :]
    wanted = [c.lower() for c in short if c.isalnum()]
    at = _in_order(window, wanted)
    if at is None:
        at = _initials(window, wanted)
    if at is None:
        return None
    long = window[at:]
    words = long.split()
    if len(long) <= len(short) or len(words) > min(len(wanted) + 5, 2 * len(wanted)) or short in words:
        return None
    return end - len(long), end


def _in_order(window: str, wanted: list[str]) -> int | None:
    """Where the shortest ending of a text begins that has these characters in this order, the first at the start of a word."""
    at = len(window)
    for place in range(len(wanted) - 1, -1, -1):
        at -= 1
        while at >= 0 and (window[at].lower() != wanted[place] or (not place and at and window[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return None
    return at


def _initials(window: str, wanted: list[str]) -> int | None:
    """Where the last words begin if these are their first letters in another order: "myotonic dystrophy (DM)"."""
    words = list(_WORD.finditer(window))[-len(wanted) :]
    return words[0].start() if sorted(word[0][0].lower() for word in words) == sorted(wanted) else None
