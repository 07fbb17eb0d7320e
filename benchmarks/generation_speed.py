"""How fast answers are written from evidence tokens, and by the same language model from the same evidence as text.

    python benchmarks/generation_speed.py                                    # the shipped model on the CPU
    python benchmarks/generation_speed.py --device cuda --model 1.4B         # random weights in the shape of Pythia-1.4B

Both write the same sentence, each in its own tokens, and as many tokens as that takes, whatever they would rather say.
Evidence tokens are written by `Generator.write`, text by ``generate`` of Hugging Face, both greedily with a cache of keys.
Each figure comes from a process of its own. On the CPU it is the time of one core, which others on the machine change least.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from reporting import Goal, goal_table, machine, say, shown, table, versions

from kgrag.encoder import MiniLM
from kgrag.fusion import Role
from kgrag.fusion.items import Candidate, collect_items
from kgrag.generation import Generator, Prompt, print_answer
from kgrag.generation.sentences import joined, relation_sentence
from kgrag.graph import KnowledgeGraph
from kgrag.resources import data_folder

SYSTEMS = ("evidence tokens", "evidence as text")
SHAPES = {"shipped": None, "1.4B": (24, 2048, 16), "2.8B": (32, 2560, 32)}  # blocks, width, heads
ANSWERS, FIRST, ASKED = 8, 5, 30
GOALS = [
    Goal("answers a second, times those from text", lambda f: f["answers_per_second"] / f["of_text"], least=5),
    Goal("the same, encoding of items included", lambda f: f["with_encoding"] / f["of_text"], least=5),
]
WHOLE = Goal("ms from question to verified answer, median", lambda f: f["ask_ms"], most=100)


def main() -> None:
    """Measures every system at every size, and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--batch", type=int, default=1, help="questions at once")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--model", choices=SHAPES, default="shipped")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--one", nargs=2, metavar=("SYSTEM", "ITEMS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        system, items = given.one[0], int(given.one[1])
        print(json.dumps(asking() if system == "ask" else measured(system, items, given)))
        return
    rows, lines, found = [], [], {}
    for items in given.items:
        figures = {}
        for system in SYSTEMS:
            say(f"{system}, {items} items")
            figures[system] = apart(system, items)
            rows.append([system, str(items), *(shown(f) for f in figures[system].values())])
            say(json.dumps(figures[system]))
        of_text = {"of_text": figures[SYSTEMS[1]]["answers_per_second"]}
        lines += [goal.line(f"{items} items", figures[SYSTEMS[0]] | of_text) for goal in GOALS]
        found[items] = figures
    if given.model == "shipped" and given.device == "cpu":
        say("whole questions")
        found["ask"] = apart("ask", 0)
        lines.append(WHOLE.line("medical", found["ask"]))
    head = ["system", "items", *(name.replace("_", " ") for name in figures[SYSTEMS[0]])]
    print(*table([head, *rows]), "", *goal_table("where", lines), sep="\n")
    about = {"machine": machine(), "versions": versions("torch", "transformers"), "model": given.model}
    if given.json:
        given.json.write_text(json.dumps(about | {"figures": found, "goals": lines}, indent=1) + "\n")
    print(json.dumps(about))


def apart(system: str, items: int) -> dict[str, float]:
    """What one process measures."""
    command = [sys.executable, __file__, *sys.argv[1:], "--one", system, str(items)]
    one_core = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=one_core)
    return json.loads(done.stdout.splitlines()[-1])


def measured(system: str, items: int, given: argparse.Namespace) -> dict[str, float]:
    """Tokens, times and memory of one system."""
    import torch

    torch.manual_seed(0)
    encoder = MiniLM()
    prompt, sentence = question(items, encoder)
    generator = generator_of(given.model).to(given.device)
    on_gpu = given.device != "cpu"
    writing = from_items if system == SYSTEMS[0] else from_text
    run, read, written = writing(generator, prompt, sentence, given.batch)
    for _ in range(2):
        run()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    taken = [seconds(run, on_gpu) for _ in range(given.runs)]
    encoding = 0.0
    if writing is from_items:
        texts = prompt.items.texts[1:]
        encoding = statistics.median(seconds(lambda: (encoder._cache.clear(), encoder.encode(texts))) for _ in range(5))
    middle = statistics.median(taken)
    peak = torch.cuda.max_memory_allocated() >> 10 if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "prompt_tokens": read,
        "written_tokens": written,
        "answer_ms": 1000 * middle,
        "answers_per_second": given.batch / middle,
        "tokens_per_second": given.batch * written / middle,
        "encoding_ms": 1000 * encoding,
        "with_encoding": given.batch / (middle + given.batch * encoding),
        "peak_mib": peak / 1024,
    }


