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


def test_lists_name_every_answer_and_then_end(generator):
    items = evidence(answers=3, bridges=4)
    a, b, c = items.where(Role.ANSWER)
    bridges = items.where(Role.BRIDGE)
    assert allowed(generator, items, "<ans>") == {a, b, c}
    assert allowed(generator, items, "<ans>", b) == {","}
    assert allowed(generator, items, "<ans>", b, ",") == {a, c}
    assert allowed(generator, items, "<ans>", b, ",", c) == {"and"}
    assert allowed(generator, items, "<ans>", b, ",", c, "and", a) == {"</ans>"}
    said = ("<ans>", b, ",", c, "and", a, "</ans>", ",")
    assert allowed(generator, items, *said) == {"through"}
    assert allowed(generator, items, *said, "through") == set(bridges)
    assert allowed(generator, items, *said, "through", bridges[1], ",", bridges[0]) == {"and"}
    three = (*said, "through", bridges[1], ",", bridges[0], "and", bridges[3])
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


def test_where_one_token_may_come_next_no_model_is_asked(generator, monkeypatch):
    prompts = [Prompt(("q",), evidence(answers=4, bridges=0, verdict=-1), answerable=True)]
    config = GenerationConfig(tokens=30)
    passes = []
    forward = generator.model.forward
    monkeypatch.setattr(
        generator.model, "forward", lambda *given, **named: passes.append(1) or forward(*given, **named)
    )
    (draft,) = generator.write(prompts, config)
    assert draft.pieces[0] == "no"
    few = len(passes)
    monkeypatch.setattr(OnlyFrameWords, "only", lambda self, ids: [None] * len(ids))
    (asked,) = generator.write(prompts, config)
    # several words read at once are summed up in another order, as some processors do it
    assert asked.probability == pytest.approx(draft.probability)
    assert replace(asked, probability=draft.probability) == draft
    assert few < len(passes) - few
