"""What benchmarks/generation.py asks and plants is what it says."""

import random
import sys
from pathlib import Path

import numpy as np
import pytest

from kgrag import KnowledgeGraph, read_questions
from kgrag.fusion import Role
from kgrag.generation import Prompt
from kgrag.generation.draft import Step
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


def test_what_an_ablation_leaves_out_is_gone_and_the_rest_stays():
    from generation_ablation import Case
    from tiny_models import evidence

    items = evidence()
    fever, chills = items.where(Role.ANSWER)
    (told,) = items.where(Role.SENTENCE)
    names = {fever: frozenset({"f"}), chills: frozenset({"c"}), told: frozenset({"f", "x"})}
    ways = [(Step("malaria", "has symptom", "fever", False, 0),)]
    prompt = Prompt(("what are the symptoms of ", 1, "?"), items, paths={fever: ways})
    case = Case(prompt, names, frozenset({"f"}))
    assert (fever,) in case.steps and not any(chills in step for step in case.steps if isinstance(step, tuple))
    assert not case.without("states").prompt.items.states.any() and items.states.any()
    bare = case.without("graph")
    assert bare.prompt.items.roles == [Role.QUESTION, Role.SENTENCE] and not bare.prompt.paths
    assert bare.prompt.text == prompt.text and bare.steps == ((1,),) and bare.names == {1: names[told]}
    silent = case.without("passages")
    assert silent.prompt.text == prompt.text and Role.SENTENCE not in silent.prompt.items.roles
    (place,) = silent.prompt.paths
    assert silent.prompt.items.texts[place] == "fever" and silent.names[place] == {"f"}


def test_arguments_are_read_as_graphs():
    from explagraphs import Pair, Reading

    statements = (("drug", "not capable of", "hurt"), ("hurt", "is a", "bad"))
    pair = Pair(("The drug should not be sold.", "Drugs hurt."), statements, 1)
    reading = Reading([pair])
    graphs = reading.graphs([pair, pair])
    assert pair.nodes == ["drug", "hurt", "bad"] and graphs.said[:3].tolist() == [[1, 1], [0, 1], [0, 0]]
    before = graphs.before[0, 0] > 0
    assert [word for word, place in reading.words.items() if before[place]] == ["the"]
    assert graphs.ends.tolist() == [[0, 1, 3, 4], [1, 2, 4, 5]] and graphs.last.tolist() == [1, 3]
    assert graphs.pair[0].tolist() == [0, 0, 0, 1, 1, 1] and len(set(graphs.relations.tolist())) == 2
