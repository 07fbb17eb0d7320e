"""What each part of what is read contributes: a small language model is trained anew, row by row, without it.

The reasoner's belief is taken away: evidence is what the four likeliest readings of a question lead to, none more likely than another,
and the generator has to choose among it. So what it reads decides. Each row begins with the same language model, which has read the
graph as plain text; what reads and writes items begins anew. Training questions, passes and seed are the same for all.
"""

from __future__ import annotations

import argparse
import copy
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import explagraphs
import numpy as np
import torch
from reporting import DATASETS, Goal, machine, say, table
from torch.nn import functional

from kgrag import KGRAG, KnowledgeGraph, Question, read_questions
from kgrag.composer import compose
from kgrag.config import GenerationConfig
from kgrag.encoding.findings import along
from kgrag.evaluation.metrics import exact_match, mean, set_f1
from kgrag.evaluation.runner import current_commit
from kgrag.fusion import ANSWERS, Role
from kgrag.fusion.items import best_sentences
from kgrag.generation import Draft, Generator, Prompt, TextGenerator
from kgrag.generation.adapting import adapt
from kgrag.generation.automaton import BETWEEN
from kgrag.generation.local import LocalModel
from kgrag.generation.references import Step, reference
from kgrag.generation.verbalising import in_words, line_of
from kgrag.progress import track
from kgrag.resources import data_folder
from kgrag.training.default_model import new_generator
from kgrag.training.generator import Example, by_length, train_generator
from kgrag.training.loop import Course, Quality, learn
from kgrag.training.pretraining import READING, pretrain_generator, verbalised
from kgrag.training.synthesis import Synthesiser
from kgrag.types import Ids

SEED = 0
MODEL = {"model_width": 64, "layers": 2}
READINGS = 4  # of a question, none of which is more likely than another
TRAINED_ON, ASKED, QUICK = 400, 150, 40
READ = 1_500  # texts that the language model reads before
WRITING = Course(epochs=6, learning_rate=2e-3, batch_size=16, patience=6)
WRITTEN = GenerationConfig(tokens=60)
CHOOSING = 0.1  # share of the training questions by which the best pass is chosen
PARTS = {
    "graph": (Role.TOPIC, *ANSWERS, Role.BRIDGE, *range(Role.RELATION_VERB, Role.TRIPLE + 1)),
    "passages": (Role.SENTENCE,),
}


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        mode: How evidence is read, see `kgrag.fusion.modes`; or "text".
        how: What of the language model is trained, see `kgrag.generation.adapting`.
        lacks: What is not read: "graph", "states" or "passages".
    """

    mode: str = "evidence_tokens"
    how: str = "full"
    lacks: str = ""


ROWS = {
    "full": Row(),
    "without graph tokens": Row(lacks="graph"),
    "without GNN states": Row(lacks="states"),
    "without passages": Row(lacks="passages"),
    "soft prompt": Row("soft_prompt"),
    "cross-attention": Row("cross_attention"),
    "evidence as text": Row("text"),
    "LoRA": Row(how="lora"),
    "frozen": Row(how="frozen"),
}
GOALS = (
    Goal(
        "graph neural network and language model: accuracy", lambda found: found["rows"]["full"]["accuracy"], least=0.8
    ),
)


@dataclass(frozen=True)
class Case:
    """A question with its evidence.

    Attributes:
        prompt: What is read.
        names: IRIs that are said where an item is written, by its position.
        gold: IRIs of the answers.
    """

    prompt: Prompt
    names: dict[int, frozenset[str]]
    gold: frozenset[str]

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is right to write: the nodes that answer, else the sentence that names most of them; nothing where none does."""
        items = self.prompt.items
        right = [i for i in items.where(*ANSWERS) if self.names[i] <= self.gold]
        if right:
            return tuple(reference(items, right))
        told = [i for i in items.where(Role.SENTENCE) if self.names[i] & self.gold]
        best = max(told, key=lambda i: set_f1(self.names[i], self.gold), default=None)
        return () if best is None else tuple(reference(items, (), sentence=best))

    def without(self, part: str) -> Case:
        """The same without a part of the evidence."""
        items = self.prompt.items
        if part == "states":
            return replace(self, prompt=replace(self.prompt, items=replace(items, states=np.zeros_like(items.states))))
        kept = [i for i, role in enumerate(items.roles) if role not in PARTS.get(part, ())]
        place = {old: new for new, old in enumerate(kept)}
        prompt = replace(
            self.prompt,
            items=items.only(kept),
            pieces=tuple(place.get(p, items.texts[p]) if isinstance(p, int) else p for p in self.prompt.pieces),
            paths={place[i]: ways for i, ways in self.prompt.paths.items() if i in place},
        )
        return Case(prompt, {place[i]: names for i, names in self.names.items() if i in place}, self.gold)


