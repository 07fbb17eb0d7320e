"""Question files made from a graph."""

import numpy as np
import pytest

from kgrag import KGRAG, KnowledgeGraph, read_questions, synthesize
from kgrag.cli import app
from kgrag.errors import QuestionError
from kgrag.evaluation import write_questions
from kgrag.resources import data_folder
from kgrag.training import synthesis
from kgrag.training.synthesis import Synthesiser, SyntheticQuestion
from kgrag.training.worlds import random_world

MEDICAL = data_folder() / "medical" / "graph.ttl"


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.from_rdf(MEDICAL)


def test_a_file_holds_what_was_made(graph, tmp_path):
    questions = synthesize(graph, 300, seed=4)
    file = tmp_path / "q.jsonl"
    write_questions(questions, file)
    assert read_questions(file) == questions
    assert len({q.question for q in questions}) == 300
    assert list(tmp_path.iterdir()) == [file]
    first = file.read_bytes()
    write_questions(synthesize(KnowledgeGraph.from_rdf(MEDICAL), 300, seed=4), file)
    assert file.read_bytes() == first


def test_answers_topics_and_paths_are_in_the_graph(graph):
    relations = set(graph.relation_labels)
    for question in synthesize(graph, 200):
        assert all(graph.find(topic) for topic in question.topics)
        if question.kind == "yes/no":
            assert question.answers in (("yes",), ("no",))
        elif question.kind == "unanswerable":
            assert question.unanswerable and not question.path
        else:
            assert question.answers and all(graph.find(answer) for answer in question.answers)
            assert question.path[0] == question.topics[0] and question.path[-1] in question.answers
            assert len(question.path) == 2 * (question.hops or 0) + 1 and set(question.path[1::2]) <= relations


def test_a_system_can_be_trained_and_measured_on_it(graph):
    rag = KGRAG(graph)
    report = rag.evaluate(synthesize(graph, 8, seed=1))
    assert report["n"] == 8


def test_a_graph_that_gives_too_few_questions_says_so(monkeypatch):
    monkeypatch.setattr(synthesis, "MOST_ATTEMPTS", 3)
    with pytest.raises(QuestionError, match="gives only"):
        synthesize(KnowledgeGraph.from_triples([("Ann", "knows", "Bob")]), 2000)
    with pytest.raises(QuestionError, match="labels"):
        synthesize(KnowledgeGraph.from_triples([("n" * 70, "is near", "m" * 70)]), 5)
    with pytest.raises(QuestionError, match="at least one"):
        synthesize(KnowledgeGraph.from_triples([("Ann", "knows", "Bob")]), 0)


def test_a_file_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(QuestionError, match="cannot be written"):
        write_questions([], tmp_path / "nowhere" / "q.jsonl")


def test_codes_in_the_place_of_labels_are_noticed(caplog):
    triples = [(f"Q{i}", "knows", f"Q{i + 1}") for i in range(40)]
    synthesize(KnowledgeGraph.from_triples(triples), 10)
    assert "labels" in caplog.text


def test_a_further_kind_joins_by_its_maker():
    def greeting(synthesiser: Synthesiser) -> SyntheticQuestion | None:
        topic, step = synthesiser.start()
        return synthesiser.make(
            "Hello {x}", (topic,), ((step,),), synthesiser.follow(np.array([topic]), *step), "greeting"
        )

    questions = Synthesiser(random_world(3), 0, makers=[(1.0, greeting)]).sample(5)
    assert {question.kind for question in questions} == {"greeting"}


def test_the_command_writes_a_file(tmp_path):
    from typer.testing import CliRunner

    out = tmp_path / "q.jsonl"
    shown = CliRunner().invoke(app, ["synthesize", "--graph", str(MEDICAL), "--n", "50", "--out", str(out)])
    assert shown.exit_code == 0 and "50 questions" in shown.output
    assert len(read_questions(out)) == 50
    assert CliRunner().invoke(app, ["synthesize", "--n", "50", "--out", str(out)]).exit_code != 0
