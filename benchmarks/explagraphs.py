"""ExplaGraphs: does one argument support another or counter it, given a small graph that joins them (Saha et al., EMNLP 2021)?

A graph neural network is trained first, then the small language model, which reads arguments and graph and writes "support" or
"counter". All is learned from the train part alone, of which a tenth chooses the best pass; measured on the validation part.
"""

from __future__ import annotations

import copy
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from reporting import DATASETS, say
from torch import nn

from kgrag.encoder import default_encoder
from kgrag.encoding.edges import over_edges
from kgrag.evaluation.metrics import mean
from kgrag.fusion import EvidenceItems, Role
from kgrag.fusion.items import SCALARS
from kgrag.generation import Generator, Prompt
from kgrag.generation.adapting import adapt
from kgrag.linking.rewording import root
from kgrag.linking.words import split_words
from kgrag.training.default_model import new_generator
from kgrag.training.generator import Example, log_likelihoods, target_of, train_generator
from kgrag.training.loop import Course, Quality, learn
from kgrag.training.pretraining import READING, pretrain_generator
from kgrag.types import Floats, Ids

VERDICTS = ("counter", "support")
WORDS, BEFORE = 60, 4  # the commonest words, and how many before a name are looked at
HIDDEN, STEPS, KEPT = 24, 3, 0.7
SENSING = Course(epochs=20, learning_rate=5e-3, batch_size=64, patience=20)
WRITING = Course(epochs=2, learning_rate=2e-3, batch_size=16, patience=2)
CHOOSING, QUICK = 0.1, 120
ROWS = {  # mode, what is trained, what is left out
    "full": ("evidence_tokens", "full", ""),
    "without graph tokens": ("evidence_tokens", "full", "graph"),
    "without GNN states": ("evidence_tokens", "full", "states"),
    "soft prompt": ("soft_prompt", "full", ""),
    "cross-attention": ("cross_attention", "full", ""),
    "evidence as text": ("evidence_tokens", "full", "items"),
    "LoRA": ("evidence_tokens", "lora", ""),
    "frozen": ("evidence_tokens", "frozen", ""),
}


class Pair(NamedTuple):
    """Two arguments, the statements that join them, and what the first is to the second."""

    arguments: tuple[str, str]
    statements: tuple[tuple[str, str, str], ...]
    verdict: int

    @property
    def nodes(self) -> list[str]:
        """In the order in which statements name them."""
        return list(dict.fromkeys(node for subject, _, target in self.statements for node in (subject, target)))


def pairs(part: str) -> list[Pair]:
    """Those of a part."""
    lines = (DATASETS / "explagraphs" / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Pair((one["argument1"], one["argument2"]), tuple(map(tuple, one["triples"])), VERDICTS.index(one["label"]))
        for one in map(json.loads, lines)
    ]


class Graphs(NamedTuple):
    """The graphs of several pairs as one, each statement an edge.

    Attributes:
        said: Share of the words of each node that each argument says, shape (nodes, 2).
        before: How often each common word stands before them there, shape (nodes, 2, words).
        ends: Subject and object of each statement, shape (2, statements).
        relations: Shape (statements,).
        pair: Of each node, then of each statement.
        last: The last statement of each pair.
    """

    said: torch.Tensor
    before: torch.Tensor
    ends: torch.Tensor
    relations: torch.Tensor
    pair: tuple[torch.Tensor, torch.Tensor]
    last: torch.Tensor


class Reading:
    """Reads pairs as graphs, by what is known of the train part: its relations and its commonest words."""

    def __init__(self, train: Sequence[Pair]) -> None:
        spoken = Counter(word for pair in train for text in pair.arguments for word in set(_words(text)))
        self.words = {word: place for place, (word, _) in enumerate(spoken.most_common(WORDS))}
        relations = sorted({relation for pair in train for _, relation, _ in pair.statements})
        self.relations = {relation: place for place, relation in enumerate(relations, start=1)}  # 0 is any other

    def graphs(self, pairs: Sequence[Pair]) -> Graphs:
        """The graphs of pairs."""
        said, before, ends, relations, last = [], [], [], [], []
        nodes_of, statements_of = [], []
        for number, pair in enumerate(pairs):
            nodes, first = pair.nodes, len(nodes_of)
            place = {node: first + i for i, node in enumerate(nodes)}
            spoken = [_words(text) for text in pair.arguments]
            for node in nodes:
                own = {root(word) for word in _words(node)}
                shares, counts = zip(*(self._seen(own, words) for words in spoken))
                said.append(shares)
                before.append(counts)
            nodes_of += [number] * len(nodes)
            for subject, relation, target in pair.statements:
                ends.append((place[subject], place[target]))
                relations.append(self.relations.get(relation, 0))
            statements_of += [number] * len(pair.statements)
            last.append(len(relations) - 1)
        return Graphs(
            torch.tensor(said),
            torch.from_numpy(np.array(before, np.float32)),
            torch.tensor(ends).T,
            torch.tensor(relations),
            (torch.tensor(nodes_of), torch.tensor(statements_of)),
            torch.tensor(last),
        )

    def _seen(self, own: set[str], words: Sequence[str]) -> tuple[float, Floats]:
        """How much of a node an argument says, and the common words before it."""
        roots = [root(word) for word in words]
        places = [place for place, one in enumerate(roots) if one in own]
        counts = np.zeros(len(self.words), np.float32)
        for word, one in list(zip(words, roots))[max(0, places[0] - BEFORE) : places[-1]] if places else ():
            if word in self.words and one not in own:
                counts[self.words[word]] += 1
        return len(own.intersection(roots)) / max(len(own), 1), counts