class Set(NamedTuple):
    """A set of questions, and the texts that the language model reads before."""

    train: list[Case]
    asked: list[Case]
    texts: list[str]


def medical(quick: bool, seed: int) -> Set:
    """The shipped pack: its train questions and as many made of the graph; asked those of the test part."""
    rag, folder = KGRAG.demo("medical"), data_folder() / "medical" / "questions"
    train, test = (read_questions(folder / f"{part}.jsonl") for part in ("train", "test"))
    made = Synthesiser(rag.graph, seed).sample(QUICK if quick else TRAINED_ON)
    own = [Question(m.text, tuple(map(rag.graph.iri, m.answers)), kind=m.kind) for m in made]
    texts = [text for passage in rag.passages for text in rag.passages.sentences(passage)]
    return _set(rag, [*train, *own], test, texts, quick, seed)


def pathquestion(quick: bool, seed: int) -> Set:
    """PQ-2H: a graph alone; trained on the train part, asked the validation part."""
    folder = DATASETS / "pathquestion" / "PQ-2H"
    train, valid = (read_questions(folder / f"{part}.jsonl") for part in ("train", "valid"))
    return _set(KGRAG(KnowledgeGraph.from_rdf(folder / "kb.nt")), train, valid, [], quick, seed)


def _set(
    rag: KGRAG, train: Sequence[Question], asked: Sequence[Question], texts: list[str], quick: bool, seed: int
) -> Set:
    rng = random.Random(seed)
    told = [one for one in train if one.answers and one.kind != "yes/no"]
    train = rng.sample(told, min(len(told), QUICK if quick else TRAINED_ON))
    asked = [one for one in asked if one.answers and one.kind != "yes/no"][: QUICK if quick else ASKED]
    texts = [*texts, *verbalised(rag.graph)]
    texts = rng.sample(texts, min(len(texts), QUICK if quick else READ))
    cases = [[case for one in track(part, "evidence") if (case := _case(rag, one))] for part in (train, asked)]
    return Set([case for case in cases[0] if case.steps], cases[1], texts)


def _case(rag: KGRAG, question: Question) -> Case | None:
    """A question with what its likeliest readings lead to; None where it names nothing."""
    links = [link for link in rag.linker.link(question.question) if link.node is not None]
    topics = [link.node for link in links if link.node is not None]
    gold = {node for name in question.answers for node in rag.graph.find(name)}
    if not topics or not gold:
        return None
    masked = rag.linker.mask(question.question, links)
    readings = [one for one in rag.reader.read_each(masked, topics) if one.plans]
    if not readings:
        return None
    reading = max(readings, key=lambda one: float(one.probabilities[0]))
    reading = replace(reading, familiar=1.0)  # no sentence is taken in its place
    findings = along(rag.reader, reading, reading.plans[:READINGS], topics)
    encoding, whole = rag.encoder.encode([masked, question.question])
    iris = [rag.graph.iri(topic) for topic in topics]
    found = rag.find_passages(question.question, rag.config.retrieval.passages, iris) if len(rag.passages) else []
    told = [rag.passages.sentences(one.passage) for one in found]
    sentences = best_sentences(told, question.question, whole, rag.encoder.encode, lambda _: frozenset(), least=-1.0)
    prompt = compose(rag.graph, question.question, links, findings, encoding, rag.encoder.encode, sentences).prompt
    names = {
        i: frozenset({rag.graph.iri(int(findings.subgraph.nodes[prompt.items.references[i]]))})
        for i in prompt.items.where(*ANSWERS)
    }
    names |= {i: frozenset(rag.named(prompt.items.texts[i])) - {*iris} for i in prompt.items.where(Role.SENTENCE)}
    return Case(replace(prompt, answerable=True, choosing=True), names, frozenset(map(rag.graph.iri, gold)))


