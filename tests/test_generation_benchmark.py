"""What benchmarks/generation.py asks and plants is what it says."""

import random
import sys
from pathlib import Path

import numpy as np
import pytest

from kgrag import KnowledgeGraph, read_questions
from kgrag.graph import readable
from kgrag.resources import data_folder
from kgrag.training.synthesis import Synthesiser

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def medical():
    return readable(KnowledgeGraph.from_rdf(data_folder() / "medical" / "graph.ttl"))


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])


def test_what_is_taken_for_granted_is_stated_nowhere(medical):
    from generation_verification import on_false_premise

    made = Synthesiser(medical, makers=((1.0, on_false_premise),)).sample(20)
    assert len(made) == 20
    for question in made:
        target, subject = question.topics
        ends, _ = medical.statements_from(np.array([subject]))
        assert target not in medical.tails[ends] and not question.answers


def test_what_is_planted_is_a_wrong_answer_of_the_relation_asked_for(medical):
    from generation_poison import Target

    questions = read_questions(data_folder() / "medical" / "questions" / "test.jsonl")
    targets = [t for q in questions if (t := Target.of(medical, q, random.Random(0))) is not None]
    assert len(targets) > 20
    for target in targets:
        row = target.row(medical)
        assert not medical.contains(row) and medical.label(target.wrong) not in target.question.answers
        copy = target.passage(medical, 0).text
        assert copy.startswith(target.question.question) and medical.label(target.wrong) in copy
