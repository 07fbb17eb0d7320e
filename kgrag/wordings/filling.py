"""Words put into sentence patterns, in agreement with one another."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kgrag.wordings import templates
from kgrag.wordings.classes import PERSON, PLACE, is_group, kind_of
from kgrag.wordings.english import is_counted, plural, possessive, verb, with_article
from kgrag.wordings.labels import Saying, saying

SLOT = "{x}"
SYNONYM = 0.4  # chance that a relation is called by another name than its label
LOOSE = ("for", "in", "at", "with")  # one plays for or in a club or a country, and at or with a club
BY_NOUN = 0.35  # chance that "plays for country" is called by its noun alone
NESTED = 0.12  # chance that a clause goes around what is no name


@dataclass(frozen=True)
class Step:
    """A directed relation, with what is known of how people speak of it.

    Attributes:
        labels: What it is called, its own label first.
        inverse: Whether it is read backwards.
        questions: Questions for what it leads to, with ``{x}`` for what is named.
        phrases: Noun phrases for it.
        classes: What sort of things it leads to.
        nouns: Nouns for it in this direction, in the singular: "film" of "directed by" read backwards.
        many: Whether it leads to several things; None where that is not known.
    """

    labels: Sequence[str]
    inverse: bool
    questions: Sequence[str] = ()
    phrases: Sequence[str] = ()
    classes: Sequence[str] = ()
    nouns: Sequence[str] = ()
    many: bool | None = None

    def said(self, rng: random.Random) -> tuple[Saying, bool]:
        """How it is said, and whether what is asked for is the object of what is said."""
        if self.nouns and rng.random() < SYNONYM:
            return Saying("noun", noun=rng.choice(self.nouns)), True
        label = rng.choice(self.labels) if rng.random() < SYNONYM else self.labels[0]
        how = saying(label)
        ahead = self.inverse == how.turned
        if how.form == "verb" and how.particle in LOOSE and is_group(how.noun) and rng.random() < SYNONYM:
            how = replace(how, particle=rng.choice(LOOSE[:2] if kind_of(how.noun) == PLACE else LOOSE))
        if ahead and how.form != "noun" and how.noun and rng.random() < BY_NOUN:
            return Saying("noun", noun=how.noun), True
        return how, ahead


@dataclass(frozen=True)
class Phrase:
    """A noun phrase.

    Attributes:
        text: In words.
        many: Whether it is in the plural.
        shape: ``name``, ``possessive``, ``tail`` (it ends with what it names) or ``clause`` (it goes on).
    """

    text: str
    many: bool = False
    shape: str = "name"


class Words:
    """What is put into patterns about one relation.

    Attributes:
        class_: What sort of thing is asked for, in the singular; empty where that is not known.
        many: Whether several things are asked for.
    """

    def __init__(self, how: Saying, inner: Phrase, step: Step, rng: random.Random, many: bool) -> None:
        self.how, self.inner, self.many, self.rng = how, inner, many, rng
        classes = list(step.classes)
        self.class_ = rng.choice(classes) if classes and rng.random() < 0.85 else ""
        if how.noun and how.form != "noun" and step.inverse == how.turned:
            self.class_ = how.noun
        if how.form == "noun" and step.inverse == how.turned and not is_counted(how.noun):
            self.many = False
        self.person = bool(classes) and kind_of(classes[0]) == PERSON

    def head(self, rng: random.Random) -> str:
        """What stands before a clause."""
        if self.class_:
            return rng.choice(templates.HEADS_MANY if self.many else templates.HEADS_ONE)
        if self.person:
            return rng.choice(templates.HEADS_PERSON_MANY if self.many else templates.HEADS_PERSON_ONE)
        return rng.choice(templates.HEADS_UNKNOWN_MANY if self.many else templates.HEADS_UNKNOWN_ONE)

    def fill(self, text: str, begins: bool = True, **more: str) -> str:
        """Puts the words into a pattern.

        Args:
            text: The pattern.
            begins: Whether a sentence begins with it.
            more: Further words.
        """
        if self.person and self.rng.random() < 0.7:
            text = _WHO.sub(r"\1 who ", _WHOM.sub(r"\1 whom ", text))
        filled = fill(text, **self.words(text), **more)
        filled = _AFTER_PREPOSITION.sub(r"\1 whom", filled)
        return capital(filled) if begins else filled

    def words(self, text: str) -> dict[str, str]:
        """What there is to put into a pattern."""
        return {**self._subject(), **self._object(text), **self._relation()}

    def _subject(self) -> dict[str, str]:
        """What the question names, and what agrees with it."""
        past, several = self.how.past, self.inner.many
        forms = verb(self.how.verb or "be")
        return {
            "x": self.inner.text,
            "xs": possessive(self.inner.text, several),
            "be": _being(past, several),
            "do": "did" if past else "do" if several else "does",
            "has": "have" if several else "has",
            "xv": forms.past if past else forms.base if several else forms.third,
        }

    def _object(self, text: str) -> dict[str, str]:
        """What is asked for, and what agrees with it."""
        who = "who" if self.person else "what"
        name = self.class_ or "one"
        class_ = plural(name) if self.many else name
        which = f"{self.rng.choice(('which', 'what'))} {class_}"
        if not self.class_ or (self.person and self.rng.random() < 0.7):
            which = who
        several = self.many and not (which == who and "{which}" in text)
        past = self.how.past
        forms = verb(self.how.verb or "be")
        return {
            "c": class_,
            "ac": with_article(name),
            "cs": plural(name),
            "which": which,
            "asked": which,
            "whose": f"which {class_}'s" if self.class_ and not self.many else "whose",
            "w": who,
            "any": "anybody" if self.person else "anything",
            "its": "their" if self.many or self.person else "its",
            "av": forms.past if past else forms.base if several else forms.third,
            "abe": _being(past, several),
            "ahas": "have" if several else "has",
        }

    def _relation(self) -> dict[str, str]:
        """The relation itself."""
        how = self.how
        forms = verb(how.verb or "be")
        noun = how.noun or "one"
        particle = f" {how.particle}" if how.particle else ""
        return {
            "n": plural(noun) if self.many else noun,
            "n1": noun,
            "ns": plural(noun),
            "an": with_article(noun),
            "v": forms.past if how.past else forms.third,
            "vb": forms.base,
            "vd": forms.past,
            "vp": forms.participle,
            "vg": forms.gerund,
            "p": particle,
            "P": how.particle,
            "s": f"{how.state}{particle}".strip(),
            "a": f" {how.state}" if how.state else "",
        }


def _being(past: bool, several: bool) -> str:
    return ("were" if several else "was") if past else ("are" if several else "is")


class _Formatter(string.Formatter):
    """Formats with ``c`` for a capital at the beginning."""

    def format_field(self, value: object, format_spec: str) -> str:
        return capital(str(value)) if format_spec == "c" else str(value)


_FORMATTER = _Formatter()
_WHO = re.compile(r"(\}|one|thing|people|those|person) (?:that|which) (?=\{a)")
_WHOM = re.compile(r"\b(for|of|by|to|in|with|\{P\}) which (?!\{(?!x\}))")
_AFTER_PREPOSITION = re.compile(r"\b([Bb]y|[Ff]or|[Oo]f|[Tt]o|[Ii]n|[Ww]ith|[Ff]rom|[Aa]t|[Oo]n) who\b")


def fill(text: str, **words: str) -> str:
    """Puts words into a pattern by their names."""
    return _FORMATTER.vformat(text, (), words)


def capital(text: str) -> str:
    """A text with a capital at its beginning, but for names."""
    return text if text.startswith(("{", "X")) else text[:1].upper() + text[1:]


def fits(text: str, inner: Phrase, rng: random.Random) -> bool:
    """Whether a pattern stays readable around a phrase."""
    if "{xs}" in text:
        return inner.shape in ("name", "possessive")
    if inner.shape == "name" or text.rstrip("?.").endswith(SLOT):
        return True
    return inner.shape != "clause" and rng.random() < (NESTED if inner.shape == "tail" else 3 * NESTED)


def shape_of(text: str, inner: Phrase) -> str:
    """The shape of the phrase that a pattern makes around another one."""
    if text.startswith(("{xs}", "{x}'s")):
        return "possessive"
    if text.endswith(SLOT):
        return inner.shape if inner.shape == "clause" else "tail"
    return "clause"
