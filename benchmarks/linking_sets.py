"""What benchmarks/linking.py asks: texts with disease mentions, and questions with the names of their topics."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kgrag.graph import KnowledgeGraph
from kgrag.graph.terms import normalise

DO = "http://purl.obolibrary.org/obo/DOID_"
BILINGUAL = Path(__file__).parent / "questions" / "pcqa_bilingual.jsonl"


class Part(NamedTuple):
    """A part of a set of questions.

    Attributes:
        graph: File of the graph, in the folder of the set.
        file: File of the questions, there too where it is not one of ours.
        key: By which a line holds the question.
        typos: Whether topics are also misspelt.
    """

    graph: str
    file: str | Path
    key: str = "question"
    typos: bool = True


QUESTIONS = {  # by folder of KGRAG_DATASETS
    "metaqa": {f"{hops} hop": Part("kb.nt", f"{hops}hop_valid.jsonl") for hops in (1, 2, 3)},
    "pathquestion": {
        part: Part(f"{part}/kb.nt", f"{part}/valid.jsonl") for part in ("PQ-2H", "PQ-3H", "PQL-2H", "PQL-3H")
    },
    "wc2014": {kind: Part("kb.nt", f"{kind}_valid.jsonl") for kind in ("1hop", "2hop", "conjunction")},
    "pcqa": {tag: Part("kb.nt", BILINGUAL, key=tag, typos=False) for tag in ("en", "zh")},
}

UNLINKABLE = {"metaqa": "1 hop", "pathquestion": "PQ-3H", "wc2014": "1hop"}  # questions with one topic each


class Document(NamedTuple):
    """A text, its disease mentions, and for each the nodes that it is linked to; none where the graph lacks it."""

    id: str
    text: str
    spans: list[tuple[int, int]]
    gold: list[frozenset[int]]


class Asked(NamedTuple):
    """A question, and for each of its topics the nodes that bear the name."""

    id: str
    question: str
    topics: list[frozenset[int]]


def diseases(graph: KnowledgeGraph) -> frozenset[int]:
    """Nodes of the Disease Ontology's own terms."""
    return frozenset(node for node, iri in enumerate(graph.iris) if iri.startswith(DO))


def documents(file: Path, graph: KnowledgeGraph) -> list[Document]:
    """Abstracts of the NCBI disease corpus."""
    found = []
    for row in _rows(file):
        spans = [(mention["start"], mention["end"]) for mention in row["mentions"]]
        gold = [
            frozenset(node for id in mention["do_ids"] for node in graph.find(DO + id.removeprefix("DOID:")))
            for mention in row["mentions"]
        ]
        found.append(Document(row["id"], row["text"], spans, gold))
    return found


def questions(file: Path, graph: KnowledgeGraph, typos: bool, seed: int, key: str = "question") -> list[Asked]:
    """Questions with those of their topics that the graph has; without any they are left out.

    Args:
        file: JSON lines with a question and ``topic`` or ``topics``, names or IRIs, and where known ``question_marked``.
        graph: That they are asked of.
        typos: Whether to misspell each topic once.
        seed: Of the typos.
        key: By which a line holds the question.
    """
    found = []
    for row in _rows(file):
        topics = list(dict.fromkeys(row.get("topics") or [row["topic"]]))
        nodes = [frozenset(node for node in graph.find(topic) if not graph.is_literal[node]) for topic in topics]
        if not any(nodes):
            continue
        question = row[key]
        if typos:
            draw = random.Random(f"{seed} {row['id']}")
            for start, topic in sorted(((_place(row, topic), topic) for topic in topics), reverse=True):
                question = question[:start] + misspelt(topic, draw) + question[start + len(topic) :]
        found.append(Asked(row["id"], question, [of_topic for of_topic in nodes if of_topic]))
    return found


def hidden(rows: Sequence[Asked], graph: KnowledgeGraph, share: float, seed: int) -> frozenset[int]:
    """A share of the topics of questions with one each, with all nodes that bear a name of theirs."""
    topics = sorted({min(row.topics[0]) for row in rows})
    chosen = set(random.Random(seed).sample(topics, round(share * len(topics))))
    names: defaultdict[str, set[int]] = defaultdict(set)
    for alias, node in graph.aliases():
        names[normalise(alias)].add(node)
    return frozenset(chosen).union(*(nodes for nodes in names.values() if nodes & chosen))


def misspelt(name: str, draw: random.Random) -> str:
    """A name with one letter swapped with the next, dropped, doubled or replaced, never the first; as it is where it has but one."""
    places = [at for at, c in enumerate(name) if at and c.isalpha()]
    if not places:
        return name
    ways = ["drop", "double", "replace"]
    swaps = [at for at in places if at + 1 in places and name[at] != name[at + 1]]
    way = draw.choice([*ways, "swap"] if swaps else ways)
    at = draw.choice(swaps if way == "swap" else places)
    letter = name[at]
    if way == "replace":
        other = draw.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != letter.lower()])
        letter = other.upper() if letter.isupper() else other
    pieces = {"drop": "", "double": letter * 2, "replace": letter, "swap": name[at + 1 : at + 2] + letter}
    return name[:at] + pieces[way] + name[at + (2 if way == "swap" else 1) :]


def _place(row: dict, topic: str) -> int:
    """Where a topic stands in its question."""
    if "question_marked" in row:
        return row["question_marked"].index("[")
    whole = re.search(rf"(?<!\w){re.escape(topic)}(?!\w)", row["question"])
    return whole.start() if whole else row["question"].index(topic)


def _rows(file: Path) -> Iterator[dict]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
