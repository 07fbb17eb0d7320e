"""Random graphs with invented names over the relations of the shipped wordings: graphs that nobody has seen."""

from __future__ import annotations

import random

from kgrag.graph import KnowledgeGraph
from kgrag.wordings import Wording, shipped_wordings

NEAR = 0.8  # chance that a relation is about a class that another one is about

_ONSETS = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "z",
    "br",
    "ch",
    "cl",
    "dr",
    "fl",
    "gr",
    "kr",
    "pl",
    "pr",
    "sh",
    "sk",
    "sl",
    "st",
    "th",
    "tr",
]
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "ia", "io", "oa", "ou", "y"]
_CODAS = ["", "", "", "l", "m", "n", "r", "s", "x", "nd", "rt", "st"]


def invented_name(rng: random.Random) -> str:
    """A pronounceable word that means nothing, one or two of them."""

    def word() -> str:
        return "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(rng.randint(1, 3))) + rng.choice(_CODAS)

    name = word() if rng.random() < 0.6 else f"{word()} {word()}"
    return name.title() if rng.random() < 0.5 else name


def random_world(seed: int, relations: int = 14, entities: int = 160, statements: int = 600) -> KnowledgeGraph:
    """A graph of invented entities whose relations carry labels that real graphs use.

    Args:
        seed: The same seed gives the same graph.
        relations: How many relations.
        entities: How many entities.
        statements: How many statements, at most.
    """
    rng = random.Random(seed)
    wordings = _together(relations, rng)
    names = sorted({invented_name(rng) for _ in range(entities)})
    rng.shuffle(names)
    groups: dict[str, list[str]] = {}
    for wording in wordings:
        for name in (*wording.subject[:1], *wording.object[:1]):
            groups.setdefault(name, [])
    kinds = sorted(groups)
    for i, name in enumerate(names):
        groups[kinds[i % len(kinds)]].append(name)
    triples: dict[tuple[str, str, str], None] = {}
    for wording in wordings:
        label = rng.choice(wording.labels)
        subjects, objects = groups[wording.subject[0]], groups[wording.object[0]]
        for _ in range(statements // relations):
            subject, target = rng.choice(subjects), rng.choice(objects)
            if subject != target:
                triples[subject, label, target] = None
    return KnowledgeGraph.from_triples(list(triples))


def _together(count: int, rng: random.Random) -> list[Wording]:
    """Relations of a few matters: most of them are about a class that another of them is about."""
    rest = list(shipped_wordings())
    rng.shuffle(rest)
    chosen, classes = [rest.pop()], set[str]()
    while len(chosen) < min(count, len(shipped_wordings())):
        classes.update((*chosen[-1].subject[:1], *chosen[-1].object[:1]))
        near = [i for i, wording in enumerate(rest) if classes & {*wording.subject[:1], *wording.object[:1]}]
        chosen.append(rest.pop(near[-1] if near and rng.random() < NEAR else -1))
    return chosen
