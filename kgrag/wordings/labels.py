"""What the label of a relation says: whether it names a thing, a deed or a state, and which way round."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from kgrag.graph.terms import relation_name
from kgrag.wordings.english import (
    PARTICLES,
    base_of_participle,
    base_of_third,
    is_participle,
    is_plural,
    listed,
    singular,
)

_INVERSE = re.compile(r"^(?:inverse|reverse)(?: of)? (?=.)|(?<=.) \(?(?:inverse|reverse|inv)\)?$", re.IGNORECASE)
_FOLLOWING = re.compile(r" (?:here|in|at|of|with|by|for|from) this \w+$| here$")
_ARTICLES = ("a", "an", "the")
_BEING = ("is", "was", "are", "were", "be")
_HAVING = ("has", "have", "had")
_ADJECTIVES = listed("adjectives")
_WITHOUT_PASSIVE = listed("without_passive")
_DONE_ONCE = listed("done_once")  # verbs of things that are over, once they were done
_NAMES = listed("names")
_THIRD_PERSON = listed("third_person")  # verbs that are no plural nouns
_BASES = frozenset(map(base_of_third, _THIRD_PERSON))


@dataclass(frozen=True)
class Saying:
    """How a relation between a subject and an object is said.

    Attributes:
        form: ``noun``: the object is the noun of the subject. ``verb``: the subject does it to the object. ``state``: the
            subject is so with regard to the object.
        turned: Whether the label says it the other way round: "parent of", "directed by".
        noun: In the singular. Of a verb or a state, what sort of thing the object is, where the label says it ("country" of
            "plays for country").
        verb: Its base.
        particle: What follows the verb or the state: "with", "in".
        state: What follows "is", without the particle: "located", "adjacent".
        past: Whether it is spoken of as done once.
        many: Whether the noun stood in the plural.
    """

    form: str
    turned: bool = False
    noun: str = ""
    verb: str = ""
    particle: str = ""
    state: str = ""
    past: bool = False
    many: bool = False

    @property
    def passive(self) -> bool:
        """Whether the verb has a passive."""
        return self.form == "verb" and not self.particle and self.verb not in _WITHOUT_PASSIVE


@lru_cache(maxsize=20_000)
def saying(label: str) -> Saying:
    """Takes the label of a relation apart."""
    if re.search(r"[a-z][A-Z]", label) and " " not in label:  # "hasSymptom"
        label = relation_name(f"urn:x:{label}")
    stripped = _INVERSE.sub("", label.strip())
    words = [word if word[1:] != word[1:].lower() else word.lower() for word in stripped.replace("_", " ").split()]
    said = _said(words) if words else Saying("noun", noun=label.strip())
    if stripped == label.strip():
        return said
    return Saying(said.form, not said.turned, said.noun, said.verb, said.particle, said.state, said.past, said.many)


def is_name(label: str) -> bool:
    """Whether a relation says by which name or number something is known: "has title", "ICD code"."""
    return any(singular(word) in _NAMES for word in relation_name(f"urn:x:{label.replace(' ', '_')}").lower().split())


def _said(words: list[str]) -> Saying:
    if len(words) > 1 and words[0] in _HAVING:
        return _had(words[1:])
    if len(words) > 1 and words[0] in _BEING:
        rest = words[1:]
        if all(word in _ARTICLES for word in rest):  # "is a"
            return Saying("noun", noun="kind")
        return _been([word for word in rest if word not in _ARTICLES] or rest, rest[0] in _ARTICLES)
    if len(words) > 2 and words[1] in _HAVING and words[0] not in PARTICLES:  # "disease has location"
        return _had(words[2:])
    first, last = words[0], words[-1]
    if _FOLLOWING.search(" ".join(words)):
        return Saying("noun", noun=" ".join(words), many=True)
    if len(words) > 2 and words[1] in _THIRD_PERSON and words[2] in PARTICLES:  # "existence starts during"
        return _done(words[1:])
    if len(words) == 1:
        if first in _THIRD_PERSON:
            return Saying("verb", verb=base_of_third(first))
        return _noun(words)
    if first in PARTICLES:  # "in language"
        return Saying("state", particle=first, noun=" ".join(words[1:]))
    if last in PARTICLES or (first in _THIRD_PERSON and not is_participle(words[1])):
        return _done(words)
    if is_participle(first) and words[1] in PARTICLES:  # "located in region"
        return _done(words)
    return _noun(words)


def _had(words: list[str]) -> Saying:
    """What follows "has"."""
    if words[0] == "been" and len(words) > 1:
        return _been(words[1:], False)
    words = words[1:] if len(words) > 1 and words[0] in _ARTICLES else words
    if len(words) > 1 and words[-1] in PARTICLES and words[-1] not in ("of", "by"):  # "has basis in"
        return Saying("verb", verb="have", particle=" ".join(words))
    if len(words) > 1 and words[-1] in ("of", "by"):
        return _said(words)
    return _noun(words)


def _been(words: list[str], article: bool) -> Saying:
    """What follows "is"."""
    last = words[-1]
    if last == "of" and len(words) > 1 and not is_participle(words[-2]):
        return Saying("noun", turned=True, noun=singular(" ".join(words[:-1])))
    if words[0] in PARTICLES:
        return Saying("state", particle=words[0], noun=" ".join(words[1:]))
    if is_participle(words[0]) or words[0] in _ADJECTIVES:
        if words == ["aged"]:
            return Saying("noun", noun="age")
        if len(words) == 1:
            return Saying("state", state=words[0])
        return _done(words)
    if last in PARTICLES and len(words) > 1:
        return Saying("state", state=" ".join(words[:-1]), particle=last)
    if article or len(words) == 1 and not words[0].endswith(("able", "ible", "ive", "al", "ous", "ic")):
        return _noun(words)
    return Saying("state", state=" ".join(words))


def _done(words: list[str]) -> Saying:
    """A verb, a participle or a noun with the particle that follows it."""
    first, last = words[0], words[-1]
    place = next((i for i, word in enumerate(words) if i and word in PARTICLES), len(words))
    particle, noun = (words[place], " ".join(words[place + 1 :])) if place < len(words) else ("", "")
    if is_participle(words[place - 1]) and particle and first not in _THIRD_PERSON:
        done = words[place - 1]
        if particle == "by":
            base = base_of_participle(done)
            return Saying("verb", turned=True, verb=base, past=base in _DONE_ONCE, noun=noun)
        return Saying("state", state=" ".join(words[:place]), particle=particle, noun=noun)
    if first in _THIRD_PERSON:
        base = base_of_third(first)
        if place == 1:
            return Saying("verb", verb=base, particle=particle, noun=noun)
        return Saying("verb", verb=base, noun=" ".join(words[1:]))
    if last == "of":
        return Saying("noun", turned=True, noun=singular(" ".join(words[:-1])))
    if first.endswith("ing") and place == 1:  # "driving to"
        return Saying("state", state=first, particle=particle, noun=noun)
    if first in _ADJECTIVES:
        return Saying("state", state=" ".join(words[:place]), particle=particle, noun=noun)
    if first in _BASES and len(words) == 2:  # "cause to"
        return Saying("verb", verb=first, particle=particle)
    if place == len(words) - 1:  # "sensitivity to"
        return Saying("verb", verb="have", particle=" ".join(words))
    return _noun(words)


def _noun(words: list[str]) -> Saying:
    bare = [word for word in words[1:] if word not in _ARTICLES]
    if words[0] in ("include", "contain", "cover") and bare:
        words = bare
    if len(words) > 1 and is_participle(words[-1]) and not is_plural(words[0]):  # "FDA approved"
        words = [*words, "status"]
    text = " ".join(words)
    return Saying("noun", noun=singular(text), many=is_plural(text))
