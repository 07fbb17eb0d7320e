"""A graph made of numbers and made-up words, of any size: what a large public dump looks like to whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BASE = "http://kg.test/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"
LINKS = """
    partOf locatedIn citizenOf bornIn diedIn worksFor memberOf foundedBy ownedBy producedBy writtenBy directedBy
    performedBy treats causes prevents interactsWith derivesFrom encodes expressedIn regulates bindsTo adjacentTo
    flowsInto borderedBy capitalOf governedBy teaches studiedAt marriedTo parentOf siblingOf influencedBy cites
    basedOn translatedInto awardedFor competesWith suppliedBy contains
"""
SYLLABLES = "ka lo mir ten sul va dor rin pa chel no bra tis gul fen ar mo zel qui san"
CLASSES = 40

# Shares of all statements. Each entity has one label, so that there are as many entities as labels.
ENTITIES, SYNONYMS, TYPES, LITERALS, BLANKS = 0.12, 0.03, 0.11, 0.11, 0.01

Rows = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]  # subject, predicate, what the object is made of


def write(path: Path, statements: int, seed: int) -> None:
    """Writes distinct statements as N-Triples, those about one subject together.

    In- and out-degrees are Zipf-like and do not go together. Of the statements 15 % are labels, a fifth of these
    synonyms; a tenth are numbers, dates and texts; a hundredth stand behind blank nodes.

    Args:
        path: The file.
        statements: How many, at least 1,000.
        seed: The same seed gives the same bytes.
    """
    rng = np.random.default_rng(seed)
    entities, blanks = int(statements * ENTITIES), int(statements * BLANKS / 3)
    predicates = _predicates(entities)
    of = {name: number for number, name in enumerate(predicates)}
    everyone, blank = np.arange(entities), entities + np.arange(blanks)
    parts = [
        _rows(rng, everyone, of["label"]),
        _rows(rng, rng.choice(entities, int(statements * SYNONYMS), replace=False), of["altLabel"]),
        _rows(rng, rng.choice(entities, int(statements * TYPES), replace=False), of["type"]),
        _rows(rng, rng.choice(entities, blanks), of["observation"], blank),
        _rows(rng, blank, of["value"]),
        _rows(rng, blank, of["date"]),
    ]
    literal = [of[name] for name in ("value", "date", "count", "active", "code", "description")]
    wanted = int(statements * LITERALS)
    parts.append(_distinct(rng, wanted, lambda n: _rows(rng, _zipf(rng, entities, n, 0.3), rng.choice(literal, n))))
    links = np.array([of[name] for name in LINKS.split()])
    shuffled = rng.permutation(entities)  # so that who is named often does not also say much

    def edges(n: int) -> Rows:
        tails = shuffled[_zipf(rng, entities, n, 0.7)]
        return _rows(rng, _zipf(rng, entities, n, 0.4), links[_zipf(rng, len(links), n, 0.6)], tails)

    parts.append(_distinct(rng, statements - sum(len(part[0]) for part in parts), edges, by_object=True))
    subjects, relations, objects = (np.concatenate(column) for column in zip(*parts))
    place = rng.permutation(entities + blanks)  # entities are not in the order of their numbers
    order = np.argsort(place[subjects], kind="stable")
    names = [f"<{BASE}e/Q{number}>" for number in range(entities)] + [f"_:b{number}" for number in range(blanks)]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for start in range(0, len(order), 100_000):
            rows = (column[order[start : start + 100_000]].tolist() for column in (subjects, relations, objects))
            file.writelines(_lines(names, list(predicates.values()), *rows))


def write_with_hubs(path: Path, statements: int, seed: int, hubs: int, degree: int) -> list[str]:
    """As `write`, but with nodes to which, for every other one from which, very many of the statements lead.

    Args:
        path: The file.
        statements: How many, those of the hubs included.
        seed: The same seed gives the same bytes.
        hubs: How many hubs.
        degree: Statements of each, with three relations.

    Returns:
        IRIs of the hubs.
    """
    rest = statements - hubs * degree
    write(path, rest, seed)
    rng = np.random.default_rng((seed, hubs))
    entities, links = int(rest * ENTITIES), LINKS.split()
    iris = [f"{BASE}e/Hub{hub}" for hub in range(hubs)]
    with open(path, "a", encoding="utf-8", newline="\n") as file:
        for hub, iri in enumerate(iris):
            drawn = rng.choice(3 * entities, degree, replace=False)
            for relation, entity in zip(*(part.tolist() for part in divmod(drawn, entities))):
                ends = [f"<{BASE}e/Q{entity}>", f"<{iri}>"][:: -1 if hub % 2 else 1]
                file.write(f"{ends[0]} <{BASE}p/{links[3 * hub + relation]}> {ends[1]} .\n")
    return iris


def _lines(names: list[str], predicates: list, subjects: list, relations: list, objects: list) -> Iterator[str]:
    for subject, relation, number in zip(subjects, relations, objects):
        iri, written = predicates[relation]
        yield f"{names[subject]} <{iri}> {written(number) if written else names[number]} .\n"


def _predicates(entities: int) -> dict[str, tuple[str, Callable[[int], str] | None]]:
    """IRI of each predicate, and how its object is written of a number; None where it is an entity."""
    syllables = SYLLABLES.split()
    words = [a + b + c for a in syllables for b in syllables for c in syllables[:5]]

    def name(number: int) -> str:
        first, second = words[number % len(words)], words[number // len(words) % len(words)]
        return f"{first.title()} {second}"

    def label(number: int) -> str:
        return f'"{name(number)}"' + ("@en", "@en", "@en", "", "@de")[number % 5]

    def text(number: int) -> str:
        return f'"{name(number)} of \\"{name(number // 7)}\\", about {number % 1000} steps away"@en'

    def typed(kind: str, written: Callable[[int], object]) -> Callable[[int], str]:
        return lambda number: f'"{written(number)}"^^<{XSD}{kind}>'

    own: dict[str, Callable[[int], str] | None] = {
        "value": typed("decimal", lambda n: n % 10**6 / 100),
        "date": typed("date", lambda n: f"{1900 + n % 125}-{n % 12 + 1:02}-{n % 28 + 1:02}"),
        "count": typed("integer", lambda n: n % 10**5),
        "active": typed("boolean", lambda n: "true" if n % 2 else "false"),
        "code": lambda n: f'"{n % 10**9:09}"',
        "description": text,
        "observation": None,
    }
    links: dict[str, Callable[[int], str] | None] = dict.fromkeys(LINKS.split())
    return {
        "label": (RDFS + "label", label),
        "altLabel": (SKOS + "altLabel", label),
        "type": (RDF + "type", lambda n: f"<{BASE}c/C{int(CLASSES * (n / 2**62) ** 2)}>"),
        **{name: (f"{BASE}p/{name}", written) for name, written in (own | links).items()},
    }


def _zipf(rng: np.random.Generator, size: int, n: int, skew: float) -> NDArray[np.int64]:
    """Numbers below ``size``, number i with a probability that falls as (i + 1) ** -skew; ``skew`` is below 1."""
    return (size * rng.random(n) ** (1 / (1 - skew))).astype(np.int64)


def _rows(
    rng: np.random.Generator, subjects: NDArray, predicates: int | NDArray, objects: NDArray | None = None
) -> Rows:
    """Columns of one length; without objects these are large random numbers, from which literals are made."""
    n = len(subjects)
    made = rng.integers(0, 2**62, n) if objects is None else objects
    return subjects.astype(np.int64), np.broadcast_to(np.asarray(predicates, dtype=np.int64), (n,)), made


def _distinct(rng: np.random.Generator, wanted: int, draw: Callable[[int], Rows], by_object: bool = False) -> Rows:
    """As many rows as wanted, of which no two have subject and predicate, and object if asked for, in common."""
    drawn = draw(wanted + wanted // 8)
    while True:
        subjects, predicates, objects = drawn
        key = subjects * 64 + predicates
        if by_object:
            key = key * (int(objects.max()) + 1) + objects
        _, first = np.unique(key, return_index=True)
        if len(first) >= wanted:
            kept = np.sort(rng.permutation(first)[:wanted])
            return subjects[kept], predicates[kept], objects[kept]
        drawn = tuple(np.concatenate(pair) for pair in zip(drawn, draw(wanted)))  # type: ignore[assignment]
