"""English inflection, as far as questions about relations need it: plurals, verb forms, articles, possessives."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

_TABLE: dict[str, Any] = json.loads(
    resources.files("kgrag.wordings").joinpath("english.json").read_text(encoding="utf-8")
)


def listed(name: str) -> frozenset[str]:
    """The words of a shipped list, such as "persons"."""
    return frozenset(word for line in _TABLE[name] for word in line.split())


PARTICLES = listed("particles")
_PLURALS: dict[str, str] = _TABLE["plurals"]
_SINGULARS = {plural: singular for singular, plural in _PLURALS.items()}
_VERBS: dict[str, tuple[str, str]] = {base: (past, participle) for base, (past, participle) in _TABLE["verbs"].items()}
_BASES = {form: base for base, forms in _VERBS.items() for form in forms}
_UNCOUNTED = listed("uncounted")
_DOUBLED = listed("doubled")  # the last letter of these is written twice: "planned"
_SILENT_E, _BARE = listed("silent_e"), listed("bare")  # bases in -e, and some that look like those but are not
_GREEK = ("sis", "ses")  # "metastasis", "metastases"
_SINGULAR_ENDINGS = ("ss", "us", "is", "ics", "ous")
_BEFORE_E = (
    *("at", "iz", "is", "iv", "uc", "ag", "ir", "ut", "ur", "os", "us", "as", "ov", "av", "ot", "in", "ang", "ens"),
    *("c", "v", "u", "dg", "rg", "lg", "bl", "pl", "tl", "dl", "fl", "gl", "kl"),
)


@lru_cache(maxsize=20_000)
def plural(noun: str) -> str:
    """The plural of a noun phrase: of its last word, or of that before "of" or another preposition."""
    return _with_head(noun, _plural_word)


@lru_cache(maxsize=20_000)
def singular(noun: str) -> str:
    """The singular of a noun phrase, which may be in either number."""
    return _with_head(noun, _singular_word)


def is_plural(noun: str) -> bool:
    """Whether a noun phrase is in the plural."""
    word = head_noun(noun)
    return _singular_word(word) != word


def head_noun(noun: str) -> str:
    """The noun of a noun phrase: "cause" of "cause of death"."""
    words = noun.split()
    return words[_head(words)] if words else noun


def _with_head(noun: str, change: Callable[[str], str]) -> str:
    """A noun phrase with its noun changed."""
    words = noun.split()
    if not words:
        return noun
    head = _head(words)
    words[head] = change(words[head])
    return " ".join(words)


def _head(words: list[str]) -> int:
    """Where the word stands that takes the plural: "cause" of "cause of death"."""
    for place, word in enumerate(words[1:], start=1):
        if word in PARTICLES or word in ("or", "that", "who", "which") or is_participle(word):
            return place - 1
    return len(words) - 1


def _plural_word(word: str) -> str:
    lower = word.lower()
    if lower in _PLURALS:
        return _PLURALS[lower]
    if lower in _UNCOUNTED or lower in _SINGULARS or _singular_word(word) != word:
        return word
    for irregular, form in _PLURALS.items():
        if lower.endswith(irregular) and len(irregular) > 3 and len(lower) > len(irregular) + 2:
            return word[: -len(irregular)] + form
    if lower.endswith(_GREEK[0]):
        return word[: -len(_GREEK[0])] + _GREEK[1]
    if word.isupper() and len(word) > 1:
        return word + "s"
    if lower.endswith("y") and lower[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    if lower.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word + "s"


def _singular_word(word: str) -> str:
    lower = word.lower()
    if lower in _SINGULARS:
        return _SINGULARS[lower]
    if lower in _UNCOUNTED or lower in _PLURALS or len(word) < 4 or lower.endswith(_SINGULAR_ENDINGS):
        return word
    if lower.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if lower.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    return word[:-1] if lower.endswith("s") else word


def agrees(noun: str, word: str) -> bool:
    """Whether a word after a noun may be its verb by their endings: "section contains", "recitals explain"."""
    return word not in ("and", "or") and (singular(noun) == noun) == (word.endswith("s") and singular(word) != word)


def irregular(word: str) -> str:
    """What a word in small letters is in the other number, or may be, where that is not told by an s; empty otherwise."""
    for one, many in (_GREEK, _GREEK[::-1]):
        if word.endswith(one) and len(word) > len(one) + 1:
            return word[: -len(one)] + many
    return _PLURALS.get(word) or _SINGULARS.get(word, "")


@dataclass(frozen=True)
class Verb:
    """The forms of a verb.

    Attributes:
        base: As after "does": "treat".
        third: As after "it": "treats".
        past: "treated".
        participle: As after "is": "treated".
        gerund: "treating".
    """

    base: str
    third: str
    past: str
    participle: str
    gerund: str


@lru_cache(maxsize=5_000)
def verb(base: str) -> Verb:
    """All forms of a verb, of which the base is given."""
    if base == "have":
        return Verb("have", "has", "had", "had", "having")
    if base == "be":
        return Verb("be", "is", "was", "been", "being")
    stem = base + base[-1] if base in _DOUBLED else base
    if base in _VERBS:
        past, participle = _VERBS[base]
    elif base.endswith("e"):
        past = participle = base + "d"
    elif base.endswith("y") and base[-2:-1] not in "aeiou":
        past = participle = base[:-1] + "ied"
    else:
        past = participle = stem + "ed"
    if base.endswith("y") and base[-2:-1] not in "aeiou":
        third = base[:-1] + "ies"
    else:
        third = base + ("es" if base.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")
    if base.endswith("ie"):
        gerund = base[:-2] + "ying"
    elif base.endswith("e") and not base.endswith(("ee", "ye", "oe")):
        gerund = base[:-1] + "ing"
    else:
        gerund = stem + "ing"
    return Verb(base, third, past, participle, gerund)


def base_of_third(word: str) -> str:
    """The base of a verb form in -s: "treat" of "treats"."""
    if word == "has":
        return "have"
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes", "oes")):
        return word[:-2]
    return word[:-1]


def base_of_participle(word: str) -> str:
    """The base of a past participle: "direct" of "directed", "write" of "written"."""
    if word in _BASES:
        return _BASES[word]
    if not word.endswith("ed") or len(word) < 4:
        return word
    stem = word[:-2]
    if word.endswith("ied"):
        return word[:-3] + "y"
    if stem + "e" in _SILENT_E:
        return stem + "e"
    if stem in _BARE:
        return stem
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[:-1] in _DOUBLED:
        return stem[:-1]
    if stem.endswith(_BEFORE_E):
        return stem + "e"
    return stem


def is_participle(word: str) -> bool:
    """Whether a word may be a past participle: "directed", "written", "built"."""
    return word in _BASES or (
        word.endswith("ed") and len(word) > 3 and word not in ("need", "feed", "seed", "breed", "speed")
    )


def with_article(noun: str) -> str:
    """A noun after "a" or "an"."""
    first = noun[:1].lower()
    if noun[:2].isupper():
        sounds_open = noun[:1] in "AEFHILMNORSX"
    else:
        sounds_open = first in "aeiou" and not noun.lower().startswith(("uni", "use", "eu", "one"))
    return f"{'an' if sounds_open else 'a'} {noun}"


def possessive(name: str, many: bool = False) -> str:
    """The possessive of a name: "Anna's"; of a noun in the plural: "the parents'"."""
    return f"{name}'" if many and name.endswith("s") else f"{name}'s"


def is_counted(noun: str) -> bool:
    """Whether a noun has a plural of its own."""
    return plural(noun) != singular(noun)
