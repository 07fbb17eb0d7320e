"""Questions for what is computed, made from the shipped wordings."""

from collections import Counter
from pathlib import Path

from kgrag import KnowledgeGraph
from kgrag.training.computed_questions import KINDS, ComputedQuestions
from kgrag.training.operator_questions import OperatorQuestions, marked
from kgrag.training.operators import train_operators
from kgrag.wordings.operators import CLAUSES, DIRECTIONS, MARKS, OPERATORS

ATLAS = Path(__file__).parent.parent / "benchmarks" / "questions" / "symbolic.ttl"


def test_marks_are_taken_out():
    assert marked("[C How many] films of [S X]?") == ("How many films of X?", ((0, 8, "C"), (18, 19, "S")))


def test_questions_are_whole_and_their_parts_are_in_them():
    questions = OperatorQuestions(3).sample(2_000)
    for question in questions:
        assert not set("{}[]\0") & set(question.text), question.text
        assert question.operator in OPERATORS and question.clause in CLAUSES and question.direction in DIRECTIONS
        for start, end, mark in question.parts:
            assert 0 <= start <= end <= len(question.text) and mark in MARKS
        if question.operator == question.clause == "none":
            assert not question.parts
    kinds = Counter((question.operator, question.clause) for question in questions)
    assert {operator for operator, _ in kinds} == set(OPERATORS) and {clause for _, clause in kinds} == set(CLAUSES)
    assert 0.4 < kinds["none", "none"] / len(questions) < 0.6


def test_same_seed_same_questions():
    assert OperatorQuestions(5).sample(50) == OperatorQuestions(5).sample(50) != OperatorQuestions(6).sample(50)


def test_a_recogniser_learns(encoder):
    questions = OperatorQuestions(0).sample(600)
    recogniser = train_operators(encoder, questions, epochs=30)
    found = recogniser.recognise([question.text for question in questions[:100]], encoder)
    wanted = [question.operator != "none" or question.clause != "none" for question in questions[:100]]
    assert sum((task is not None) == something for task, something in zip(found, wanted)) > 75


def test_questions_over_a_graph_are_answered_by_it():
    graph = KnowledgeGraph.from_rdf(ATLAS)
    questions = ComputedQuestions(graph, 1).sample(80)
    assert len(questions) == 80 and questions == ComputedQuestions(graph, 1).sample(80)
    assert {question.kind for question in questions} == set(KINDS)
    for question in questions:
        assert all(topic in question.question for topic in question.topics)
        if question.kind == "count":
            reached, _ = graph.neighbours(graph.find(question.topics[0]))
            assert 0 < int(question.answers[0]) <= len(reached)
        else:
            assert all(graph.find(answer) for answer in question.answers)
