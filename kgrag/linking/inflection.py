"""Other forms in which people write a name: the other number, a turned "type", no qualifier, an eponym alone."""

from __future__ import annotations

import re

from kgrag.wordings.english import irregular

_TYPE = re.compile(r"^(type [\divx]+) (.+)$")
_TYPED = re.compile(r"^(.+?),? (type [\divx]+)$")
_QUALIFIED = re.compile(r"^([^<>()]{3,}?) ?(?:<[^<>]+>|\([^()]+\))$")
NOUNS = ("disease", "syndrome", "disorder")  # that people leave out after an eponym
_EPONYM = re.compile(rf"^((?:[A-Z][\w\u2019'-]+[ -])*[A-Z][\w\u2019'-]+) (?:{'|'.join(NOUNS)})$")
_PEOPLE = (("ology", "ologist"), ("iatry", "iatrist"), ("iatrics", "iatrician"), ("surgery", "surgeon"))
_SHORTEST = 3  # letters of the last word of a name that may change its number


def inflections(key: str) -> list[str]:
    """Forms of a folded name with the same meaning, and the people of a discipline.

    Args:
        key: A folded name.
    """
    found = _forms(key)
    if "-" in key:
        plain = key.replace("-", " ")
        found += [plain, *_forms(plain)]
    if "'s " in key:
        found.append(key.replace("'s ", "s "))
    return found


def _forms(key: str) -> list[str]:
    found = []
    for ending, person in _PEOPLE:
        if key.endswith(ending):
            found += [key[: -len(ending)] + person, key[: -len(ending)] + person + "s"]
    word = key[key.rfind(" ") + 1 :]
    if word.isalpha() and word.isascii() and len(word) >= _SHORTEST:
        if not word.endswith("s"):
            sibilant = word.endswith(("x", "z", "ch", "sh"))
            many = (
                key[:-1] + "ies" if word[-1] == "y" and word[-2] not in "aeiou" else key + ("es" if sibilant else "s")
            )
            found.append(many)
        elif len(word) > _SHORTEST and word[-2] not in "sui":
            found.append(key[:-3] + "y" if word.endswith("ies") and len(word) > 5 else key[:-1])
        if other := irregular(word):
            found.append(key[: len(key) - len(word)] + other)
    if key.endswith((")", ">")):
        qualified = _QUALIFIED.match(key)
        if qualified:
            found.append(qualified[1])
    if "type " in key:
        for pattern in (_TYPE, _TYPED):
            turned = pattern.match(key)
            if turned:
                found.append(f"{turned[2]} {turned[1]}")
    return found


def short_names(name: str) -> list[str]:
    """What is left of "Lyme disease" or "Parkinson's disease" when people drop the noun, hyphens as blanks as well.

    Args:
        name: A name as written.
    """
    eponym = _EPONYM.match(name)
    if not eponym or len(eponym[1]) < 4:
        return []
    bare = re.sub(r"['\u2019]s?$", "", eponym[1])
    found = (eponym[1], bare, f"{bare}'s")
    return list(dict.fromkeys((*found, *(one.replace("-", " ") for one in found))))


def full_names(short: str) -> list[str]:
    """The names that `short_names` may have been made of.

    Args:
        short: What may be an eponym, as written.
    """
    owners = (short,) if short.endswith("'s") else (short, f"{short}'s")
    return [f"{owner} {noun}" for owner in owners for noun in NOUNS if _EPONYM.match(f"{owner} {noun}")]
