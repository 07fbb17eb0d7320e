"""Pretrained language models of many layouts as generators: loaded, adapted, saved, refused."""

import json

import pytest
import torch
from safetensors import safe_open
from tiny_models import HIDDEN, WIDTH, asked, evidence, language_model, saved_model, tokenizer

from kgrag import KGRAG, KnowledgeGraph
from kgrag.config import GenerationConfig
from kgrag.errors import InputError, ModelError
from kgrag.fusion import MODES, Role
from kgrag.generation import Generator, adapt
from kgrag.generation.references import reference
from kgrag.generation.sentences import FRAME
from kgrag.training.generator import Example, train_generator
from kgrag.training.loop import Course

GREEDY = GenerationConfig(tokens=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return saved_model(tmp_path_factory.mktemp("neox"), "gpt_neox")


def pretrained(folder, **options):
    return Generator.from_pretrained(folder, WIDTH, HIDDEN, **options)


def trained(generator):
    items = evidence()
    example = Example(asked(items), tuple(reference(items, items.where(Role.ANSWER))))
    train_generator(generator, [example] * 8, course=Course(1, batch_size=4, learning_rate=1e-2))
    return generator


def weights_of(lm):
    return {name: value.clone() for name, value in lm.state_dict().items()}


@pytest.mark.parametrize("kind", ["gpt_neox", "llama", "qwen2", "qwen3", "mistral"])
def test_layouts(kind, tmp_path):
    tied = {"tie_word_embeddings": True} if kind == "qwen2" else {}
    generator = pretrained(saved_model(tmp_path / "lm", kind, **tied))
    assert len(generator.settings["frame"]) == len(
        FRAME
    )  # found as words within a text, though the tokenizer has no prefix
    assert trained(generator).write([asked(evidence())], GREEDY)[0].pieces
    generator.save(tmp_path / "saved")
    again = Generator.load(tmp_path / "saved")
    rounded = {name: value.bfloat16().float() for name, value in generator.state_dict().items()}
    assert all(torch.equal(value, rounded[name]) for name, value in again.state_dict().items())
    assert again.model.lm.get_output_embeddings().weight.shape == (600, 32) and again.special == generator.special


@pytest.mark.parametrize("how", ["frozen", "lora", "full"])
def test_training_changes_what_it_is_meant_to(folder, tmp_path, how):
    generator = adapt(pretrained(folder), how)
    lm = generator.model.lm
    before, heads = weights_of(lm), weights_of(generator.fusion)
    trained(generator)
    after = weights_of(lm)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert not torch.equal(heads["role.weight"], generator.fusion.role.weight)
    if how == "full":
        assert any("embed" in name for name in moved)
    else:
        assert all("lora_" in name for name in moved) and bool(moved) == (how == "lora")
    generator.save(tmp_path)
    with safe_open(tmp_path / "generator.safetensors", "pt") as file:
        copied = {name for name in list(file.keys()) if name.startswith("model.lm.") and "lora_" not in name}
    assert bool(copied) == (how == "full")
    again = Generator.load(tmp_path)
    assert again.adaptation == generator.adaptation
    prompt = asked(evidence())
    assert again.write([prompt], GREEDY)[0].pieces == generator.write([prompt], GREEDY)[0].pieces


def test_ways_of_training_that_there_are_not(folder):
    generator = pretrained(folder)
    with pytest.raises(InputError, match="'half'"):
        adapt(generator, "half")
    with pytest.raises(InputError, match="already"):
        adapt(adapt(generator, "lora"), "full")


def test_another_language_model_in_its_place_is_noticed(tmp_path):
    folder = saved_model(tmp_path / "lm", "gpt_neox")
    adapt(pretrained(folder), "frozen").save(tmp_path / "saved")
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | {"rope_theta": 5000}))
    with pytest.raises(ModelError, match="changed"):
        Generator.load(tmp_path / "saved")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="No language model"):
        Generator.load(tmp_path / "saved")


def test_weights_in_several_files_and_in_half_precision(folder, tmp_path):
    sharded = saved_model(tmp_path, "gpt_neox", shard="60KB")
    assert len(list(sharded.glob("*.safetensors"))) > 2
    assert torch.equal(
        pretrained(sharded).model.lm.get_input_embeddings().weight,
        pretrained(folder).model.lm.get_input_embeddings().weight,
    )
    half = pretrained(sharded, dtype="bfloat16", device_map={"": "cpu"})
    assert half.model.lm.dtype == torch.bfloat16 and half.fusion.role.weight.dtype == torch.float32
    assert trained(half).write([asked(evidence())], GREEDY)[0].pieces