def question(count: int, encoder: MiniLM) -> tuple[Prompt, list[str | int]]:
    """A question about the medical graph with so many evidence items, and the sentence that answers it, as pieces."""
    graph = KnowledgeGraph.from_rdf(data_folder() / "medical" / "graph.ttl")
    triples = [str(graph.triple(int(i))) for i in np.random.default_rng(0).permutation(graph.statements)[:count]]
    names = sorted({text.split(" — ")[2] for text in triples} | {text.split(" — ")[0] for text in triples})
    items = collect_items(
        encoder.encode(["what are the symptoms of X"])[0],
        topics=[Candidate(0, names[0], 1.0)],
        answers=[Candidate(i + 1, name, 0.9) for i, name in enumerate(names[1 : ANSWERS + 1])],
        bridges=[],
        relations=[(0, "has symptom", False, True)],
        triples=[(i, text, 0.5) for i, text in enumerate(triples)],
        sentences=[],
        states=np.zeros((ANSWERS + 1, 192), np.float32),
        encode=encoder.encode,
        limit=count,
    )
    (relation,), answers = items.where(Role.RELATION_VERB), items.where(Role.ANSWER)
    sentence = relation_sentence(Role.RELATION_VERB, relation, 1, joined(answers), many=True)
    return Prompt(("what are the symptoms of ", 1, "?"), items, answerable=True), sentence


def generator_of(model: str) -> Generator:
    """The shipped generator, or one around a GPT-NeoX of random weights in half precision."""
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    shipped = Generator.load(data_folder() / "models" / "default")
    shape = SHAPES[model]
    if shape is None:
        return shipped
    blocks, width, heads = shape
    config = GPTNeoXConfig(
        vocab_size=50_304,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=blocks,
        num_attention_heads=heads,
    )
    lm: Any = GPTNeoXForCausalLM(config).to(torch.bfloat16)
    return Generator(lm, shipped.tokenizer, 384, 192, shipped.settings["frame"]).eval()


def from_items(
    generator: Generator, prompt: Prompt, sentence: list[str | int], batch: int
) -> tuple[Callable[[], object], int, int]:
    """Writing from evidence tokens, with the lengths of what is read and written."""
    from kgrag.config import GenerationConfig

    words = sum(1 if isinstance(piece, int) else len(generator.word_ids(piece)) for piece in sentence)
    written = words + 2  # a list of answers begins and ends with a token
    config, end = GenerationConfig(tokens=written), generator.special["<eos>"]

    def run() -> None:
        generator.special["<eos>"] = -1  # so that nothing ends before its time
        generator.write([prompt] * batch, config)
        generator.special["<eos>"] = end

    return run, len(generator.prompt_ids(prompt)), written


def from_text(
    generator: Generator, prompt: Prompt, sentence: list[str | int], batch: int
) -> tuple[Callable[[], object], int, int]:
    """Writing from the same evidence in words."""
    import torch

    items, lm = prompt.items, generator.model.lm
    asked = "".join(items.texts[piece] if isinstance(piece, int) else piece for piece in prompt.pieces)
    read = generator.word_ids("\n".join([*items.texts[1:], asked]).lower())
    written = len(generator.word_ids(print_answer(sentence, items, lambda _: ()).lower()))
    ids = torch.tensor([read] * batch, device=generator.device)

    def run() -> None:
        lm.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            min_new_tokens=written,
            max_new_tokens=written,
            do_sample=False,
            pad_token_id=0,
        )

    return run, len(read), written


def asking() -> dict[str, float]:
    """Milliseconds from a question to its verified answer, by the shipped system."""
    from kgrag import KGRAG, read_questions

    rag = KGRAG.demo("medical")
    questions = read_questions(data_folder() / "medical" / "questions" / "test.jsonl")
    taken = [seconds(lambda q=q: rag.ask(q.question)) for q in questions[: FIRST + ASKED]]
    return {"ask_ms": 1000 * statistics.median(taken[FIRST:])}


def seconds(task: Callable[[], object], on_gpu: bool = False) -> float:
    """Time that a task takes: by the clock where a GPU computes, of the processor where not."""
    import torch

    clock = time.perf_counter if on_gpu else time.process_time
    started = clock()
    task()
    if on_gpu:
        torch.cuda.synchronize()
    return clock() - started


if __name__ == "__main__":
    main()
