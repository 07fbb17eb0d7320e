"""Trains the shipped reasoner and generator: ``make model``.

Nothing but the shipped wordings, the shipped graph and random graphs with invented names goes in.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kgrag.encoder import MiniLM, default_encoder
from kgrag.encoding import GraphReader, Reasoner
from kgrag.encoding.ranker import PlanRanker
from kgrag.encoding.saving import load_reasoner, save_reasoner
from kgrag.evaluation import read_questions
from kgrag.generation import Generator
from kgrag.generation.generator import SPECIAL, frame_of
from kgrag.generation.sentences import FRAME
from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.progress import track
from kgrag.resources import data_folder
from kgrag.training.examples import make_examples
from kgrag.training.generator import WRITING, Example, train_generator
from kgrag.training.labelled import prepare
from kgrag.training.loop import Course
from kgrag.training.phrasing import STEPS, train_phrasing
from kgrag.training.ranking import train_ranker
from kgrag.training.schema import Schema, train_on_schema
from kgrag.training.settling import set_trust
from kgrag.training.synthesis import Synthesiser
from kgrag.training.worlds import random_world
from kgrag.wordings import held_out, shipped_wordings

VOCABULARY = 3000
PARTS = ("phrasing", "reasoner", "ranker", "generator")
RANKER_WORLDS, RANKER_EPOCHS = 320, 5
HELD, HELD_WORLDS = 60, 5  # questions over each graph, and graphs that the generator is measured on
MEASURED_ON = 9_000  # number of the first such graph
MEDICAL_RANKED = 4_000  # questions about the shipped graph for the ranker
DOUBT = 0.9  # natural logarithm of how much less a doubting reasoner trusts


def train_tokenizer() -> object:
    """A byte-pair tokenizer of the shipped wordings; the words of answer sentences are whole tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    texts = [
        text.lower()
        for wording in shipped_wordings()
        for text in (*wording.labels, *wording.forward, *wording.inverse, *wording.yesno, *FRAME * 3)
    ]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def new_generator(
    width: int, hidden: int, model_width: int = 256, layers: int = 6, mode: str = "evidence_tokens"
) -> Generator:
    """A GPT-NeoX of some six million parameters that knows nothing yet, and reads items in a mode of `kgrag.fusion.modes`."""
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    tokenizer = train_tokenizer()
    config = GPTNeoXConfig(
        vocab_size=tokenizer.get_vocab_size(),  # type: ignore[attr-defined]
        hidden_size=model_width,
        intermediate_size=4 * model_width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=512,
        bos_token_id=SPECIAL.index("<bos>"),
        eos_token_id=SPECIAL.index("<eos>"),
        pad_token_id=SPECIAL.index("<pad>"),
        hidden_dropout=0.0,
        attention_dropout=0.0,
    )
    return Generator(GPTNeoXForCausalLM(config), tokenizer, width, hidden, frame_of(tokenizer), mode)


def doubting(reasoner: Reasoner) -> Reasoner:
    """A copy that is less sure of everything: people ask in words that are less familiar than those of the examples."""
    import torch

    doubtful = copy.deepcopy(reasoner)
    with torch.no_grad():
        doubtful.log_scale.sub_(DOUBT)
        doubtful.trust.div_(math.exp(DOUBT))
        doubtful.ranker.certainty.sub_(DOUBT)
    return doubtful


def prompts(
    reasoner: Reasoner, encoder: MiniLM, graphs: Sequence[tuple[KnowledgeGraph, int]], seed: int
) -> list[Example]:
    """Prompts with reference answers, so many over each graph; every other graph is read by a doubting reasoner."""
    doubtful = doubting(reasoner)
    examples: list[Example] = []
    for i, (graph, count) in enumerate(track(graphs, "making prompts")):
        questions = Synthesiser(graph, seed + i).sample(count)
        reader = GraphReader(graph, doubtful if i % 2 else reasoner, encoder)
        examples += make_examples(graph, questions, reader, encoder, seed=seed + i)
    return examples


def unseen_prompts(reasoner: Reasoner, encoder: MiniLM, worlds: int, seed: int) -> list[Example]:
    """Prompts with reference answers over random graphs that the generator is not trained on."""
    graphs = [(random_world(MEASURED_ON + i), HELD) for i in range(worlds)]
    return prompts(reasoner, encoder, graphs, seed + MEASURED_ON)


