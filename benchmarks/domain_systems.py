"""Systems that are asked a domain's own questions: kgrag, kgrag without a part of its evidence, and plain ways to answer."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from one_token import OneTokenReader
from remembered import Remembered
from reporting import say

from kgrag import KGRAG, KnowledgeGraph, Passage, PassageIndex, Question
from kgrag.evaluation import evaluate
from kgrag.evaluation.metrics import Overlap, hit_at
from kgrag.evaluation.report import Report
from kgrag.evaluation.runner import figures_of
from kgrag.evaluation.texts import rouge_l, words_of
from kgrag.fusion.items import collect_items
from kgrag.generation import Prompt
from kgrag.graph import normalise
from kgrag.graph.vocabulary import TYPE_PROPERTIES
from kgrag.progress import track
from kgrag.yes_no import asks_yes_no

OURS = "kgrag"
MOST = 30  # objects that a statement written out names
DEPTH = 1  # texts that an answer is taken from


class Said(NamedTuple):
    """What a plain system says: a text, and the names that it is taken to answer with; a refusal has neither."""

    text: str = ""
    answers: Sequence[str] = ()


@dataclass
class Pack:
    """A domain's graph and passages.

    Attributes:
        rag: kgrag over them.
        encoder: Encodes the texts of baselines.
        taught: Questions whose answers are known, for a baseline that has to be trained.
        made: How many others are made of the graph for it.
    """

    rag: KGRAG
    encoder: Remembered
    taught: Sequence[Question] = ()
    made: int = 0

    @cached_property
    def texts(self) -> PassageIndex:
        """Passages, and the statements written out: what plain systems search."""
        written = [Passage(f"statement {n}", text) for n, text in enumerate(written_out(self.rag.graph))]
        return PassageIndex.from_passages([*self.rag.passages, *written]).build(self.encoder)

    def with_parts(self, graph: KnowledgeGraph | None, passages: Sequence[Passage]) -> KGRAG:
        """The same models over less."""
        index = PassageIndex.from_passages(passages)
        parts: dict[str, Any] = {"reasoner": self.rag.reader.reasoner, "generator": self.rag.generator}
        return KGRAG(graph or self.rag.graph, index, encoder=self.rag.encoder, config=self.rag.config, **parts)


def asked_all(pack: Pack, questions: Sequence[Question], baselines: bool = True) -> dict[str, Report]:
    """Reports by system, ours first."""
    reports: dict[str, Report] = {}
    for name, rag in variants(pack):
        say(f"  {name}")
        reports[name] = evaluate(rag, questions)
    for name, system in BASELINES.items() if baselines else ():
        say(f"  {name}")
        answer = system(pack)
        rows = [judged(pack.rag, question, answer) for question in track(questions, "asking", total=len(questions))]
        reports[name] = Report(figures_of(rows), rows)
    return reports


def variants(pack: Pack) -> Iterator[tuple[str, KGRAG]]:
    """kgrag and, where it has passages, what is left of it without them, or without the statements that join things."""
    yield OURS, pack.rag
    if not len(pack.rag.passages):
        return
    yield "kgrag without passages", pack.with_parts(None, [])
    yield "kgrag without the graph", pack.with_parts(only_names(pack.rag.graph), list(pack.rag.passages))


def only_names(graph: KnowledgeGraph) -> KnowledgeGraph:
    """Things with their names and classes, and nothing else about them."""
    typed = ((s, p, o) for s, p, o in graph.rows() if p in TYPE_PROPERTIES)
    return KnowledgeGraph.from_triples([*typed, *graph.label_rows()], language=graph.language)


def written_out(graph: KnowledgeGraph) -> Iterator[str]:
    """A sentence for each thing and relation: "gout treated by colchicine, ibuprofen, naproxen."."""
    said: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for statement in graph.statements.tolist():
        said[int(graph.heads[statement]), int(graph.relations[statement])].append(int(graph.tails[statement]))
    for (head, relation), tails in said.items():
        objects = ", ".join(graph.label(tail) for tail in tails[:MOST])
        yield f"{graph.label(head)} {graph.relation_label(relation)} {objects}."


# Baselines: a function from a pack to one from a question to what is said


def extracting(by_words: bool) -> Callable[[Pack], Callable[[str], Said]]:
    """The sentence of the best text that shares most words with the question, and the things that it names beside those asked about."""

    def over(pack: Pack) -> Callable[[str], Said]:
        index, linker = pack.texts, pack.rag.linker

        def answer(question: str) -> Said:
            vectors = pack.encoder.encode([question])
            found = index.contents.find([question], vectors, DEPTH, [()])[0]
            rows = (found.words if by_words else found.dense).rows
            if not len(rows):
                return Said()
            passage = index.contents.rows.passage(int(rows[0]))
            asked = set(words_of(question))
            text = max(index.sentences(passage), key=lambda one: len(asked & set(words_of(one))), default=passage.text)
            topics = {link.node for link in linker.link(question)}
            named = [link.node for link in linker.link(text) if link.node is not None and link.exact]
            if asks_yes_no(question):
                return Said(text, ["yes" if topics <= set(named) else "no"])
            others = dict.fromkeys(node for node in named if node not in topics)
            return Said(text, [pack.rag.graph.label(node) for node in others] or [text])

        return answer

    return over


def without_evidence(pack: Pack) -> Callable[[str], Said]:
    """The shipped language model with a question and no evidence: what it knows by itself."""
    generator, encode = pack.rag.generator, pack.encoder.encode
    states = np.zeros((0, generator.settings["hidden"]), np.float32)

    def answer(question: str) -> Said:
        nothing = collect_items(encode([question])[0], [], [], [], [], [], [], states, encode)
        draft = generator.write([Prompt((question,), nothing, answerable=True)], pack.rag.config.generation)[0]
        text = " ".join(piece for piece in draft.pieces if isinstance(piece, str)).strip()
        linked = (link.node for link in pack.rag.linker.link(text) if link.node is not None) if text else ()
        return Said(text, [pack.rag.graph.label(node) for node in linked] or ([text] if text else []))

    return answer


def over_one_token(pack: Pack) -> Callable[[str], Said]:
    """G-Retriever's recipe, trained on what is known and on what is made of the graph."""
    reader = OneTokenReader(pack.rag, pack.taught, pack.made)

    def answer(question: str) -> Said:
        names = reader.answer(question)
        return Said(", ".join(names), names)

    return answer


