"""The generator: items as words, once each, and nothing named outside the evidence."""

import numpy as np
import pytest
import torch

from kgrag.config import GenerationConfig
from kgrag.errors import ModelError
from kgrag.fusion import Role
from kgrag.fusion.items import Candidate, collect_items
from kgrag.generation import Draft, Generator, Prompt, print_answer
from kgrag.generation.printer import verb_phrase
from kgrag.generation.references import reference
from kgrag.graph import KnowledgeGraph
from kgrag.training.default_model import new_generator
from kgrag.training.distillation import taught
from kgrag.training.generator import Disturbance, Example, agrees, set_valued_loss, target_of, train_generator
from kgrag.training.loop import Course
from kgrag.training.pretraining import pretrain_generator, verbalised

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
    before = set_valued_loss(generator, [example]).item()
    course = Course(epochs=8, batch_size=16, learning_rate=2e-3)
    agreement = train_generator(generator, [example] * 320, [example], course, Disturbance(noise=1.0, hidden=0.2))
    assert agreement[0] == 0 and agreement[-1] == 1 and set_valued_loss(generator, [example]).item() < before / 2
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
    loss = set_valued_loss(generator, [Example(prompt, step)])
    assert torch.isfinite(loss)
    one = set_valued_loss(generator, [Example(prompt, ("<ans>", (a,)))])
    torch.manual_seed(1)
    two = set_valued_loss(generator, [Example(prompt, ("<ans>", (a, b)))])
    assert two <= one


def test_what_agrees_with_a_reference():
    items = evidence()
    a, b = items.where(Role.ANSWER)
    steps = reference(items, [a, b])
    assert agrees(steps, Draft((1, 2, b, "and", a, "."), (b, a), 1.0, False, (0, 0)))
    assert not agrees(steps, Draft((1, 2, b, "and", a), (b, a), 1.0, False, (0, 0)))
    assert not agrees(steps, Draft((2, 1, b, "and", a, "."), (b, a), 1.0, False, (0, 0)))
    assert not agrees(steps, Draft((), (), 1.0, True, (0, 0)))
    assert agrees(["<abstain>"], Draft((), (), 1.0, True, (0, 0)))


def test_noise_and_hidden_items_change_the_loss_but_not_what_is_right(generator):
    items = evidence()
    example = Example(Prompt(("symptoms of ", 1), items), tuple(reference(items, items.where(Role.ANSWER)[:1])))
    calm = float(set_valued_loss(generator, [example]))
    for disturbance in (Disturbance(noise=5.0), Disturbance(hidden=1.0)):
        torch.manual_seed(0)
        assert float(set_valued_loss(generator, [example], disturbance)) != pytest.approx(calm, abs=1e-6)
    assert float(set_valued_loss(generator, [example])) == calm  # nothing of it stays
    assert [at for at, _ in target_of(generator, example.steps).right] == list(range(7))


def test_a_pupil_is_taught_what_it_may_write(generator):
    class Teacher:
        def write(self, prompts, config):
            said = ("the symptoms are Fever and chills.", "Fever and chills are the answers", "", "fever.")
            return [Draft((text,), (), 1.0, not text, (0, 0)) for text in said]

    items = evidence()
    a, b = items.where(Role.ANSWER)
    examples = taught(Teacher(), generator, [Prompt(("symptoms of ", 1), items)] * 4)
    assert [example.steps for example in examples] == [("<abstain>",), ("<ans>", (a,), "</ans>", ".")]
    said = taught(_Repeats([a, "and", b, "."]), generator, [Prompt(("?",), items)])[0].steps
    assert said == ("<ans>", (a, b), "and", (a, b), "</ans>", ".")


class _Repeats:
    def __init__(self, pieces):
        self.pieces = tuple(pieces)

    def write(self, prompts, config):
        return [Draft(self.pieces, (), 1.0, False, (0, 0)) for _ in prompts]


def test_the_language_model_is_trained_on_plain_text():
    torch.manual_seed(1)
    fresh = new_generator(WIDTH, HIDDEN, model_width=32, layers=1)
    heads = {name: value.clone() for name, value in fresh.state_dict().items() if not name.startswith("model.lm")}
    graph = KnowledgeGraph.from_triples([("gout", "treated by", f"drug {n}") for n in range(12)] + [("a", "name", "b")])
    texts = list(verbalised(graph))
    assert texts[0].startswith("gout is treated by drug") and texts[-1] == "The name of a is b."
    foreseen = pretrain_generator(fresh, texts[:10], texts[10:], Course(epochs=12, batch_size=4, learning_rate=5e-3))
    assert max(foreseen) > foreseen[0] + 0.2
    assert all(torch.equal(value, fresh.state_dict()[name]) for name, value in heads.items())


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