def _measured(questions: Set, row: Row, base: Generator, course: Course) -> dict[str, Any]:
    """Trains a row and asks it."""
    train, asked = ([case.without(row.lacks) for case in part] for part in (questions.train, questions.asked))
    train = [case for case in train if case.steps]
    started, drafts = time.process_time(), list[Draft]()
    torch.manual_seed(course.seed)
    if train:  # there is nothing to choose among where a set has no passages, and the graph is left out
        write = _by_words if row.mode == "text" else _by_items
        drafts = write(train, [case.prompt for case in asked], row, base, course)
    said = [
        frozenset().union(
            *(case.names.get(p, frozenset()) for p in {*draft.answers, *draft.pieces} if isinstance(p, int))
        )
        for case, draft in zip(asked, drafts)
    ] or [frozenset[str]()] * len(asked)
    return {
        "n": len(asked),
        "trained_on": len(train),
        "seconds": round(time.process_time() - started, 1),
        "f1": mean(set_f1(names, case.gold) for names, case in zip(said, asked)),
        "exact": mean(exact_match(names, case.gold) for names, case in zip(said, asked)),
    }


def _by_items(train: list[Case], asked: list[Prompt], row: Row, base: Generator, course: Course) -> list[Draft]:
    """Drafts of a model that reads and writes items."""
    width, hidden = base.settings["width"], base.settings["hidden"]
    lm, frame = copy.deepcopy(base.model.lm), base.settings["frame"]
    generator = adapt(Generator(lm, base.tokenizer, width, hidden, frame, row.mode), row.how)
    generator.fusion.stateless = 0.0
    examples = [Example(case.prompt, case.steps) for case in train]
    held = max(1, round(CHOOSING * len(examples)))
    train_generator(generator, examples[held:], examples[:held], course)
    return generator.write(asked, WRITTEN)