BASELINES: dict[str, Callable[[Pack], Callable[[str], Said]]] = {
    "BM25 + extraction": extracting(by_words=True),
    "dense + extraction": extracting(by_words=False),
    "language model alone": without_evidence,
    "Steiner tree + one soft token": over_one_token,
}


def judged(rag: KGRAG, question: Question, answer: Callable[[str], Said]) -> dict[str, Any]:
    """Asks a plain system, and judges it as kgrag is judged."""
    started = time.perf_counter()
    said = answer(question.question)
    predicted, gold = keys(rag.graph, said.answers), set(keys(rag.graph, question.answers))
    refused = not said.text
    row: dict[str, Any] = {
        "id": question.id,
        "question": question.question,
        "kind": question.kind,
        "hops": question.hops,
        "gold": list(question.answers),
        "answers": list(said.answers),
        "text": said.text,
        "confidence": 0.0 if refused else 1.0,
        "abstained": refused,
        "seconds": time.perf_counter() - started,
        "error": "",
    }
    if question.unanswerable:
        return row | {"refused": float(refused), "right": float(refused)}
    row["answered"] = float(not refused)
    if question.answer_text:
        row |= {"rouge_l": rouge_l(said.text, question.answer_text), "answer_text": question.answer_text}
    if not question.answers:
        return row | {"right": None}
    hit = hit_at(predicted, gold)
    return row | {"hits@1": hit, "f1": Overlap.of(predicted, gold).f1, "right": hit}


def keys(graph: KnowledgeGraph, answers: Sequence[str]) -> list[str]:
    """Answers in one form: the label where they name a node."""
    return [normalise(graph.label(found[0]) if (found := graph.find(text)) else text) for text in answers]
