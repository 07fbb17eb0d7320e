"""Drafts: greedy, sampled, by beams, and while they are written."""

import dataclasses

import pytest
import torch
from tiny_models import HIDDEN, WIDTH, asked, evidence, language_model, tokenizer
from transformers import LogitsProcessorList

import kgrag
from kgrag import KGRAG, KnowledgeGraph
from kgrag.config import Config, GenerationConfig
from kgrag.errors import InputError, ModelError
from kgrag.fusion import MODES
from kgrag.generation import Generator
from kgrag.generation.decoding import belief
from kgrag.generation.generator import frame_of
from kgrag.types import Answer

SAMPLED = GenerationConfig(tokens=12, temperature=1.5, top_p=0.9, seed=3)
FACTS = [("nortisol", "treats", "brivane"), ("kelamin", "treats", "brivane"), ("brivane", "has symptom", "fever")]


@pytest.fixture(scope="module", params=MODES)
def generator(request):
    words, lm = tokenizer(), language_model("llama")
    torch.manual_seed(4)
    return Generator(lm, words, WIDTH, HIDDEN, frame_of(words), request.param).eval()


@pytest.fixture(scope="module")
def rag():
    return KGRAG(KnowledgeGraph.from_triples(FACTS))


def test_greedy_writing_is_that_of_hugging_face(generator):
    prompts = [asked(evidence()), asked(evidence(("cough",)), "which drugs treat ")]
    config = GenerationConfig(tokens=12)
    request, _ = generator._request(prompts, config)
    *_, (written, _) = generator._growing(request, config)
    rows = generator.model.generate(
        input_ids=request.ids,
        attention_mask=request.mask,
        max_new_tokens=12,
        do_sample=False,
        pad_token_id=request.pad,
        eos_token_id=request.end,
        logits_processor=LogitsProcessorList([request.allowed]),
        **request.reading,
    )
    expected = [[token for token in row if token != request.pad] for row in rows[:, request.ids.shape[1] :].tolist()]
    assert written == expected


def test_samples_depend_on_the_seed_alone(generator):
    prompts = [asked(evidence()), asked(evidence(("cough",)), "which drugs treat ")]
    state = torch.random.get_rng_state()
    drafts = generator.write(prompts, SAMPLED)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert generator.write(prompts, SAMPLED) == drafts
    assert generator.write(prompts[1:], SAMPLED)[0].pieces == drafts[1].pieces
    others = {generator.write(prompts[:1], dataclasses.replace(SAMPLED, seed=s))[0].pieces for s in range(8)}
    assert len(others) > 1
    cold = dataclasses.replace(SAMPLED, temperature=1e-4)
    assert generator.write(prompts, cold)[0].pieces == generator.write(prompts, GenerationConfig(tokens=12))[0].pieces


@pytest.mark.parametrize("config", [GenerationConfig(tokens=12), SAMPLED, GenerationConfig(tokens=6, beams=2)])
def test_a_streamed_draft_grows_to_the_one_that_is_written(generator, config):
    prompt = asked(evidence())
    drafts = list(generator.stream(prompt, config))
    assert drafts[-1] == generator.write([prompt], config)[0]
    assert [len(draft.pieces) for draft in drafts] == sorted(len(draft.pieces) for draft in drafts)


def test_the_reasoner_has_a_say_in_which_beam_is_taken(generator):
    prompts = [asked(evidence(belief=b)) for b in (0.99, 0.4)]
    plain = GenerationConfig(tokens=8, beams=4)
    ruled = dataclasses.replace(plain, reasoner_weight=1e6)
    for prompt, first, other in zip(prompts, generator.write(prompts, plain), generator.write(prompts, ruled)):
        beams = dataclasses.replace(plain, reasoner_weight=0.0)
        assert generator.write([prompt], beams)[0].pieces == first.pieces
        assert belief(prompt.items, other.answers) >= belief(prompt.items, first.answers)


def test_belief_is_highest_for_just_the_answers_that_are_likely():
    items = evidence(("fever", "chills", "rash"))
    items.scalars[[3, 4, 5], 0] = 0.9, 0.8, 0.1
    sets = [(3, 4), (3,), (4,), (3, 4, 5), (5,), ()]
    assert max(sets, key=lambda answers: belief(items, answers)) == (3, 4)
    assert min(sets, key=lambda answers: belief(items, answers)) == (5,)
    assert belief(evidence(()), []) == 0.0


@pytest.mark.parametrize(
    "settings",
    [
        {"tokens": 0},
        {"beams": 0},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"temperature": 0.5, "beams": 2},
        {"top_p": 0.0},
        {"lm_weight": 0.0},
        {"graph_weight": 0.0},
        {"reasoner_weight": -1.0},
        {"text_weight": float("inf")},
    ],
)
def test_settings_that_cannot_be_used(generator, settings):
    with pytest.raises(InputError):
        generator.write([asked(evidence())], GenerationConfig(**settings))


def test_the_verified_answer_ends_a_stream(rag):
    question = "What treats brivane?"
    *drafts, answer = rag.stream(question)
    assert len(drafts) > 1 and all(isinstance(text, str) for text in drafts)
    assert set(answer.answers) == {"nortisol", "kelamin"} and answer.citations
    asked_whole = rag.ask(question)
    assert dataclasses.replace(answer, seconds=0.0) == dataclasses.replace(asked_whole, seconds=0.0)
    assert answer.weights == {"graph": 1.0, "text": 1.0, "lm": 1.0}


@pytest.mark.parametrize("question", ["How many drugs treat brivane?", "Who won the world cup?"])
def test_what_no_language_model_writes_comes_at_once(rag, question):
    (answer,) = rag.stream(question)
    assert isinstance(answer, Answer) and answer.text == rag.ask(question).text


def test_weights_are_settings_of_a_system(rag, tmp_path):
    config = Config(generation=GenerationConfig(graph_weight=2.0, lm_weight=0.5))
    weighted = KGRAG(rag.graph, config=config)
    assert weighted.ask("What treats brivane?").weights == {"graph": 2.0, "text": 1.0, "lm": 0.5}
    weighted.save(tmp_path / "rag")
    assert KGRAG.load(tmp_path / "rag").config == config


def test_one_question_in_one_call(rag, tmp_path):
    text = kgrag.generate_with_knowledge("What treats brivane?", rag.graph, "cpu")
    assert text == str(rag.ask("What treats brivane?")) and "[1] " in text
    rag.graph.write(tmp_path / "facts.nt")
    assert "ortisol" in kgrag.generate_with_knowledge("What treats brivane?", tmp_path / "facts.nt")
    with pytest.raises(ModelError, match="toaster"):
        kgrag.generate_with_knowledge("What treats brivane?", rag.graph, "toaster")