def test_what_cannot_be_loaded_is_refused(folder, tmp_path, monkeypatch):
    with pytest.raises(ModelError, match="No language model"):
        pretrained(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="bits"):
        pretrained(folder, bits=4)  # no GPU, or no bitsandbytes
    with pytest.raises(ModelError, match="3 bits"):
        pretrained(folder, bits=3)
    pickled = saved_model(tmp_path / "pickled", "gpt_neox")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match="safetensors"):
        pretrained(pickled)
    remote = saved_model(tmp_path / "remote", "gpt_neox")
    settings = json.loads((remote / "config.json").read_text())
    code = {"AutoConfig": "code.Config", "AutoModelForCausalLM": "code.Model"}
    (remote / "config.json").write_text(json.dumps(settings | {"model_type": "own", "auto_map": code}))
    (remote / "code.py").write_text("raise SystemExit('run')\n")
    with pytest.raises(ModelError):
        pretrained(remote)


FACTS = [("nortisol", "treats", "brivane"), ("kelamin", "treats", "brivane"), ("brivane", "has symptom", "fever")]


def test_a_graph_is_asked_through_any_language_model(tmp_path):
    folder = saved_model(tmp_path / "lm", "llama")
    rag = KGRAG(KnowledgeGraph.from_triples(FACTS), generator=str(folder))
    for answer in rag.ask_many(["What treats brivane?", "What are the symptoms of brivane?"]):
        assert answer.abstained or set(answer.answers) <= {"nortisol", "kelamin", "fever"}
    rag.save(tmp_path / "rag")
    assert KGRAG.load(tmp_path / "rag").generator.model.lm.config.model_type == "llama"
    with pytest.raises(ModelError, match="width 12"):
        KGRAG(rag.graph, generator=pretrained(folder))


@pytest.mark.parametrize("mode", MODES)
def test_what_is_added_to_gpt_neox_20b(mode):
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(  # huggingface.co/EleutherAI/gpt-neox-20b, config.json
        "gpt_neox",
        attention_probs_dropout_prob=0,
        bos_token_id=0,
        eos_token_id=0,
        hidden_act="gelu_fast",
        hidden_dropout_prob=0,
        hidden_size=6144,
        initializer_range=0.02,
        intermediate_size=24576,
        layer_norm_eps=1e-05,
        max_position_embeddings=2048,
        num_attention_heads=64,
        num_hidden_layers=44,
        rotary_emb_base=10000,
        rotary_pct=0.25,
        tie_word_embeddings=False,
        vocab_size=50432,
    )
    with torch.device("meta"):
        generator = Generator(AutoModelForCausalLM.from_config(config), tokenizer(), 384, 192, mode=mode)
    counts = {True: 0, False: 0}
    for name, value in generator.named_parameters():
        counts[name.startswith("model.lm.")] += value.numel()
    assert counts[True] == 20_554_567_680
    width, heads = 6144, 2 * 6144 * 6144  # query and key of the items
    fusion = 384 * width + 198 * width + 11 * width + 4 * width + (384 + 198) * 2 + 2  # text, graph, role, norm, gate
    special = 2 * 8 * width
    rest = {
        "evidence_tokens": 0,
        "soft_prompt": 8 * width + 4 * (width**2 + width) + 2 * (width**2 + width) + 2 * width,
        "cross_attention": 22
        * (4 * width * 512 + 6 * width + 2 * width * 2048 + 2048 + width + 2),  # a layer before every second block
    }
    assert counts[False] == heads + fusion + special + rest[mode] + 1 + 12  # the prior's weight, adaptive weights
    ids = torch.zeros(1, 5, dtype=torch.long, device="meta")
    items = torch.zeros(1, 3, width, device="meta")
    assert generator.model.embed(ids, items).shape == (1, 5, width)


def test_a_layout_without_blocks_is_refused():
    lm = language_model("gpt_neox")
    lm.config.num_hidden_layers = 5
    with pytest.raises(ModelError, match="blocks"):
        Generator(lm, tokenizer(), WIDTH, HIDDEN)
