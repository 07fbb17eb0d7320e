"""The ways in which items are read: one loss, one head and one kind of draft for all of them."""

import dataclasses

import numpy as np
import pytest
import torch
from tiny_models import HIDDEN, MODEL, WIDTH, asked, evidence, language_model, tokenizer

from kgrag.config import GenerationConfig
from kgrag.errors import InputError
from kgrag.fusion import MODES, Role
from kgrag.generation import Generator
from kgrag.generation.evidence_lm import EvidenceLM
from kgrag.generation.generator import frame_of
from kgrag.generation.references import reference
from kgrag.generation.sentences import FRAME
from kgrag.training.generator import Example, train_generator
from kgrag.training.loop import Course

LAYOUTS = ("gpt_neox", "llama", "qwen2", "qwen3", "mistral")
GREEDY = GenerationConfig(tokens=20)


def generator(mode, kind="gpt_neox", **options):
    words, lm = tokenizer(), language_model(kind)
    torch.manual_seed(1)
    return Generator(lm, words, WIDTH, HIDDEN, frame_of(words), mode, options).eval()


def changed(items):
    """Other evidence of the same kinds: no word of the question tells them apart."""
    return dataclasses.replace(items, encodings=items.encodings[:, ::-1].copy())


def word_scores(model, prompt):
    ids = torch.tensor([model.prompt_ids(prompt)])
    with torch.no_grad():
        return model.model(ids, **model.read([prompt])[0]).logits[0, -1, : model.model.words]


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_learns_by_the_same_loss_and_says_the_same_again(mode, tmp_path):
    model, items = generator(mode), evidence()
    answers = items.where(Role.ANSWER)
    prompt = asked(items)
    example = Example(prompt, tuple(reference(items, answers)))
    train_generator(model, [example] * 160, course=Course(10, batch_size=16, learning_rate=1e-2))
    draft = model.write([prompt], GREEDY)[0]
    assert sorted(draft.answers) == answers
    others = [asked(evidence(("cough",))), prompt, asked(items, "and ")]
    assert model.write(others, GREEDY)[1].pieces == draft.pieces  # whatever else is asked
    model.save(tmp_path)
    assert Generator.load(tmp_path).write([prompt], GREEDY)[0].pieces == draft.pieces


@pytest.mark.parametrize("mode", MODES)
def test_an_untrained_model_names_only_items(mode):
    model, items = generator(mode), evidence()
    for draft in model.write([asked(items)], GREEDY):
        assert all(piece in range(1, len(items)) for piece in draft.pieces if isinstance(piece, int))
        said = " ".join(piece for piece in draft.pieces if isinstance(piece, str))
        assert set(said.replace(",", " , ").replace(".", " . ").replace(":", " : ").split()) <= set(FRAME)


@pytest.mark.parametrize("mode", ["evidence_tokens", "soft_prompt"])
def test_what_the_evidence_is_changes_what_is_written(mode):
    model, items = generator(mode), evidence()
    assert not torch.equal(word_scores(model, asked(items)), word_scores(model, asked(changed(items))))


def test_cross_attention_looks_at_items_once_its_gates_are_open():
    model, items = generator("cross_attention"), evidence()
    prompts = [dataclasses.replace(asked(one), pieces=("what?",)) for one in (items, changed(items))]
    assert torch.equal(*(word_scores(model, prompt) for prompt in prompts))
    for layer in model.model.mode.layers:
        torch.nn.init.ones_(layer.attention_gate)
    assert not torch.equal(*(word_scores(model, prompt) for prompt in prompts))


@pytest.mark.parametrize("kind", LAYOUTS)
def test_untrained_cross_attention_leaves_the_language_model_as_it_is(kind):
    ids = torch.arange(40)[None]
    with torch.no_grad():
        bare = language_model(kind)(ids).logits
        model = generator("cross_attention", kind, every=1)
        fused = model.model(ids, **model.read([asked(evidence())])[0]).logits
    assert isinstance(model.model, EvidenceLM) and len(model.model.mode.layers) == 2
    assert torch.equal(fused[..., : bare.shape[-1]], bare)


def test_prompts_are_as_long_as_the_mode_has_it():
    items = evidence()
    lengths = {mode: len(generator(mode).prompt_ids(asked(items))) for mode in MODES}
    assert lengths["evidence_tokens"] - lengths["cross_attention"] == len(items)
    pooled = generator("soft_prompt", tokens=1)
    assert len(pooled.prompt_ids(asked(items))) == lengths["cross_attention"] + 1
    assert pooled.read([asked(items)])[0]["soft"].shape == (1, 1, MODEL)


@pytest.mark.parametrize(
    ("mode", "options"),
    [("magic", {}), ("soft_prompt", {"every": 2}), ("soft_prompt", {"tokens": 0}), ("evidence_tokens", {"tokens": 3})],
)
def test_modes_and_options_that_there_are_not(mode, options):
    with pytest.raises(InputError):
        generator(mode, **options)


def test_weights_multiply_what_sources_are_worth():
    model, prompt = generator("evidence_tokens"), asked(evidence())
    ids = torch.tensor([model.prompt_ids(prompt)])

    def shares(**weights):
        reading, _ = model.read([prompt], GenerationConfig(**weights))
        reading["items"] = model.read([prompt])[0]["items"]  # the gates do their part before
        with torch.no_grad():
            return model.model(ids, **reading).logits[0, -1].softmax(-1).double()

    graph = torch.tensor([i not in prompt.items.where(Role.SENTENCE) for i in range(len(prompt.items))])
    before, first = shares(), model.model.vocabulary
    factors = torch.cat([torch.full((first,), 0.5), torch.where(graph, 3.0, 2.0)])
    expected = before * factors / (before * factors).sum()
    assert torch.allclose(shares(graph_weight=3.0, text_weight=2.0, lm_weight=0.5), expected, rtol=1e-3)


def test_weights_reach_the_gates_and_are_shown():
    model, prompt = generator("evidence_tokens"), asked(evidence())
    plain, heavy = (model.read([prompt], GenerationConfig(text_weight=w))[0]["items"] for w in (1.0, 4.0))
    assert not torch.equal(plain, heavy)
    draft = model.write([prompt], GenerationConfig(graph_weight=2.0, lm_weight=0.5))[0]
    assert np.allclose(draft.weights, (2.0, 1.0, 0.5))


def test_adaptive_weights_are_one_until_they_are_trained():
    model, items = generator("evidence_tokens"), evidence()
    sure, unsure = asked(items), dataclasses.replace(asked(evidence(belief=0.2)), link_score=0.3)
    assert all(draft.weights == (1.0, 1.0, 1.0) for draft in model.write([sure, unsure], GREEDY))
    told = items.where(Role.SENTENCE)[0]
    right = [
        Example(sure, tuple(reference(items, items.where(Role.ANSWER)))),
        Example(unsure, tuple(reference(unsure.items, [], sentence=told))),
    ]
    model.requires_grad_(False)
    model.balance.requires_grad_(True)
    train_generator(model, right * 32, course=Course(2, batch_size=8, learning_rate=3e-2))
    of_sure, of_unsure = (draft.weights for draft in model.write([sure, unsure], GREEDY))
    assert of_sure[0] / of_sure[1] > of_unsure[0] / of_unsure[1]  # the graph counts more where it is sure
