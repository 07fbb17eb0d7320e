"""What sort of thing a class name stands for: who, where or when one asks for it."""

from __future__ import annotations

from kgrag.wordings.english import singular

PERSON, PLACE, DATE, THING = "person", "place", "date", "thing"
_PERSONS = frozenset(
    (
        "person human man woman people child parent spouse partner husband wife father mother son daughter brother "
        "sister sibling relative ancestor descendant friend actor actress director writer screenwriter author composer "
        "songwriter musician singer artist painter sculptor architect engineer scientist researcher inventor "
        "discoverer teacher professor student pupil graduate doctor physician specialist nurse patient lawyer judge "
        "politician minister president king queen emperor monarch ruler leader founder owner manager employee employer "
        "worker player athlete footballer coach trainer captain member investor customer user editor producer "
        "publisher translator poet novelist journalist celebrity character believer neighbour grandparent grandchild "
        "uncle aunt cousin nephew niece heir victim author creator developer maintainer maker performer cast star "
        "soldier officer commander pilot driver critic expert victim kid boy girl"
    ).split()
)
_PLACES = frozenset(
    (
        "place city town village country state region continent province county district location site venue birthplace "
        "area territory island river lake mountain street address building room hometown capital municipality "
        "settlement neighbourhood neighborhood planet station airport nation land"
    ).split()
)
_DATES = frozenset("date year day month time century decade period birthday deadline".split())


def kind_of(name: str) -> str:
    """Whether a class name is one of persons, places, dates, or of other things."""
    words = name.lower().split()
    if not words:
        return THING
    head = singular(words[-1])
    if head in _PERSONS:
        return PERSON
    if head in _PLACES:
        return PLACE
    return DATE if head in _DATES else THING
