"""Checks what data/medical says of diseases against the Human Disease Ontology.

    KGRAG_DATASETS=... python data/check_medical.py

Reads `disease_ontology/do.nt` in the folder that KGRAG_DATASETS names. Codes must be those that the ontology gives for the disease.
Pathogens, places and routes of infection are compared where both graphs have a name for the same thing: the ontology states few of
them, so that what it lacks is not counted.
"""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import NamedNode, parse

MEDICAL = Path(__file__).parent / "medical"
OWN = "urn:kgrag:medical:"
NAMES = {"label", "altLabel", "hasExactSynonym", "hasRelatedSynonym", "hasNarrowSynonym", "hasBroadSynonym"}
RELATIONS = {  # ours, and theirs
    "causedBy": "has%20material%20basis%20in",
    "affects": "RO_0004026",
    "transmittedBy": "transmitted%20by",
}
SAME = {  # what the ontology calls otherwise, viruses above all by their new names
    "varicellovirus humanalpha3": "varicella zoster virus",
    "alphavirus chikungunya": "chikungunya virus",
    "severe acute respiratory syndrome coronavirus 2": "sars cov 2",
    "orthoflavivirus denguei": "dengue virus",
    "hepatovirus ahepa": "hepatitis a virus",
    "orthohepadnavirus hominoidei": "hepatitis b virus",
    "orthohepacivirus hominis": "hepatitis c virus",
    "lymphocryptovirus humangamma4": "epstein barr virus",
    "borreliella burgdorferi": "borrelia burgdorferi",
    "morbillivirus hominis": "measles virus",
    "orthorubulavirus parotitidis": "mumps virus",
    "lyssavirus": "rabies virus",
    "rubivirus rubellae": "rubella virus",
    "orthoflavivirus flavi": "yellow fever virus",
    "orthoflavivirus zikaense": "zika virus",
    "treponema pallidum subsp pallidum": "treponema pallidum",
    "salmonella enterica subsp enterica": "salmonella typhi",
    "plasmodium genus": "plasmodium falciparum",
    "droplet spread transmission": "respiratory droplets",
    "tick borne transmission": "tick bite",
    "vehicle borne ingestion transmission": "contaminated water",
    "aedes genus": "mosquito bite",
    "skeletal joint": "joint",
    "saliva secreting gland": "salivary gland",
    "oral cavity": "mouth",
    "ventral horn of spinal cord": "spinal cord",
    "prostate gland": "prostate",
}
BROADER = "the ontology gives the code of a broader group, or of another form"
APART = {  # looked at by hand: ours is right
    "chronic_kidney_disease mesh D051436": BROADER,  # theirs is the last stage
    "diphtheria mesh D004165": BROADER,  # infections with Corynebacterium
    "pertussis mesh D014917": BROADER,  # infections with Bordetella
    "syphilis mesh D013587": BROADER,  # theirs is a sign of it, the chancre
    "tuberculosis mesh D014376": BROADER,
    "oral_candidiasis icd10 B37.0": BROADER,  # candidiasis, unspecified
    "tonsillitis icd10 J03": BROADER,  # theirs is the chronic form
    "tuberculosis: transmittedBy respiratory_droplets": "the nuclei of droplets float in the air: airborne",
    "gonorrhea: affects fallopian_tube": "it reaches the fallopian tube as pelvic inflammatory disease, which is a complication",
}

Graph = dict[str, dict[str, list[str]]]


class Check(NamedTuple):
    """What was checked: how often, and what is wrong."""

    name: str
    checked: int
    problems: list[str]


def read(path: Path) -> Graph:
    """A graph by subject and property, both by the last part of their IRIs."""
    graph: Graph = defaultdict(lambda: defaultdict(list))
    for triple in parse(path=str(path)):
        value = getattr(triple.object, "value", "")
        graph[_last(str(getattr(triple.subject, "value", "")))][_last(triple.predicate.value)].append(
            _last(value) if isinstance(triple.object, NamedNode) else value
        )
    return graph


