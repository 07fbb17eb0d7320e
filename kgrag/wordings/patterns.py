"""Which sentence patterns fit a relation: by whether it names a thing, a deed or a state, and which way it is read.

``ahead`` tells, in all of it, whether what is asked for is the object of what is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kgrag.wordings import templates
from kgrag.wordings.classes import PERSON, PLACE, is_group, kind_of
from kgrag.wordings.labels import Saying

Patterns = Sequence[str]

SORTS = ("type", "kind", "sort", "class", "category")
ATTRIBUTES = frozenset(
    [
        "gender",
        "sex",
        "nationality",
        "religion",
        "faith",
        "genre",
        "ethnicity",
        "race",
        "profession",
        "occupation",
        "job",
        "language",
        "colour",
        "color",
        "size",
        "age",
        "rank",
        "shape",
        "denomination",
        "group",
        "format",
        "period",
        "style",
        "species",
    ]
)


def clauses(how: Saying, ahead: bool) -> Patterns:
    """Patterns that go on after what they speak of: "that treat {x}"."""
    if how.form == "noun":
        return templates.NOUN_OF_THAT if ahead else templates.WHOSE
    belonging = _belonging(templates.BELONGING, how.noun)
    if how.form == "state":
        been = (*templates.BEEN, *(templates.BEEN_PARTICLE if how.particle else ()))
        return been if ahead else (*templates.BEING, *belonging)
    if not ahead:
        return (*templates.DOING, *(templates.DOING_PASSIVE if how.passive else ()), *belonging)
    passive = templates.DONE_PASSIVE if how.passive else ()
    return (*templates.DONE, *passive, *(templates.DONE_PARTICLE if how.particle else ()))


def predicates(how: Saying, ahead: bool) -> Patterns:
    """Patterns that are a verb phrase: "treat {x}"; none where there is no such."""
    if how.form == "noun":
        return templates.NOUN_PREDICATES if ahead else templates.WHOSE_PREDICATES
    if how.form == "state":
        return () if ahead else templates.BEING_PREDICATES
    if ahead:
        return templates.DONE_PREDICATES if how.passive else ()
    return templates.DOING_PREDICATES


def questions(how: Saying, ahead: bool, classes: Sequence[str]) -> Patterns:
    """Patterns that ask for what a relation leads to.

    Args:
        how: How it is said.
        ahead: See above.
        classes: What sort of things it leads to.
    """
    if how.form == "noun":
        return _noun_questions(how.noun, classes) if ahead else templates.WHOSE_QUESTIONS
    if how.form == "verb" and ahead:
        passive = templates.DONE_PASSIVE_QUESTIONS if how.passive else ()
        return (*templates.DONE_QUESTIONS, *passive, *(templates.DONE_PARTICLE_QUESTIONS if how.particle else ()))
    belonging = _belonging(templates.BELONGING_QUESTIONS, how.noun)
    if how.form == "verb":
        return (*templates.DOING_QUESTIONS, *(templates.DOING_PASSIVE_QUESTIONS if how.passive else ()), *belonging)
    if not ahead:
        return (*templates.BEING_QUESTIONS, *belonging)
    place = how.particle in ("in", "at", "on", "near") and any(kind_of(name) == PLACE for name in classes)
    particle = templates.BEEN_PARTICLE_QUESTIONS if how.particle else ()
    return (*templates.BEEN_QUESTIONS, *particle, *(templates.BEEN_PLACE_QUESTIONS if place else ()))


def _belonging(table: Patterns, noun: str) -> Patterns:
    """Patterns for what is of a group, where the noun is one; only of others than places one is "at" or "with" them."""
    if not is_group(noun):
        return ()
    return [text for text in table if kind_of(noun) != PLACE or not re.search(r"\b(?:at|with) ", text)]


def _noun_questions(noun: str, classes: Sequence[str]) -> Patterns:
    if noun in SORTS or any(kind_of(name) == PERSON for name in classes):
        return [text for text in templates.NOUN_QUESTIONS if "kind of" not in text]
    attribute = templates.ATTRIBUTE_QUESTIONS * 2 if ATTRIBUTES.intersection(noun.split()[-1:]) else ()
    return (*templates.NOUN_QUESTIONS, *attribute)


def keywords(how: Saying, ahead: bool) -> Patterns:
    """Patterns of what one types into a search box."""
    if how.form == "noun":
        return templates.NOUN_KEYWORDS if ahead else templates.WHOSE_KEYWORDS
    if how.form == "state":
        return templates.BEEN_KEYWORDS if ahead else templates.BEING_KEYWORDS
    passive = templates.DONE_PASSIVE_KEYWORDS if ahead else templates.DOING_PASSIVE_KEYWORDS
    return (*(templates.DONE_KEYWORDS if ahead else templates.DOING_KEYWORDS), *(passive if how.passive else ()))


def checks(how: Saying) -> Patterns:
    """Patterns that ask whether it is so."""
    if how.form == "noun":
        return templates.NOUN_CHECKS
    if how.form == "state":
        return templates.STATE_CHECKS
    return (*templates.DEED_CHECKS, *(templates.DEED_PASSIVE_CHECKS if how.passive else ()))
