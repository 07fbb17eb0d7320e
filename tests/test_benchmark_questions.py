"""The questions of the benchmarks: whether their answers are what the graphs say.

The graphs are not shipped. They are read where KGRAG_DATASETS names a folder that holds ``disease_ontology``,
``pathquestion`` and ``metaqa``.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from gold_paths import follow, reached

from kgrag.graph import KnowledgeGraph, normalise

FOLDER = Path(__file__).parent.parent / "benchmarks" / "questions"
DATASETS = Path(os.environ.get("KGRAG_DATASETS", "/none"))
KIND_OF = "is a kind of"
PARAPHRASED = {
    "pathquestion_paraphrased.jsonl": ("pathquestion/PQ-2H/kb.nt", "pathquestion/PQ-2H/valid.jsonl"),
    "metaqa_paraphrased.jsonl": ("metaqa/kb.nt", "metaqa/2hop_valid.jsonl"),
}


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


QUESTIONS = read(FOLDER / "disease_ontology.jsonl")


def test_they_are_many_and_differ() -> None:
    kinds = Counter(question["kind"] for question in QUESTIONS)
    assert len(QUESTIONS) >= 180 and kinds["unanswerable"] >= 35
    assert {"one-hop", "two-hop", "three-hop", "siblings", "both", "difference", "count", "yes/no"} <= set(kinds)
    texts = Counter(normalise(question["question"]) for question in QUESTIONS)
    assert [text for text, count in texts.items() if count > 1] == []
    assert [question["id"] for question in QUESTIONS] == [f"do-{n}" for n in range(1, len(QUESTIONS) + 1)]
    parts = Counter(question.get("part") for question in QUESTIONS)
    assert abs(parts["dev"] - parts["held"]) <= 1 and set(parts) == {None, "dev", "held"}


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return published("disease_ontology/do.nt")


def published(name: str) -> KnowledgeGraph:
    if not (DATASETS / name).is_file():
        pytest.skip(f"KGRAG_DATASETS names no folder with {name}")
    return KnowledgeGraph.from_rdf(DATASETS / name)


def around(graph: KnowledgeGraph, topic: str) -> set[int]:
    """The nodes that share a statement with a topic."""
    nodes = np.array(graph.find(topic))
    return set(graph.tails[graph.statements_from(nodes)[0]]) | set(graph.heads[graph.statements_to(nodes)[0]])


def below(graph: KnowledgeGraph, nodes: set[int]) -> set[int]:
    """Kinds of the nodes, and kinds of those, at any depth."""
    found: set[int] = set()
    while nodes:
        nodes = follow(graph, nodes, KIND_OF, inverse=True) - found
        found |= nodes
    return found


def answers(graph: KnowledgeGraph, question: dict) -> set[str]:
    """What the graph answers, by the path of the question and what its kind says of the other topic."""
    kind, topics = question["kind"], [set(graph.find(topic)) for topic in question["topics"]]
    if kind == "yes/no":
        return {"yes"} if question["path"] and reached(graph, question["path"]) & topics[-1] else {"no"}
    nodes = reached(graph, question["path"])
    if question.get("depth") == "any":
        nodes = below(graph, topics[0])
    if kind == "siblings":
        nodes -= topics[0]
    elif kind == "both":
        nodes &= around(graph, question["topics"][1])
    elif kind == "difference":
        nodes -= around(graph, question["topics"][1])
    labels = {graph.label(node) for node in nodes}
    return {str(len(labels))} if kind == "count" else labels


def test_answers_are_what_the_graph_says(graph: KnowledgeGraph) -> None:
    for question in QUESTIONS:
        if question["kind"] == "unanswerable":
            assert not (question["answers"] or question["topics"] or question["path"]), question
            continue
        assert all(graph.find(topic) for topic in question["topics"]), question
        assert len(question["path"]) == 2 * question["hops"] + 1 or question["answers"] == ["no"], question
        assert set(question["answers"]) == answers(graph, question), question


def test_what_is_denied_is_nowhere(graph: KnowledgeGraph) -> None:
    for question in QUESTIONS:
        if question["answers"] == ["no"]:
            one, other = question["topics"]
            nodes, others = set(graph.find(one)), set(graph.find(other))
            assert not around(graph, one) & others, question
            assert not below(graph, others) & nodes and not below(graph, nodes) & others, question


def test_counted_kinds_are_all_kinds_unless_it_is_said(graph: KnowledgeGraph) -> None:
    for question in QUESTIONS:
        path = question["path"]
        if question["kind"] == "count" and path[1] == KIND_OF and "depth" not in question:
            nodes = reached(graph, path)
            is_said = any(word in question["question"] for word in ("directly", "first level"))
            assert is_said or below(graph, set(graph.find(path[0]))) == nodes, question


def test_what_is_unanswerable_is_not_there(graph: KnowledgeGraph) -> None:
    for question in QUESTIONS:
        if "lacks" in question:
            topic, relation, way = question["lacks"]
            nodes = graph.find(topic)
            assert nodes and not follow(graph, nodes, relation, inverse=way == "to"), question
        if "unknown" in question:
            assert not graph.find(question["unknown"]) and question["unknown"] in question["question"], question


@pytest.mark.parametrize("file", PARAPHRASED)
def test_paraphrases_ask_the_same(file: str) -> None:
    graph, originals = published(PARAPHRASED[file][0]), read(DATASETS / PARAPHRASED[file][1])
    paraphrases = read(FOLDER / file)
    assert len({one["line"] for one in paraphrases}) == len(paraphrases) >= 60
    for one in paraphrases:
        original = originals[one["line"] - 1]
        assert one["topics"] == [original["topic"]] and one["answers"] == original["answers"], one
        assert original["topic"] in one["question"] and one["question"] != original["question"], one
        assert reached(graph, one["path"]) & {node for answer in one["answers"] for node in graph.find(answer)}, one
