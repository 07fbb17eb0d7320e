"""How people ask for a relation: the wordings shipped with kgrag, and generic ones for relations outside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

from kgrag.graph import is_verbal, normalise

SUBJECT, OBJECT = "{s}", "{o}"
SYMMETRIC = ("interacts with", "sibling", "spouse", "borders", "adjacent to", "related to", "equivalent to", "same as")


@dataclass(frozen=True)
class Wording:
    """The ways in which people ask for one relation.

    Attributes:
        labels: Labels that graphs give the relation.
        forward: Questions that name the subject (``{s}``) and ask for the object; ``inverse`` the other way round.
        yesno: Questions that name both.
        forward_phrase: Noun phrases for the object that name the subject; ``inverse_phrase`` the other way round.
    """

    labels: tuple[str, ...]
    subject: tuple[str, ...]
    object: tuple[str, ...]
    forward: tuple[str, ...]
    inverse: tuple[str, ...]
    yesno: tuple[str, ...]
    forward_phrase: tuple[str, ...]
    inverse_phrase: tuple[str, ...]

    @property
    def symmetric(self) -> bool:
        """Whether both directions of the relation mean the same."""
        return any(normalise(label) in SYMMETRIC for label in self.labels)

    def questions(self, inverse: bool) -> tuple[str, ...]:
        """Questions with the placeholder ``{x}`` for what is named."""
        texts, slot = (self.inverse, OBJECT) if inverse else (self.forward, SUBJECT)
        return tuple(text.replace(slot, "{x}") for text in texts)

    def phrases(self, inverse: bool) -> tuple[str, ...]:
        """Noun phrases with the placeholder ``{x}`` for what is named."""
        texts, slot = (self.inverse_phrase, OBJECT) if inverse else (self.forward_phrase, SUBJECT)
        return tuple(text.replace(slot, "{x}") for text in texts)


@lru_cache(maxsize=1)
def shipped_wordings() -> tuple[Wording, ...]:
    """All wordings shipped with kgrag, in a fixed order."""
    records = (json.loads(line) for line in _lines(".jsonl"))
    return tuple(Wording(**{key: tuple(fields[key]) for key in Wording.__dataclass_fields__}) for fields in records)


def _lines(ending: str) -> Iterator[str]:
    """Lines of the shipped files with an ending, in a fixed order."""
    files = [file for file in resources.files("kgrag.wordings").iterdir() if file.name.endswith(ending)]
    for file in sorted(files, key=lambda file: file.name):
        yield from file.read_text(encoding="utf-8").splitlines()


@lru_cache(maxsize=1)
def _by_label() -> dict[str, list[Wording]]:
    found: dict[str, list[Wording]] = {}
    for wording in shipped_wordings():
        for label in dict.fromkeys(_bare(label) for label in wording.labels):
            found.setdefault(label, []).append(wording)
    return found


@dataclass(frozen=True)
class Asked:
    """A question as somebody might ask it.

    Attributes:
        plan: The relations from the thing named to the answer, ``(label, inverse)`` a step.
        text: The question; ``{x}``, and ``{y}`` where it names two things, stand for their names.
        kind: ``?`` for a yes/no question about a statement from x to y, ``&`` for one about what x and y share, ``~`` for one
            that x leads to the answer of and y says what sort of thing that is; empty where there is only x.
    """

    plan: tuple[tuple[str, bool], ...]
    text: str
    kind: str = ""


@lru_cache(maxsize=1)
def asked_questions() -> tuple[Asked, ...]:
    """All questions of people shipped with kgrag, in a fixed order."""
    found = []
    for line in _lines(".tsv"):
        path, text = line.split("\t")
        kind = path[0] if path[0] in "?&~" else ""
        steps = path.removeprefix(kind).split(" / ")
        found.append(Asked(tuple((step.lstrip("^"), step[0] == "^") for step in steps), text, kind))
    return tuple(found)


@lru_cache(maxsize=1)
def asking_words() -> frozenset[str]:
    """Every word in which the shipped questions ask, lower case."""
    texts = [text for w in shipped_wordings() for text in (*w.forward, *w.inverse, *w.yesno)]
    texts += [question.text for question in asked_questions()]
    return frozenset(word for text in texts for word in re.findall(r"[a-z]{3,}", text.lower()))


def wordings_for(label: str) -> list[Wording]:
    """The shipped wordings that have a label; "has symptom" and "symptom" are the same."""
    return _by_label().get(_bare(label), [])


def _bare(label: str) -> str:
    words = normalise(label).split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("has", "is", "was", "the") else words)


def held_out(wordings: Sequence[Wording]) -> tuple[list[Wording], list[Wording]]:
    """Splits the questions of each wording: those to train on, and the last of them, which are kept from training."""
    held = [replace(w, forward=w.forward[-2:], inverse=w.inverse[-1:], yesno=w.yesno[-1:]) for w in wordings]
    kept = [replace(w, forward=w.forward[:-2], inverse=w.inverse[:-1], yesno=w.yesno[:-1]) for w in wordings]
    return kept, held


def generic_wording(label: str) -> Wording:
    """Wordings for a relation of which only the label is known."""
    plain = label.lower() if label[:1].isupper() and label[1:].islower() else label
    forward: tuple[str, ...]
    inverse: tuple[str, ...]
    phrase: tuple[str, ...]
    back: tuple[str, ...]
    if is_verbal(label):
        forward = ("What does {s} " + plain + "?", "{s} " + plain + " what", "which things are such that {s} " + plain)
        inverse = ("What " + plain + " {o}?", "which things " + plain + " {o}", "{o}: what " + plain + " it?")
        phrase, back = ("what {s} " + plain,), ("what " + plain + " {o}", "the things that " + plain + " {o}")
        yesno = ("Is it true that {s} " + plain + " {o}?",)
    else:
        forward = (
            "What is the " + plain + " of {s}?",
            "{s} " + plain,
            "the " + plain + " of {s}",
            "What " + plain + " does {s} have?",
            "what are the " + plain + " of {s}",
        )
        inverse = (
            "What has the " + plain + " {o}?",
            "which things have " + plain + " {o}?",
            "{o} is the " + plain + " of what?",
        )
        phrase, back = ("the " + plain + " of {s}", "{s} 's " + plain), ("what has the " + plain + " {o}",)
        yesno = ("Is {o} the " + plain + " of {s}?",)
    return Wording((label,), (), (), forward, inverse, yesno, phrase, back)