def main() -> None:
    """Command line of ``make model``."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=data_folder() / "models" / "default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS, help="batches of ways of asking")
    parser.add_argument("--questions", type=int, default=100_000, help="questions for the reasoner")
    parser.add_argument("--epochs", type=int, default=4, help="passes of the reasoner over them")
    parser.add_argument("--examples", type=int, default=12_000, help="prompts for the generator")
    parser.add_argument("--worlds", type=int, default=20, help="random graphs")
    parser.add_argument(
        "--ranked", type=int, default=150, help="questions about each random graph for the ranker of plans"
    )
    parser.add_argument("--only", choices=PARTS, help="train this part again, and keep the others as they are")
    parser.add_argument("--log", type=Path, help="file of JSON lines, one a step and an epoch of the generator")
    arguments = parser.parse_args()
    seed, started = arguments.seed, time.time()
    encoder = default_encoder()
    card: dict[str, object] = {}
    card_file = arguments.out / "training.json"
    torch.manual_seed(arguments.seed)
    if arguments.only:
        reasoner, card = load_reasoner(arguments.out), json.loads(card_file.read_text())
    else:
        reasoner = Reasoner(encoder.width)
    if arguments.only in (None, "phrasing", "reasoner"):
        schema = Schema(*held_out(shipped_wordings()), encoder)
    if arguments.only in (None, "phrasing"):
        reasoner.phrasing, found = train_phrasing(encoder, schema, arguments.steps, arguments.seed)
        card |= {
            "phrasing_steps": arguments.steps,
            "phrasing_accuracy": found,
            "phrasing_seconds": round(time.time() - started),
        }
    if arguments.only in (None, "reasoner"):
        started = time.time()
        accuracy = train_on_schema(reasoner, schema, encoder, arguments.questions, arguments.epochs, arguments.seed)
        card |= {
            "seed": arguments.seed,
            "reasoner_questions": arguments.questions,
            "reasoner_accuracy": accuracy,
            "reasoner_seconds": round(time.time() - started),
        }
    medical = KnowledgeGraph.from_rdf(data_folder() / "medical" / "graph.ttl")
    if arguments.only in (None, "ranker"):
        started = time.time()
        reasoner.ranker = PlanRanker(encoder.width, steps=reasoner.steps)
        worlds = [(random_world(5_000 + i), arguments.ranked) for i in range(RANKER_WORLDS)]
        course = Course(RANKER_EPOCHS, arguments.seed, learning_rate=2e-3, batch_size=64, patience=RANKER_EPOCHS)
        ranked = train_ranker(reasoner, encoder, [*worlds, (medical, MEDICAL_RANKED)], course)
        card |= {
            "ranker_questions": len(worlds) * arguments.ranked + MEDICAL_RANKED,
            "ranker_accuracy": ranked,
            "ranker_seconds": round(time.time() - started),
        }
    if arguments.only != "generator":
        reader, linker = GraphReader(medical, reasoner, encoder), EntityLinker(medical)
        asked = read_questions(data_folder() / "medical" / "questions" / "train.jsonl")
        set_trust(reader, [p for q in asked if (p := prepare(reader, linker, q, reasoner.steps)) is not None])
        save_reasoner(reasoner, arguments.out)
        print(json.dumps(card), flush=True)
        card_file.write_text(json.dumps(card, indent=1) + "\n")
    if arguments.only not in (None, "generator"):
        return
    started = time.time()
    reasoner = load_reasoner(arguments.out)
    graphs, each = [(medical, arguments.examples // 3)], 2 * arguments.examples // 3 // arguments.worlds
    graphs += [(random_world(1_000 + i), each) for i in range(arguments.worlds)]
    examples = prompts(reasoner, encoder, graphs, seed)
    measured = unseen_prompts(reasoner, encoder, HELD_WORLDS, seed)
    print(json.dumps({"examples": len(examples), "seconds": round(time.time() - started)}), flush=True)
    torch.manual_seed(seed)
    generator = new_generator(encoder.width, reasoner.settings["hidden"])
    agreement = train_generator(generator, examples, measured, replace(WRITING, seed=seed), log_file=arguments.log)
    generator.save(arguments.out)
    card.pop("generator_losses", None)
    card |= {
        "generator_examples": len(examples),
        "generator_agreement": agreement,
        "generator_seconds": round(time.time() - started),
        "generator_parameters": sum(p.numel() for p in generator.parameters()),
    }
    card_file.write_text(json.dumps(card, indent=1) + "\n")
    print(json.dumps(card), flush=True)


if __name__ == "__main__":
    main()
