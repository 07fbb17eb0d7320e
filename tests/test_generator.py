"""The generator: items as words, once each, and nothing named outside the evidence."""

import numpy as np
import pytest
import torch

from kgrag.config import GenerationConfig
from kgrag.errors import ModelError
from kgrag.fusion import Role
from kgrag.fusion.items import Candidate, collect_items
from kgrag.generation import Generator, Prompt, print_answer
from kgrag.generation.printer import verb_phrase
from kgrag.training.default_model import new_generator
from kgrag.training.generator import Example, set_valued_loss, train_generator
from kgrag.training.references import reference

WIDTH, HIDDEN = 12, 6


def encode(texts):
    rng = np.random.default_rng(len(texts))
    return rng.normal(size=(len(texts), WIDTH)).astype(np.float32)


def evidence():
    return collect_items(
        encode(["q"])[0],
        topics=[Candidate(0, "malaria", 1.0)],
        answers=[Candidate(1, "fever", 0.9), Candidate(2, "chills", 0.8)],
        bridges=[],
        relations=[(5, "has symptom", False, True)],
        triples=[(0, "malaria — has symptom — fever", 0.9)],
        sentences=[((0, 0), "A sentence.", 0.4)],
        states=np.zeros((4, HIDDEN), np.float32),
        encode=encode,
    )


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return new_generator(WIDTH, HIDDEN, model_width=64, layers=2)


def test_it_learns_to_write_the_answer_and_writes_each_item_once(generator):
    items = evidence()
    prompt = Prompt(("what are the symptoms of ", 1, "?"), items)
    answers = items.where(Role.ANSWER)
    example = Example(prompt, tuple(reference(items, answers)))
    losses = train_generator(generator, [example] * 320, epochs=12, batch_size=16, learning_rate=2e-3)
    assert losses[-1] < losses[0] / 2
    for beams in (1, 3):
        draft = generator.write([prompt], GenerationConfig(beams=beams))[0]
        assert sorted(draft.answers) == answers
        text = print_answer(draft.pieces, items, lambda i: [1] if i in answers else [])
        assert text in (
            "Malaria has symptom fever [1] and chills [1].",
            "Malaria has symptom chills [1] and fever [1].",
        )


def test_an_untrained_model_cannot_write_what_is_no_frame_word():
    torch.manual_seed(3)
    fresh = new_generator(WIDTH, HIDDEN, model_width=64, layers=2)
    frame = {fresh.tokenizer.decode([i]).strip() for i in fresh.settings["frame"]}
    for draft in fresh.write([Prompt(("who is ", 1), evidence())] * 3, GenerationConfig(tokens=30)):
        for piece in draft.pieces:
            if isinstance(piece, str):
                assert set(piece.replace(",", " , ").split()) <= frame | set(".,:")
        named = [p for p in draft.pieces if isinstance(p, int)]
        assert len(named) == len(set(named))


def test_the_order_of_answers_does_not_count(generator):
    items = evidence()
    a, b = items.where(Role.ANSWER)
    prompt = Prompt(("symptoms of ", 1), items)
    step = ("<ans>", (a, b), "and", (a, b), "</ans>")
    loss = set_valued_loss(generator, [Example(prompt, step)], np.random.default_rng(0))
    assert torch.isfinite(loss)
    one = set_valued_loss(generator, [Example(prompt, ("<ans>", (a,)))], np.random.default_rng(0))
    two = set_valued_loss(generator, [Example(prompt, ("<ans>", (a, b)))], np.random.default_rng(0))
    assert two <= one


def test_saved_generator_writes_the_same(generator, tmp_path):
    generator.save(tmp_path)
    again = Generator.load(tmp_path)
    prompt = Prompt(("what are the symptoms of ", 1, "?"), evidence())
    assert (
        again.write([prompt], GenerationConfig())[0].pieces == generator.write([prompt], GenerationConfig())[0].pieces
    )
    with pytest.raises(ModelError):
        Generator.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("label", "plural", "shown"),
    [
        ("caused by", False, "is caused by"),
        ("caused by", True, "are caused by"),
        ("treats", True, "treat"),
        ("has symptom", True, "have symptom"),
        ("treats", False, "treats"),
        ("is a kind of", True, "are a kind of"),
    ],
)
def test_relation_labels_agree_with_their_subjects(label, plural, shown):
    assert verb_phrase(label, plural) == shown