def _by_words(train: list[Case], asked: list[Prompt], _: Row, base: Generator, course: Course) -> list[Draft]:
    """Drafts of a model that reads statements as words, and writes paths as words."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=base.tokenizer, eos_token="<eos>", pad_token="<pad>")
    model = LocalModel(copy.deepcopy(base.model.lm), tokenizer)
    writer = TextGenerator(model)
    lessons = _Lines(
        model,
        [
            (in_words(case.prompt, model.count, writer.room_of(case.prompt, WRITTEN))[0], line)
            for case in train
            if (line := _lines(case))
        ],
    )
    learn(model.model, lessons, course, "text", batches=by_length(lessons.lengths))
    return writer.write(asked, WRITTEN)


def _lines(case: Case) -> str:
    """What is right, as paths in words; empty where no path leads to it."""
    right = {i for step in case.steps if isinstance(step, tuple) for i in step}
    ways = [case.prompt.paths[i][0] for i in sorted(right) if case.prompt.paths.get(i)]
    return BETWEEN.join("".join(line_of(way)) for way in ways if way)


class _Lines:
    """Prompts in words, with what is to be written."""

    def __init__(self, model: LocalModel, pairs: Sequence[tuple[str, str]]) -> None:
        end = model.tokenizer.eos_token_id
        self.lm, self.pad = model.model, model.tokenizer.pad_token_id
        self.pairs = [
            (model.tokenizer.encode(prompt), [*model.tokenizer.encode(f" {line}"), end]) for prompt, line in pairs
        ]
        self.held = max(1, round(CHOOSING * len(pairs)))
        self.lengths = np.array([len(prompt) + len(line) for prompt, line in self.pairs[self.held :]])

    def __len__(self) -> int:
        return len(self.lengths)

    def loss(self, places: Ids) -> torch.Tensor:
        """Loss of what is to be written."""
        return functional.cross_entropy(*self._foreseen([self.pairs[self.held + place] for place in places.tolist()]))

    @torch.no_grad()
    def quality(self) -> Quality:
        """Share of what is to be written that is foreseen, token by token, and its mean probability."""
        logits, written = self._foreseen(self.pairs[: self.held])
        chances = logits.softmax(-1).gather(1, written[:, None])
        return Quality(float((logits.argmax(-1) == written).float().mean()), float(chances.mean()))

    def _foreseen(self, pairs: Sequence[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor]:
        rows = [torch.tensor([*prompt, *line]) for prompt, line in pairs]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.pad)
        asked, whole = (torch.tensor([[n] for n in ns]) for ns in ([len(p) for p, _ in pairs], [len(r) for r in rows]))
        place = torch.arange(ids.shape[1])
        logits = self.lm(ids, attention_mask=(place < whole).long()).logits[:, :-1]
        written = ((place >= asked) & (place < whole))[:, 1:]
        return logits[written], ids[:, 1:][written]


def _rows(questions: Set, quick: bool, seed: int) -> dict[str, Any]:
    """Figures of each row on a set."""
    shown = questions.train[0].prompt.items
    torch.manual_seed(seed)
    base = new_generator(shown.encodings.shape[1], shown.states.shape[1], **MODEL)
    texts, held = questions.texts, len(questions.texts) // 10
    pretrain_generator(base, texts[held:], texts[:held], replace(READING, seed=seed))
    course, rows = replace(WRITING, epochs=1 if quick else WRITING.epochs, seed=seed), {}
    for title, row in ROWS.items():
        rows[title] = _measured(questions, row, base, course)
        say(f"ablation: {title}: {rows[title]}")
    return {"rows": rows, "parameters": sum(value.numel() for value in base.parameters())}


SETS: dict[str, Callable[[bool, int], dict[str, Any]]] = {
    "medical": lambda quick, seed: _rows(medical(quick, seed), quick, seed),
    "pathquestion": lambda quick, seed: _rows(pathquestion(quick, seed), quick, seed),
    "explagraphs": explagraphs.measured,
}


def measured(quick: bool, seed: int, names: Sequence[str] = tuple(SETS)) -> dict[str, Any]:
    """Figures of each row on each of the sets that are there."""
    there = [name for name in names if name == "medical" or (DATASETS / name).is_dir()]
    say(f"ablation: {', '.join(there)}")
    return {name: SETS[name](quick, seed) for name in there}


def tables(figures: dict[str, Any]) -> list[list[list[str]]]:
    """A table a set, with its head."""
    found = []
    for name, figure in figures.items():
        measures = (
            {"accuracy": "accuracy, %"} if name == "explagraphs" else {"f1": "entity F1, %", "exact": "exact set, %"}
        )
        head = [name, *measures.values(), "asked", "trained on", "seconds"]
        rows = [
            [
                title,
                *(f"{100 * row[key]:.1f}" for key in measures),
                str(row["n"]),
                str(row["trained_on"]),
                f"{row['seconds']:.0f}",
            ]
            for title, row in figure["rows"].items()
        ]
        found.append([head, *rows])
    return found


def main() -> None:
    """Prints the tables of some sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"{', '.join(SETS)}; all that are there where not given")
    parser.add_argument("--quick", action="store_true", help="a few questions; figures are not for quoting")
    arguments = parser.parse_args()
    for rows in tables(measured(arguments.quick, SEED, arguments.sets or tuple(SETS))):
        print("\n".join(table(rows)) + "\n")
    print(f"Seed {SEED}, commit {current_commit()}, {machine()}.")


if __name__ == "__main__":
    main()
