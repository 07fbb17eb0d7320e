"""What sort of thing a class name stands for: who, where or when one asks for it."""

from __future__ import annotations

from kgrag.wordings.english import listed, singular

PERSON, PLACE, DATE, TEXT, THING = "person", "place", "date", "text", "thing"
_PERSONS, _PLACES, _DATES, _TEXTS = map(listed, ("persons", "places", "dates", "texts"))
_GROUPS = listed("groups")


def kind_of(name: str) -> str:
    """Whether a class name is one of persons, places, dates, texts, or of other things."""
    parts = name.lower().split()
    if not parts:
        return THING
    head = singular(parts[-1])
    if head in _PERSONS:
        return PERSON
    if head in _PLACES:
        return PLACE
    if head in _TEXTS:
        return TEXT
    return DATE if head in _DATES else THING


def is_group(name: str) -> bool:
    """Whether things are of, from or at one of such a class: "the players of the club"."""
    return bool(name) and singular(name.lower().split()[-1]) in _GROUPS
