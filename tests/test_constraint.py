"""What may be written next: lists name each answer once, and end when all are named."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from kgrag.config import GenerationConfig
from kgrag.fusion import Role
from kgrag.fusion.items import Candidate, collect_items
from kgrag.generation import Prompt
from kgrag.generation.constraint import OnlyFrameWords
from kgrag.generation.references import likely
from kgrag.training.default_model import new_generator

WIDTH, HIDDEN = 12, 6


def encode(texts):
    return np.zeros((len(texts), WIDTH), np.float32)


def evidence(answers: int, bridges: int, verdict: int = 0):
    return collect_items(
        encode(["q"])[0],
        topics=[Candidate(0, "malaria", 1.0)],
        answers=[Candidate(1 + i, f"answer {i}", 0.9) for i in range(answers)],
        bridges=[Candidate(10 + i, f"bridge {i}", 0.9) for i in range(bridges)],
        relations=[(5, "has symptom", False, True)],
        triples=[],
        sentences=[],
        states=np.zeros((20, HIDDEN), np.float32),
        encode=encode,
        verdict=verdict,
    )


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(5)
    return new_generator(WIDTH, HIDDEN, model_width=32, layers=1)


def allowed(generator, items, *pieces, choosing=False):
    """What may follow pieces, as words and positions of items."""
    ids = []
    for piece in pieces:
        if isinstance(piece, int):
            ids.append(generator.model.vocabulary + piece)
        else:
            ids += [generator.special[piece]] if piece in generator.special else generator.word_ids(piece)
    rule = OnlyFrameWords(generator, [Prompt(("q",), items, answerable=True, choosing=choosing)], 1)
    written = torch.tensor([[0, *ids]])
    scores = rule(written, torch.zeros(1, generator.model.vocabulary + len(items)))
    names = {value: name for name, value in generator.special.items()}
    free = torch.isfinite(scores[0]).nonzero()[:, 0].tolist()
    (only,) = rule.only(written)
    assert only is None or free == [only]
    first = generator.model.vocabulary
    return {i - first if i >= first else names.get(i) or generator.tokenizer.decode([i]).strip() for i in free}


def test_lists_name_every_answer_in_the_order_of_the_evidence_and_then_end(generator):
    items = evidence(answers=3, bridges=4)
    a, b, c = items.where(Role.ANSWER)
    first, second, third, _ = items.where(Role.BRIDGE)
    assert allowed(generator, items, "<ans>") == {a}
    assert allowed(generator, items, "<ans>", b) == {","}
    assert allowed(generator, items, "<ans>", a, ",") == {b}
    assert allowed(generator, items, "<ans>", a, ",", b) == {"and"}
    assert allowed(generator, items, "<ans>", a, ",", b, "and", c) == {"</ans>"}
    said = ("<ans>", a, ",", b, "and", c, "</ans>", ",")
    assert allowed(generator, items, *said) == {"through"}
    assert allowed(generator, items, *said, "through") == {first}
    assert allowed(generator, items, *said, "through", first, ",", second) == {"and"}
    three = (*said, "through", first, ",", second, "and", third)
    assert allowed(generator, items, *three) == {"."}
    assert "<eos>" in allowed(generator, items, *three, ".")


def test_lists_end_anywhere_where_the_generator_chooses(generator):
    items = evidence(answers=3, bridges=0)
    a, b, c = items.where(Role.ANSWER)
    free = allowed(generator, items, "<ans>", b, choosing=True)
    assert {"</ans>", ",", "and", a, c} <= free and b not in free


def test_outside_of_lists_it_is_open(generator):
    items = evidence(answers=1, bridges=0)
    free = allowed(generator, items, "the")
    assert {"<ans>", "of", *items.where(Role.TOPIC, Role.ANSWER)} <= free and "<abstain>" not in free
    assert allowed(generator, evidence(2, 0, verdict=-1)) == {"no"}


def test_an_untrained_generator_leaves_no_answer_out(generator):
    prompts = [Prompt(("q",), evidence(n, 2), answerable=True) for n in (1, 2, 7)]
    for beams in (1, 3):
        for draft, prompt in zip(generator.write(prompts, GenerationConfig(beams=beams)), prompts):
            assert not draft.answers or sorted(draft.answers) == prompt.items.where(Role.ANSWER)


def passes_of(generator, monkeypatch):
    """A list that grows by each look of the language model."""
    passes, forward = [], generator.model.forward
    monkeypatch.setattr(
        generator.model, "forward", lambda *given, **named: passes.append(1) or forward(*given, **named)
    )
    return passes


def test_where_one_token_may_come_next_no_model_is_asked(generator, monkeypatch):
    prompts = [Prompt(("q",), evidence(answers=4, bridges=0, verdict=-1), answerable=True)] * 2
    config = GenerationConfig(tokens=30)
    passes = passes_of(generator, monkeypatch)
    draft, _ = generator.write(prompts, config)
    assert draft.pieces[0] == "no"
    few = len(passes)
    monkeypatch.setattr(OnlyFrameWords, "only", lambda self, ids: [None] * len(ids))
    asked, _ = generator.write(prompts, config)
    # several words read at once are summed up in another order, as some processors do it
    assert asked.probability == pytest.approx(draft.probability)
    assert replace(asked, probability=draft.probability) == draft
    assert few < len(passes) - few


@pytest.mark.parametrize("told", ["nothing", "a part", "all", "nonsense"])
def test_a_guess_saves_looks_and_changes_nothing(generator, monkeypatch, told):
    prompt = Prompt(("q",), evidence(answers=3, bridges=2), answerable=True)
    config = GenerationConfig(tokens=30)
    passes = passes_of(generator, monkeypatch)
    monkeypatch.setattr(generator, "_guess", lambda prompt: ())
    *_, ((written,), (chances,)) = generator._growing(generator._request([prompt], config)[0], config)
    most = len(passes)
    passes.clear()
    guess = {"nothing": [], "a part": [*written[:4], 7], "all": written, "nonsense": [9, 8, 7]}[told]
    monkeypatch.setattr(generator, "_guess", lambda prompt: guess)
    *_, ((again,), (as_likely,)) = generator._growing(generator._request([prompt], config)[0], config)
    assert again == written and as_likely == pytest.approx(chances, rel=1e-3)
    assert {"nothing": most, "all": 1}.get(told, len(passes)) == len(passes) <= most


def test_what_is_most_likely_written_is_the_reference_of_all_that_may_answer():
    items = evidence(answers=2, bridges=0)
    topic, a, b, relation = 1, *items.where(Role.ANSWER), *items.where(Role.RELATION_NOUN, Role.RELATION_VERB)
    assert likely(Prompt(("q",), items)) == [topic, relation, "<ans>", a, "and", b, "</ans>", ".", "<eos>"]
    assert likely(Prompt(("q",), evidence(answers=0, bridges=0))) == ["<abstain>", "<eos>"]
    assert likely(Prompt(("q",), evidence(answers=0, bridges=0, verdict=-1)))[:2] == ["no", "."]