def _last(iri: str) -> str:
    return re.split(r"[#/]", iri.removeprefix(OWN))[-1]


def names(facts: dict[str, list[str]]) -> set[str]:
    return {_fold(name) for kind in NAMES & facts.keys() for name in facts[kind]}


def _fold(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.casefold().replace("'s", "")).strip()


def pairs(ours: Graph) -> dict[str, str]:
    """Diseases of ours that give their identifier, and the term that it names."""
    return {
        subject: facts["doid"][0].replace(":", "_")
        for subject, facts in ours.items()
        if facts["type"] == ["Disease"] and facts["doid"]
    }


def identifiers(ours: Graph, theirs: Graph) -> Check:
    problems = [
        f"{subject}: {term} is {theirs[term]['label'] or 'not there'}"
        for subject, term in pairs(ours).items()
        if not names(ours[subject]) & names(theirs[term])
    ]
    return Check("identifiers name the same disease", len(pairs(ours)), problems)


def codes(ours: Graph, theirs: Graph, kind: str, prefix: str) -> Check:
    """Codes of other systems. One of ours may stand for several, as "K35-K37" or as the group "I10", or be finer than theirs."""
    problems, count = [], 0
    for subject, term in pairs(ours).items():
        given = [x.removeprefix(prefix) for x in theirs[term]["hasDbXref"] if x.startswith(prefix)]
        for code in ours[subject][kind] if given else ():
            count += 1
            first, _, last = code.partition("-")
            if not any(first <= other[: len(first)] <= (last or first) or code.startswith(other) for other in given):
                problems.append(f"{subject} {kind} {code}: the ontology has {', '.join(given)}")
    return Check(f"{kind} codes", count, _unknown(problems))


def _unknown(problems: list[str]) -> list[str]:
    return [problem for problem in problems if not problem.startswith(tuple(APART))]


def relation(ours: Graph, theirs: Graph, mine: str, other: str) -> Check:
    """What the ontology states of a disease, and we have a name for, we state too."""
    known: dict[str, set[str]] = defaultdict(set)
    for subject, facts in ours.items():
        for name in names(facts):
            known[name].add(subject)
    problems, count = [], 0
    for subject, term in pairs(ours).items():
        for value in theirs[term][other]:
            same = set().union(*(known.get(SAME.get(name, name), set()) for name in names(theirs[value])))
            if same:
                count += 1
                if not same & set(ours[subject][mine]):
                    problems.append(f"{subject}: {mine} {' or '.join(sorted(same))}?")
    return Check(f"{mine}, as the ontology states it", count, _unknown(problems))


def run(datasets: Path) -> list[Check]:
    """All checks."""
    ours, theirs = read(MEDICAL / "graph.ttl"), read(datasets / "disease_ontology" / "do.nt")
    return [
        identifiers(ours, theirs),
        codes(ours, theirs, "mesh", "MESH:"),
        codes(ours, theirs, "icd10", "ICD10CM:"),
        *(relation(ours, theirs, mine, other) for mine, other in RELATIONS.items()),
    ]


def symptoms(datasets: Path) -> Check:
    """Symptoms that the ontology states: what we lack is no error, but tells how complete the graph is."""
    ours, theirs = read(MEDICAL / "graph.ttl"), read(datasets / "disease_ontology" / "do.nt")
    return relation(ours, theirs, "hasSymptom", "RO_0002452")


def main() -> int:
    folder = Path(os.environ.get("KGRAG_DATASETS", "/none"))
    if not (folder / "disease_ontology").is_dir():
        print("Set KGRAG_DATASETS to a folder that holds disease_ontology/.")
        return 1
    checks = run(folder)
    for name, count, problems in checks:
        print(f"{name:60} {count:5} checked {len(problems):4} wrong")
        print("".join(f"    {problem}\n" for problem in problems), end="")
    stated = symptoms(folder)
    print(
        f"Of {stated.checked} symptoms that the ontology states too, {stated.checked - len(stated.problems)} are held."
    )
    return int(any(check.problems for check in checks))


if __name__ == "__main__":
    sys.exit(main())
