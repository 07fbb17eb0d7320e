"""Which relation, and which end of it, a question means, as far as the order of its words tells and no word of it is known.

"Which acts overhaul X?" asks for what does something to X, whatever that is, and "By whom is X overhauled?" for what is
joined to X by a "by". Both are hints, not more.
"""

from __future__ import annotations

import re

from kgrag.wordings.english import PARTICLES, agrees, base_of_participle, base_of_third, is_participle, listed
from kgrag.wordings.labels import saying
from kgrag.wordings.sides import EMPTY, OBJECT, SUBJECT, UNKNOWN, one_by_one

_BEING = listed("being")
_DOING = listed("helping") - {"has", "have", "had"}
_HELPING = _BEING | listed("helping")
_ASKING = listed("asking") - {"that", "whose"}
_ARTICLES = ("a", "an", "the", "any")
_LIGHT = frozenset(["make", "makes", "made", "give", "gives", "gave", "take", "takes", "took"])  # "make reference to"
_CONVERSE = frozenset(  # who does the one undergoes the other
    frozenset(pair.split())
    for pair in (
        *("precede follow", "precede succeed", "lead follow", "cause follow", "manage obey", "supervise obey"),
        *("command obey", "send receive", "give receive", "sell buy", "lend borrow", "teach attend", "own serve"),
    )
)
_PREPOSITION = "(to|by|against|from|on|with|for|under|in)"
_BEFORE = re.compile(rf"(?:^|[.,:;]\s*)(?:and |but |so )?{_PREPOSITION} (?:what|which|who)", re.IGNORECASE)
_BEHIND = re.compile(rf"^\W*(?:what|which|who)\b.*\s{_PREPOSITION}\s*\?", re.IGNORECASE)


def end_by_order(question: str, label: str, name: str) -> int:
    """Which end of a relation is named, if the relation is meant at all: `SUBJECT`, `OBJECT`, or `UNKNOWN`.

    Args:
        question: The question.
        label: Of the relation; one that says no deed has no such ends.
        name: The word that stands for what is named.
    """
    said = saying(label)
    if said.form != "verb" or said.verb in EMPTY:
        return UNKNOWN

    def end_of(words: list[str], named: int) -> int:
        end, done = _end(words, named, said.particle.split())
        return -end if said.turned != (frozenset((said.verb, done)) in _CONVERSE) else end

    return one_by_one(question, name, end_of)


def preposition(question: str) -> str:
    """The preposition by which what is asked for is joined to the rest: "by" of "by whom", or of "who ... by?"; empty where there is none."""
    found = _BEFORE.search(question) or _BEHIND.search(question)
    return found[1].lower() if found else ""


def _end(words: list[str], named: int, particle: list[str]) -> tuple[int, str]:
    """Which end of what is done is named, and the verb that says what is done."""
    words = [word if place == named else word.lower() for place, word in enumerate(words)]
    before = words[:named]
    while before and before[-1] in _ARTICLES:
        before.pop()
    behind = words[named + 1 :]
    asks = next((place for place, word in enumerate(before) if word in _ASKING), None)
    if asks is None or any(not word[0].isalnum() for word in before):
        return UNKNOWN, ""
    is_fronted = bool(asks) and before[asks - 1] == "by"
    if before[-1] in _BEING and behind and is_participle(behind[0]) and (is_fronted or behind[1:2] == ["by"]):
        return OBJECT, base_of_participle(behind[0])  # "by what is X amended", "what is X amended by"
    if before[-1] in _DOING and behind and behind[0].isalpha() and behind[0] not in PARTICLES | _HELPING:
        return SUBJECT, behind[0]  # "which acts does X amend"
    if len(before) > 2 and before[-1] == "by" and is_participle(before[-2]) and _BEING & {*before[asks:-2]}:
        return SUBJECT, base_of_participle(before[-2])  # "which acts are amended by X"
    done = _done(before, particle) if asks == 0 else ""
    return (OBJECT, done) if done else (UNKNOWN, "")


def _done(before: list[str], particle: list[str]) -> str:
    """The verb in which some words end that begin by asking who or what does it, "which articles cite"; empty for none."""
    if particle and before[-len(particle) :] == particle:
        before = before[: -len(particle)]
        if len(before) > 2 and before[-2] in _LIGHT:
            before = before[:-1]
    if len(before) < 2 or (_HELPING | PARTICLES) & {*before}:
        return ""
    *_, subject, verb = before
    if verb.endswith("ed"):
        return base_of_participle(verb)
    if len(before) == 2:
        return base_of_third(verb) if verb.endswith("s") else ""
    return (base_of_third(verb) if verb.endswith("s") else verb) if agrees(subject, verb) else ""
