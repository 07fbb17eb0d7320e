"""The shipped data: well formed, linked, and with questions whose answers are what the graph says."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from gold_paths import reached

from kgrag import KnowledgeGraph, PassageIndex, read_questions
from kgrag.graph import normalise

MEDICAL = Path(__file__).parent.parent / "data" / "medical"
PARTS = ("train", "valid", "test")


@pytest.fixture(scope="module")
def graph():
    return KnowledgeGraph.from_rdf(MEDICAL / "graph.ttl")


@pytest.fixture(scope="module")
def questions():
    return {part: read_questions(MEDICAL / "questions" / f"{part}.jsonl") for part in PARTS}


def members(graph, label):
    (node,) = [n for n in graph.find(label) if graph.iri(n).startswith("urn:kgrag:medical:")]
    statements, _ = graph.statements_to(np.array([node]))
    kept = [s for s in statements if graph.relation_label(int(graph.relations[s])) == "type"]
    return {int(graph.heads[s]) for s in kept}


def test_graph_is_as_large_as_it_says(graph):
    assert len(members(graph, "Disease")) >= 200 and len(members(graph, "Drug")) >= 150
    assert graph.num_statements >= 5_000
    assert graph.find("COVID-19")


def test_every_entity_has_a_label_of_its_own(graph):
    entities = [n for n in range(graph.num_nodes) if graph.iri(n).startswith("urn:kgrag:medical:")]
    assert all(graph.label(n) and graph.label(n) != graph.iri(n) for n in entities)
    labels = Counter(normalise(graph.label(n)) for n in entities)
    assert [label for label, count in labels.items() if count > 1] == []


def test_passages_name_entities_of_the_graph(graph):
    passages = list(PassageIndex.from_jsonl(MEDICAL / "passages.jsonl"))
    assert len(passages) >= 200 and len({p.id for p in passages}) == len(passages)
    for passage in passages:
        assert passage.entities and all(graph.find(iri) for iri in passage.entities), passage.id


def test_questions_are_many_and_differ(questions):
    every = [q for part in PARTS for q in questions[part]]
    assert len(every) >= 250 and sum(q.unanswerable for q in every) >= 30
    assert {"one-hop", "two-hop", "three-hop", "both", "yes/no", "descriptive", "passage", "unanswerable"} <= {
        q.kind for q in every
    }
    texts = Counter(normalise(q.question) for q in every)
    assert [text for text, count in texts.items() if count > 1] == []


@pytest.mark.parametrize("part", PARTS)
def test_answers_are_what_the_graph_says(graph, questions, part):
    passages = {p.id for p in PassageIndex.from_jsonl(MEDICAL / "passages.jsonl")}
    for question in questions[part]:
        assert all(graph.find(topic) for topic in question.topics), question.question
        assert set(question.gold_passages) <= passages
        if not question.path:
            assert question.kind in ("unanswerable", "passage") or question.answers == ("no",), question.question
            continue
        labels = {normalise(graph.label(node)) for node in reached(graph, question.path)}
        if question.kind == "yes/no":
            assert question.answers == ("yes",)
        elif question.kind == "both":  # the second topic narrows down what the path leads to
            assert {normalise(a) for a in question.answers} <= labels
        else:
            assert {normalise(a) for a in question.answers} == labels, question.question


def test_files_are_plain_json_lines():
    for file in MEDICAL.rglob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert isinstance(json.loads(line), dict)
