"""Questions made from a graph, and prompts with reference answers made from those."""

import pytest

from kgrag import KnowledgeGraph
from kgrag.config import RetrievalConfig
from kgrag.encoder import default_encoder
from kgrag.encoding import GraphReader, Reasoner
from kgrag.fusion import Role
from kgrag.training.examples import make_examples
from kgrag.training.references import reference
from kgrag.training.synthesis import KINDS, Synthesiser
from kgrag.training.worlds import random_world


@pytest.fixture(scope="module")
def world() -> KnowledgeGraph:
    return random_world(7)


def test_the_answers_are_what_the_path_leads_to(world):
    synthesiser = Synthesiser(world, seed=3)
    questions = synthesiser.sample(150)
    assert {q.kind for q in questions} >= {*KINDS, "unanswerable"}
    for question in questions:
        assert world.label(question.topic) in question.text and "X" in question.masked
        if question.kind in KINDS:
            assert len(question.path) == KINDS.index(question.kind) + 1
            nodes = {question.topic}
            for step in question.path:
                nodes = synthesiser.follow(nodes, *step)
            assert set(question.answers) == nodes - ({question.topic} if len(question.path) > 1 else set())
        if question.kind == "unanswerable":
            assert not question.answers and not question.path


def test_the_same_seed_gives_the_same_questions_and_worlds(world):
    assert Synthesiser(world, 5).sample(20) == Synthesiser(random_world(7), 5).sample(20)
    assert Synthesiser(world, 5).sample(20) != Synthesiser(world, 6).sample(20)


def test_prompts_are_answered_by_what_the_reasoner_found_or_refused(world):
    encoder = default_encoder()
    reader = GraphReader(world, Reasoner(encoder.width), encoder)
    examples = make_examples(world, Synthesiser(world, 1).sample(40), reader, encoder, RetrievalConfig(nodes=200))
    assert examples
    for example in examples:
        items = example.prompt.items
        for step in example.steps:
            if isinstance(step, tuple):
                assert all(0 < i < len(items) and items.roles[i] is not Role.QUESTION for i in step)
    assert any("<abstain>" in example.steps for example in examples)
    assert any("<ans>" in example.steps for example in examples)


def test_a_reference_for_no_answer_is_to_refuse(world):
    encoder = default_encoder()
    reader = GraphReader(world, Reasoner(encoder.width), encoder)
    (example, *_) = make_examples(world, Synthesiser(world, 1).sample(40), reader, encoder, RetrievalConfig(nodes=200))
    assert reference(example.prompt.items, []) == ["<abstain>"]
