"""A grammar of questions: relations as noun phrases, noun phrases within one another, and what asks for them.

Of a relation, its label is enough. "director" makes "the director of {x}", "{x}'s director" and, read backwards, "what {x} is the
director of"; "treats" makes "what {x} treats" and "what treats {x}"; "directed by" makes "what {x} is directed by". A class says
what sort of thing is meant: "the drugs that treat {x}".
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kgrag.graph import is_verbal

SLOT = "{x}"
KNOWN = 0.45  # chance that known wordings are used where there are any
PLAIN = 0.4  # chance that a question is put by labels alone, as one who asks for much at once does
BACK = 0.7  # chance that a relation followed there and back is put as what is shared

ASKING = (
    "what is {np}",
    "what are {np}",
    "who is {np}",
    "who are {np}",
    "what's {np}",
    "who's {np}",
    "which is {np}",
    "which are {np}",
    "what is the name of {np}",
    "what would be {np}",
    "what was {np}",
    "who was {np}",
    "who were {np}",
    "{np}",
    "{np} please",
    "{np} is what",
    "{np} are what",
    "{np} are which ones",
    "tell me {np}",
    "name {np}",
    "list {np}",
    "list all {np}",
    "give me {np}",
    "give {np}",
    "show me {np}",
    "show {np}",
    "find {np}",
    "find out {np}",
    "state {np}",
    "look up {np}",
    "identify {np}",
    "enumerate {np}",
    "I need {np}",
    "I want to know {np}",
    "I would like to know {np}",
    "I'm looking for {np}",
    "can you tell me {np}",
    "could you name {np}",
    "can you list {np}",
    "do you know {np}",
    "please tell me {np}",
    "please list {np}",
    "help me find {np}",
    "what do we know as {np}",
    "what is known as {np}",
    "which one is {np}",
    "which ones are {np}",
    "any idea what is {np}",
    "wondering about {np}",
    "question about {np}",
)
ASKING_CLASS = (
    "which {c} is {np}",
    "which {c}s are {np}",
    "what {c} is {np}",
    "what {c}s are {np}",
    "name the {c} that is {np}",
    "list the {c}s that are {np}",
    "which {c} would be {np}",
)
OF = ("the {n} of {x}", "{x}'s {n}", "{x} 's {n}", "{n} of {x}", "the {n} that {x} has", "the {n} for {x}", "{x} {n}")
OF_MANY = ("the {n}s of {x}", "{x}'s {n}s", "{x} 's {n}s", "all {n}s of {x}", "the {n}s that {x} has")
WHOSE = (
    "what {x} is the {n} of",
    "what has {x} as {n}",
    "what has the {n} {x}",
    "the ones whose {n} is {x}",
    "those whose {n} is {x}",
    "the things with {x} as {n}",
    "things with the {n} {x}",
    "everything that has {x} as its {n}",
    "the one that {x} is the {n} of",
)
WHOSE_CLASS = (
    "the {c} whose {n} is {x}",
    "the {c}s whose {n} is {x}",
    "{c}s with {x} as {n}",
    "the {c}s that have {x} as {n}",
    "the {c} that {x} is the {n} of",
    "{c}s which {x} is the {n} of",
)
DOES = ("what {x} {v}", "the thing that {x} {v}", "the ones {x} {v}", "whatever {x} {v}", "that which {x} {v}")
DOES_CLASS = ("the {c} that {x} {v}", "the {c}s {x} {v}", "{c}s that {x} {v}", "the {c}s which {x} {v}")
DONE = ("what {v} {x}", "the one that {v} {x}", "those that {v} {x}", "whatever {v} {x}", "the things which {v} {x}")
DONE_CLASS = ("the {c} that {v} {x}", "the {c}s which {v} {x}", "{c}s that {v} {x}", "any {c} that {v} {x}")
IS = ("what {x} is {p}", "what {x} was {p}", "the ones {x} is {p}", "those {x} was {p}", "whatever {x} is {p}")
IS_CLASS = ("the {c} {x} is {p}", "the {c}s that {x} was {p}", "the {c} which {x} was {p}")
THAT_IS = (
    "what is {p} {x}",
    "what was {p} {x}",
    "things {p} {x}",
    "the ones {p} {x}",
    "those that were {p} {x}",
    "everything {p} {x}",
)
THAT_IS_CLASS = (
    "the {c}s {p} {x}",
    "{c}s {p} {x}",
    "the {c} {p} {x}",
    "the {c}s that were {p} {x}",
    "{c}s which are {p} {x}",
)
SHARED = (
    "those that share {n}s with {x}",
    "those that share the {n} with {x}",
    "the ones with the same {n} as {x}",
    "what has the same {n} as {x}",
    "others with the {n} of {x}",
    "things sharing {n}s with {x}",
    "the others of {x}'s {n}",
    "what else the {n} of {x} belongs to",
)
SHARED_CLASS = (
    "{c}s that share {n}s with {x}",
    "the {c}s that share {n}s with the {c} {x}",
    "{c}s with the same {n} as {x}",
    "the {c}s that have the same {n}s as {x}",
    "other {c}s of {x}'s {n}",
    "{c}s sharing the {n} of {x}",
    "the {c}s whose {n} is also the {n} of {x}",
    "{c}s by the same {n} as {x}",
    "the {c} with the same {n} as the {c} {x}",
)


def wordings() -> int:
    """How many different templates there are to ask with, those for noun phrases and those for questions."""
    tables = (OF, OF_MANY, WHOSE, WHOSE_CLASS, DOES, DOES_CLASS, DONE, DONE_CLASS, IS, IS_CLASS, THAT_IS, THAT_IS_CLASS)
    return sum(map(len, (*tables, SHARED, SHARED_CLASS))) + len(ASKING) + len(ASKING_CLASS)


def noun_phrase(label: str, inverse: bool, inner: str, rng: random.Random, class_: str = "") -> str:
    """A noun phrase for what a directed relation leads to from what a phrase names.

    Args:
        label: Of the relation.
        inverse: Whether it is read backwards.
        inner: The phrase, such as a name.
        rng: Chooses the template.
        class_: What sort of thing is meant, where that is known.
    """
    form = _form(label)
    plain = label.lower() if label[:1].isupper() and label[1:].islower() else label
    tables: tuple[Sequence[str], Sequence[str]]
    if form == "participle":
        tables = (THAT_IS, THAT_IS_CLASS) if inverse else (IS, IS_CLASS)
    elif form == "verb":
        tables = (DONE, DONE_CLASS) if inverse else (DOES, DOES_CLASS)
    else:
        tables = (WHOSE, WHOSE_CLASS) if inverse else ((*OF, *OF[:4], *OF_MANY), OF)
    templates = tables[1] if class_ and "{c}" in tables[1][0] and rng.random() < 0.7 else tables[0]
    text = rng.choice(templates)
    return text.format(n=plain, v=plain, p=plain, c=class_, x=inner)


def shared_phrase(label: str, inner: str, rng: random.Random, class_: str = "") -> str:
    """A noun phrase for what has the same object of a relation as what a phrase names."""
    noun = label.removesuffix(" by")
    text = rng.choice(SHARED_CLASS if class_ and rng.random() < 0.7 else SHARED)
    return text.format(n=noun, c=class_, x=inner)


def question(phrase: str, rng: random.Random, class_: str = "") -> str:
    """A question, or a request, for what a noun phrase names."""
    text = rng.choice(ASKING_CLASS if class_ and rng.random() < 0.2 else ASKING)
    return text.format(np=phrase, c=class_)


def composed(steps: Sequence[Step], name: str, rng: random.Random) -> str:
    """A question for what directed relations lead to, one after the other: a noun phrase within the other.

    Args:
        steps: The relations.
        name: What the question names.
        rng: Chooses the templates.
    """
    if rng.random() < PLAIN:
        steps = [replace(step, questions=(), phrases=()) for step in steps]
    phrase, at = name, 0
    while at < len(steps) - 1:
        step, following = steps[at], steps[at + 1]
        if step.labels[0] == following.labels[0] and step.inverse != following.inverse and rng.random() < BACK:
            phrase = shared_phrase(step.called(rng), phrase, rng, rng.choice(following.classes or ("",)))
            at += 2
        else:
            phrase = step.phrase(phrase, rng)
            at += 1
    if at == len(steps):
        return question(phrase, rng)
    last = steps[-1]
    if last.questions and rng.random() < KNOWN:
        return rng.choice(last.questions).replace(SLOT, phrase)
    return question(last.phrase(phrase, rng), rng, rng.choice(last.classes or ("",)))


@dataclass(frozen=True)
class Step:
    """A directed relation, with what is known of how people speak of it.

    Attributes:
        labels: What it is called, its own label first.
        questions: Questions for what it leads to, with ``{x}`` for what is named.
        phrases: Noun phrases for it.
        classes: What sort of things it leads to.
    """

    labels: Sequence[str]
    inverse: bool
    questions: Sequence[str] = ()
    phrases: Sequence[str] = ()
    classes: Sequence[str] = ()

    def called(self, rng: random.Random) -> str:
        """Its own label, or any other."""
        return self.labels[0] if rng.random() < 0.5 else rng.choice(self.labels)

    def phrase(self, inner: str, rng: random.Random) -> str:
        """A noun phrase for what it leads to from what a phrase names."""
        if self.phrases and rng.random() < KNOWN:
            return rng.choice(self.phrases).replace(SLOT, inner)
        return noun_phrase(self.called(rng), self.inverse, inner, rng, rng.choice(self.classes or ("",)))


def _form(label: str) -> str:
    """ "participle" of "directed by" and "located in", "verb" of "treats", else "noun"."""
    words = label.split()
    if len(words) > 1 and words[0].endswith(("ed", "en")) and words[-1] in _PREPOSITIONS:
        return "participle"
    return "verb" if is_verbal(label) else "noun"


_PREPOSITIONS: Sequence[str] = ("by", "in", "at", "to", "of", "on", "for", "from", "with", "as", "after", "into")
