"""Questions made from a graph, and prompts with reference answers made from those."""

import numpy as np
import pytest

from kgrag import KnowledgeGraph
from kgrag.encoder import default_encoder
from kgrag.encoding import GraphReader, Reasoner
from kgrag.fusion import Role
from kgrag.generation.references import reference
from kgrag.training.examples import make_examples
from kgrag.training.makers import KINDS
from kgrag.training.synthesis import Synthesiser
from kgrag.training.worlds import random_world


@pytest.fixture(scope="module")
def world() -> KnowledgeGraph:
    return random_world(7)


def test_the_answers_are_what_the_paths_lead_to(world):
    synthesiser = Synthesiser(world, seed=3)
    questions = synthesiser.sample(250)
    assert {q.kind for q in questions} == {*KINDS, "unanswerable", "both", "yes/no"}
    for question in questions:
        assert all(name in question.text for name in question.mentions) and "X" in question.masked
        assert all(topic in world.find(name) for topic, name in zip(question.topics, question.mentions))
        assert "{" not in question.text
        reached = []
        for topic, path in zip(question.topics, question.paths):
            nodes = np.array([topic])
            for last, (relation, inverse) in zip((None, *path), path):
                nodes = synthesiser.follow(nodes, relation, inverse)
                if last == (relation, not inverse):  # others that share it
                    nodes = nodes[nodes != topic]
            reached.append(set(nodes.tolist()))
        if question.kind in KINDS:
            assert len(question.path) == KINDS.index(question.kind) + 1
            assert set(question.answers) == reached[0]
        elif question.kind == "both":
            assert set(question.answers) == reached[0] & reached[1] != set()
        elif question.kind == "yes/no":
            assert set(question.answers) == {question.topics[1]} & reached[0]
        else:
            assert not question.answers and not question.path


def test_some_yes_no_questions_are_false(world):
    asked = [q for q in Synthesiser(world, seed=3).sample(300) if q.kind == "yes/no"]
    assert any(q.answers for q in asked) and any(not q.answers for q in asked)


def test_a_graph_whose_nodes_have_no_short_names_gives_no_questions():
    assert Synthesiser(KnowledgeGraph.from_triples([("n" * 70, "is near", "m" * 70)])).sample(5) == []


def test_the_same_seed_gives_the_same_questions_and_worlds(world):
    assert Synthesiser(world, 5).sample(20) == Synthesiser(random_world(7), 5).sample(20)
    assert Synthesiser(world, 5).sample(20) != Synthesiser(world, 6).sample(20)


def test_prompts_are_answered_by_what_the_reasoner_found_or_refused(world):
    encoder = default_encoder()
    reader = GraphReader(world, Reasoner(encoder.width), encoder)
    examples = make_examples(world, Synthesiser(world, 1).sample(40), reader, encoder)
    assert examples
    for example in examples:
        items = example.prompt.items
        for step in example.steps:
            if isinstance(step, tuple):
                assert all(0 < i < len(items) and items.roles[i] is not Role.QUESTION for i in step)
    refused = [example for example in examples if "<abstain>" in example.steps]
    assert refused and not any(example.prompt.answerable for example in refused)  # what looks sure is said
    assert any("<ans>" in example.steps for example in examples)


def test_a_reference_for_no_answer_is_to_refuse(world):
    encoder = default_encoder()
    reader = GraphReader(world, Reasoner(encoder.width), encoder)
    (example, *_) = make_examples(world, Synthesiser(world, 1).sample(40), reader, encoder)
    assert reference(example.prompt.items, []) == ["<abstain>"]
