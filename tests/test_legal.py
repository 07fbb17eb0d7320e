"""The legal pack: well formed, true to itself, and with questions whose answers are what the graph says."""

import importlib.util
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from kgrag import KnowledgeGraph, PassageIndex, read_questions
from kgrag.cli import DEMO_QUESTIONS
from kgrag.graph import normalise
from kgrag.pipeline import DISCLAIMER

DATA = Path(__file__).parent.parent / "data"
LEGAL = DATA / "legal"
PARTS = ("train", "valid", "test")
OWN = "urn:kgrag:legal:"
DATASETS = Path(os.environ.get("KGRAG_DATASETS", "/none"))


def script(name):
    spec = importlib.util.spec_from_file_location(name, DATA / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def graph():
    return KnowledgeGraph.from_rdf(LEGAL / "graph.ttl")


@pytest.fixture(scope="module")
def questions():
    return {part: read_questions(LEGAL / "questions" / f"{part}.jsonl") for part in PARTS}


@pytest.fixture(scope="module")
def passages():
    return list(PassageIndex.from_jsonl(LEGAL / "passages.jsonl"))


def step(graph, nodes, relation, inverse):
    array = np.array(sorted(nodes), np.int64)
    statements, _ = graph.statements_to(array) if inverse else graph.statements_from(array)
    ends = graph.heads if inverse else graph.tails
    return {int(ends[s]) for s in statements if graph.relation_label(int(graph.relations[s])) == relation}


def members(graph, name):
    return step(graph, set(graph.find(OWN + name)), "type", True)


def test_graph_is_as_large_as_it_says(graph):
    assert graph.num_statements >= 2_500
    sizes = {"Article": 450, "Term": 130, "Obligation": 140, "Right": 25, "Exception": 60, "Fine": 15}
    assert {name: len(members(graph, name)) >= size for name, size in sizes.items()} == dict.fromkeys(sizes, True)


def test_the_pack_stays_small():
    assert sum(file.stat().st_size for file in LEGAL.rglob("*") if file.is_file()) < 1_100_000


def test_every_entity_has_a_label_of_its_own(graph):
    entities = [n for n in range(graph.num_nodes) if graph.iri(n).startswith(OWN)]
    assert all(graph.label(n) and graph.label(n) != graph.iri(n) for n in entities)
    labels = Counter(normalise(graph.label(n)) for n in entities)
    assert [label for label, count in labels.items() if count > 1] == []


def test_articles_are_found_however_they_are_cited(graph):
    for name in ("Article 17 GDPR", "Art. 17 GDPR", "GDPR Article 17", "Article 17 of the GDPR"):
        assert [graph.label(n) for n in graph.find(name)] == ["Article 17 GDPR"]


def test_graph_agrees_with_itself_and_with_public_data():
    there = all((DATASETS / name).is_dir() for name in ("gdprtext", "q4eu", "dpv"))
    checks = script("check_legal").run(DATASETS if there else None)
    assert all(check.checked > 0 for check in checks)
    assert [problem for check in checks for problem in check.problems] == []


@pytest.mark.skipif(not (DATASETS / "disease_ontology").is_dir(), reason="KGRAG_DATASETS has no disease_ontology")
def test_medical_graph_agrees_with_disease_ontology():
    checks = script("check_medical").run(DATASETS)
    assert all(check.checked > 0 for check in checks)
    assert [problem for check in checks for problem in check.problems] == []


def test_passages_name_an_article_of_the_graph(graph, passages):
    articles = members(graph, "Article")
    assert len(passages) >= 200 and len({p.id for p in passages}) == len(passages)
    assert len({normalise(p.text) for p in passages}) == len(passages)
    for passage in passages:
        assert all(graph.find(iri) for iri in passage.entities), passage.id
        named = [n for iri in passage.entities for n in graph.find(iri) if n in articles]
        assert any(normalise(graph.label(n)) in normalise(passage.text) for n in named), passage.id


def test_questions_are_many_and_the_parts_differ(questions):
    every = [q for part in PARTS for q in questions[part]]
    assert len(every) >= 250
    kinds = {"one-hop", "two-hop", "three-hop", "both", "yes/no", "descriptive", "passage", "unanswerable"}
    for part in PARTS:
        assert {q.kind for q in questions[part]} == kinds
        assert sum(q.unanswerable for q in questions[part]) >= 0.13 * len(questions[part])
    texts = Counter(normalise(q.question) for q in every)
    assert [text for text, count in texts.items() if count > 1] == []


def test_most_facts_of_the_test_part_are_not_asked_in_training(questions):
    def asked(question):
        return question.topics, question.path[1::2]

    train = {asked(q) for q in questions["train"] if q.path}
    test = [asked(q) for q in questions["test"] if q.path]
    assert sum(fact in train for fact in test) <= len(test) / 4


@pytest.mark.parametrize("part", PARTS)
def test_answers_are_what_the_graph_says(graph, questions, passages, part):
    known = {p.id for p in passages}
    for question in questions[part]:
        assert all(graph.find(topic) for topic in question.topics), question.question
        if question.kind == "unanswerable":
            assert not question.answers and not question.path
        elif question.kind == "passage":
            assert question.gold_passages and set(question.gold_passages) <= known and question.answer_text
        elif question.answers == ("no",):
            assert len(question.topics) == 2 and not related(graph, *question.topics), question.question
        else:
            follows(graph, question)


def follows(graph, question):
    reached = set(graph.find(question.path[0]))
    for at in range(1, len(question.path), 2):
        relation, there = question.path[at], set(graph.find(question.path[at + 1]))
        forward = step(graph, reached, relation, False)
        reached = forward if forward & there else step(graph, reached, relation, True)
        assert reached & there, question.question
    labels, answers = {graph.label(n) for n in reached}, set(question.answers)
    if question.kind == "yes/no":
        assert answers == {"yes"}
    elif question.kind == "both":  # the second topic narrows down what the path leads to
        second = set(graph.find(question.topics[1]))
        assert answers == {graph.label(n) for n in narrowed(graph, reached, second)}, question.question
    else:
        assert question.hops == len(question.path) // 2 and answers == labels, question.question


def narrowed(graph, nodes, second):
    """Those of the nodes that the second topic of a question belongs to."""
    ways = ("owed to", "exercised against", "has deadline", "laid down in")
    return {node for node in nodes if any(second & step(graph, {node}, way, False) for way in ways)}


def related(graph, first, second):
    """Whether one of the relations that yes-no questions ask for holds, be it through what one is a kind of."""
    for one, other in ((first, second), (second, first)):
        reached = set(graph.find(one))
        for _ in range(3):
            reached |= step(graph, reached, "is a kind of", False)
        ends = reached.union(*(step(graph, reached, way, False) for way in ("repeals", "prohibited by", "obliges")))
        if ends & set(graph.find(other)):
            return True
    return False


def test_every_pack_has_a_disclaimer_and_a_demo():
    assert {file.parent.name for file in DATA.glob("*/graph.ttl")} == set(DISCLAIMER) == set(DEMO_QUESTIONS)


def test_files_are_plain_json_lines():
    for file in LEGAL.rglob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert isinstance(json.loads(line), dict)