class Senses(nn.Module):
    """Whether the way from one argument to the other keeps its sense or turns it.

    What the second argument says of its nodes is passed along statements, and multiplied by what each relation does to it: "not
    capable of" may turn it. Where it arrives it is compared with what the first argument says, whose words may turn that, too.
    """

    def __init__(self, words: int, relations: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.first, self.second, self.weight = (nn.Linear(2, hidden) for _ in range(3))
        self.turning = nn.Parameter(torch.zeros(2, words, hidden))
        self.along, self.back = nn.Embedding(relations, hidden), nn.Embedding(relations, hidden)
        self.stated, self.ended = nn.Embedding(relations, hidden), nn.Embedding(relations, hidden)
        self.join = nn.Sequential(nn.Dropout(0.2), nn.Linear(3 * hidden, hidden), nn.GELU(), nn.Dropout(0.2))
        self.verdict = nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(0.2)

    def forward(self, graphs: Graphs) -> tuple[torch.Tensor, torch.Tensor]:
        """States of nodes, shape (nodes, hidden), and of pairs, shape (pairs, hidden)."""
        said = self.dropout(2 * graphs.said - 1)
        turned = (1 + 2 * self.turning.tanh() * graphs.before[..., None]).prod(2).unbind(1)
        mine, passed = self.first(said).tanh() * turned[0], self.second(said).tanh() * turned[1]
        subjects, objects = graphs.ends
        count = len(said)
        edges = over_edges(torch.cat([subjects, objects]), torch.cat([objects, subjects]), (count, count))
        sense = torch.cat([self.along(graphs.relations), self.back(graphs.relations)]).tanh()
        arrived = passed
        for _ in range(STEPS):
            passed = KEPT * edges.sum(torch.cat([passed[subjects], passed[objects]]) * sense)
            arrived = arrived + passed
        states, (of_node, of_statement) = mine * arrived, graphs.pair
        share = self.weight(said).exp()
        none = states.new_zeros(len(graphs.last), states.shape[1])
        gathered = none.index_add(0, of_node, share * states) / none.index_add(0, of_node, share)
        stated = none.index_add(0, of_statement, self.stated(graphs.relations).tanh())
        ended = self.ended(graphs.relations[graphs.last]).tanh()
        return states, self.join(torch.cat([gathered, stated, ended], dim=1))


class _Sensing:
    """Pairs with their verdicts, for the graph neural network."""

    def __init__(self, senses: Senses, reading: Reading, train: Sequence[Pair], held: Sequence[Pair]) -> None:
        self.senses, self.reading, self.train, self.held = senses, reading, train, held

    def __len__(self) -> int:
        return len(self.train)

    def loss(self, places: Ids) -> torch.Tensor:
        """Loss of some pairs."""
        return -self._chances([self.train[place] for place in places.tolist()]).log().mean()

    @torch.no_grad()
    def quality(self) -> Quality:
        """Share of the held pairs that are told rightly, and the mean probability of what is right."""
        chances = self._chances(self.held)
        return Quality(float((chances > 0.5).float().mean()), float(chances.mean()))

    def _chances(self, pairs: Sequence[Pair]) -> torch.Tensor:
        _, states = self.senses(self.reading.graphs(pairs))
        sign = torch.tensor([2.0 * pair.verdict - 1 for pair in pairs])
        return (sign * self.senses.verdict(states).squeeze(1)).sigmoid().clamp(min=1e-6)


def measured(quick: bool, seed: int) -> dict[str, Any]:
    """Accuracy of each row on the validation part; of the graph neural network by itself beside them."""
    train, asked = pairs("train"), pairs("valid")
    random.Random(seed).shuffle(train)
    train, asked = (train[:QUICK], asked[:QUICK]) if quick else (train, asked)
    held = round(CHOOSING * len(train))
    torch.manual_seed(seed)
    started, reading = time.process_time(), Reading(train)
    senses = Senses(len(reading.words), len(reading.relations) + 1)
    lessons = _Sensing(senses, reading, train[held:], train[:held])
    learn(senses, lessons, replace(SENSING, seed=seed, epochs=2 if quick else SENSING.epochs), "senses")
    right = _Sensing(senses, reading, [], asked).quality().right
    rows = {"graph neural network alone": _row(len(asked), len(train), started, right)}
    prompts = [_prompts(part, senses, reading) for part in (train, asked)]
    texts = [text for pair in train for text in (*pair.arguments, *map(" ".join, pair.statements))]
    base = new_generator(prompts[0][0].items.encodings.shape[1], HIDDEN, model_width=64, layers=2)
    pretrain_generator(base, texts[100:], texts[:100], replace(READING, epochs=1, seed=seed))
    course = replace(WRITING, seed=seed, epochs=1 if quick else WRITING.epochs)
    for title, (mode, how, lacks) in ROWS.items():
        started = time.process_time()
        torch.manual_seed(seed)
        lm, frame = copy.deepcopy(base.model.lm), [base.word_ids(verdict)[0] for verdict in VERDICTS]
        sizes = base.settings["width"], base.settings["hidden"]
        generator = adapt(Generator(lm, base.tokenizer, *sizes, frame, mode), how)
        generator.fusion.stateless = 0.0
        examples = [
            Example(_without(prompt, pair, lacks), (VERDICTS[pair.verdict],)) for prompt, pair in zip(prompts[0], train)
        ]
        train_generator(generator, examples[held:], examples[:held], course)
        told = _told(generator, [_without(prompt, pair, lacks) for prompt, pair in zip(prompts[1], asked)])
        right = mean(said == pair.verdict for said, pair in zip(told, asked))
        rows[title] = _row(len(asked), len(train), started, right)
        say(f"ablation: explagraphs, {title}: {rows[title]}")
    return {"rows": rows, "parameters": sum(value.numel() for value in base.parameters())}


def _row(asked: int, trained_on: int, started: float, right: float | None) -> dict[str, Any]:
    seconds = round(time.process_time() - started, 1)
    return {"n": asked, "trained_on": trained_on, "seconds": seconds, "accuracy": right}


@torch.no_grad()
def _prompts(pairs: Sequence[Pair], senses: Senses, reading: Reading) -> list[Prompt]:
    """Arguments in words; as items the pair, its arguments, and statement by statement nodes and relations."""
    encoder = default_encoder()
    of_nodes, of_pairs = (states.numpy() for states in senses.eval()(reading.graphs(pairs)))
    every = {text for pair in pairs for text in (" ".join(pair.arguments), *pair.arguments, *sum(pair.statements, ()))}
    encoder.encode(sorted(every))  # all at once, which it remembers
    made, first = [], 0
    for pair, whole in zip(pairs, of_pairs):
        place = {node: first + i for i, node in enumerate(pair.nodes)}
        first += len(place)
        roles, texts, states = [Role.QUESTION], [" ".join(pair.arguments)], [whole]
        nothing = np.zeros_like(whole)
        for text in pair.arguments:
            roles, texts, states = [*roles, Role.SENTENCE], [*texts, text], [*states, nothing]
        for statement in pair.statements:
            for text, role in zip(statement, (Role.BRIDGE, Role.RELATION_VERB, Role.BRIDGE)):
                roles, texts = [*roles, role], [*texts, text]
                states.append(of_nodes[place[text]] if role is Role.BRIDGE else nothing)
        count = len(roles)
        scalars, encodings = np.zeros((count, SCALARS), np.float32), encoder.encode(texts)
        items = EvidenceItems(roles, texts, list(range(count)), encodings, np.stack(states), scalars)
        made.append(Prompt((" ; ".join(pair.arguments),), items, answerable=True))
    return made


def _without(prompt: Prompt, pair: Pair, part: str) -> Prompt:
    """The same without the graph, or without what the graph neural network says of it; or with the graph in words."""
    items = prompt.items
    if not part:
        return prompt
    if part != "states":
        items = items.only(items.where(Role.QUESTION, Role.SENTENCE))
    stated = " . ".join(map(" ".join, pair.statements)) + " ; " if part == "items" else ""
    items = replace(items, states=np.zeros_like(items.states))
    return replace(prompt, items=items, pieces=(stated, *prompt.pieces) if stated else prompt.pieces)


@torch.no_grad()
def _told(generator: Generator, prompts: Sequence[Prompt]) -> list[int]:
    """The likelier of the two words."""
    targets = [target_of(generator, (verdict,)) for verdict in VERDICTS]
    found = []
    for start in range(0, len(prompts), WRITING.batch_size):
        part = prompts[start : start + WRITING.batch_size]
        chances = [
            log_likelihoods(generator, part, [target] * len(part)).view(len(part), -1)[:, 0] for target in targets
        ]
        found += torch.stack(chances).argmax(0).tolist()
    return found


def _words(text: str) -> list[str]:
    return split_words(text.casefold().replace("n't", " not").replace("cannot", "can not"))
