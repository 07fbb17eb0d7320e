"""Turns the evidence of a question into items, each of which becomes one token of the language model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import IntEnum

import numpy as np

from kgrag.types import Floats

SCALARS = 6  # answer probability, its logarithm, retrieval score, verdict, hops, whether it is a long text
TOLD = 0.73  # least cosine at which a sentence may answer a question: most that do not lie below
REPEATED = 0.75  # share of a question's words from which a sentence repeats it
LONG_TEXT = 60  # characters from which a literal is a text rather than a name

_WORD = re.compile(r"\w+")
_QUESTION = re.compile(r"[?\uff1f\u061f]\W*$")


class Role(IntEnum):
    """What an evidence item is."""

    QUESTION = 0
    TOPIC = 1
    ANSWER = 2
    BRIDGE = 3
    RELATION_VERB = 4
    RELATION_VERB_INVERSE = 5
    RELATION_NOUN = 6
    RELATION_NOUN_INVERSE = 7
    TRIPLE = 8
    SENTENCE = 9
    TEXT = 10  # a literal long enough to be an answer by itself, such as a definition


ANSWERS = (Role.ANSWER, Role.TEXT)  # what may be the answer


@dataclass
class EvidenceItems:
    """The evidence items of one question, in the order in which the language model reads them.

    Attributes:
        roles: A `Role` each, shape (items,).
        texts: What each prints as.
        references: What each stands for: a position in the sub-graph's nodes or statements, a relation id, or
            ``(passage position, sentence position)``, depending on the role.
        encodings: Encoded texts, shape (items, width).
        states: GNN states, zero where there is none, shape (items, hidden).
        scalars: Numbers shown to the model, shape (items, SCALARS).
    """

    roles: list[Role]
    texts: list[str]
    references: list[object]
    encodings: Floats
    states: Floats
    scalars: Floats

    def __len__(self) -> int:
        return len(self.roles)

    def where(self, *roles: Role) -> list[int]:
        """Positions of the items with one of the roles."""
        return [i for i, role in enumerate(self.roles) if role in roles]

    def only(self, kept: Sequence[int]) -> EvidenceItems:
        """Some of the items, by position."""
        rows = list(kept)
        return EvidenceItems(
            [self.roles[i] for i in rows],
            [self.texts[i] for i in rows],
            [self.references[i] for i in rows],
            self.encodings[rows],
            self.states[rows],
            self.scalars[rows],
        )


@dataclass(frozen=True)
class Candidate:
    """A node that may be named: as topic, as answer or as a bridge between them."""

    position: int
    label: str
    probability: float
    long: bool = False


def collect_items(
    question_encoding: Floats,
    topics: Sequence[Candidate],
    answers: Sequence[Candidate],
    bridges: Sequence[Candidate],
    relations: Sequence[tuple[int, str, bool, bool]],
    triples: Sequence[tuple[int, str, float]],
    sentences: Sequence[tuple[tuple[int, int], str, float]],
    states: Floats,
    encode: Callable[[list[str]], Floats],
    verdict: int = 0,
    hops: int = 1,
    limit: int = 64,
) -> EvidenceItems:
    """Lays out the evidence items.

    Args:
        question_encoding: Encoded question, shape (width,).
        topics: Linked nodes.
        answers: Candidate answers, most probable first.
        bridges: Nodes on the paths to them.
        relations: ``(relation id, label, inverse, verbal)`` on those paths.
        triples: ``(position in the sub-graph, text, probability)`` of statements on those paths.
        sentences: ``((passage, sentence), text, score)``.
        states: GNN states of the sub-graph's nodes, shape (nodes, hidden).
        encode: Encodes texts into unit vectors, shape (texts, width).
        verdict: 1 for yes, -1 for no, 0 where the question asks for something else.
        hops: Length of the path to the best answer.
        limit: Most items; those at the end are left out.
    """
    rows: list[tuple[Role, str, object, float, float, Floats | None]] = []
    for topic in topics:
        rows.append((Role.TOPIC, topic.label, topic.position, topic.probability, 0.0, states[topic.position]))
    for relation, label, inverse, verbal in relations:
        role = (Role.RELATION_VERB if verbal else Role.RELATION_NOUN) + int(inverse)
        rows.append((Role(role), label, (relation, inverse), 0.0, 0.0, None))
    for answer in answers:
        role = Role.TEXT if answer.long else Role.ANSWER
        rows.append((role, answer.label, answer.position, answer.probability, 0.0, states[answer.position]))
    for bridge in bridges:
        rows.append((Role.BRIDGE, bridge.label, bridge.position, bridge.probability, 0.0, states[bridge.position]))
    for reference, text, score in sentences:
        rows.append((Role.SENTENCE, text, reference, 0.0, score, None))
    for position, text, probability in triples:
        rows.append((Role.TRIPLE, text, position, probability, 0.0, None))
    rows = rows[: limit - 1]
    hidden = states.shape[1]
    encodings = encode([row[1] for row in rows]) if rows else np.zeros((0, len(question_encoding)), np.float32)
    scalars = np.zeros((len(rows) + 1, SCALARS), np.float32)
    state_rows = np.zeros((len(rows) + 1, hidden), np.float32)
    for i, row in enumerate(rows, start=1):
        scalars[i, 0], scalars[i, 1] = row[3], np.log(max(row[3], 1e-4)) / 10
        scalars[i, 2], scalars[i, 5] = row[4], float(len(row[1]) > LONG_TEXT)
        if row[5] is not None:
            state_rows[i] = row[5]
    scalars[0, 3], scalars[0, 4] = verdict, hops
    return EvidenceItems(
        roles=[Role.QUESTION, *(row[0] for row in rows)],
        texts=["", *(row[1] for row in rows)],
        references=[None, *(row[2] for row in rows)],
        encodings=np.concatenate([question_encoding[None, :], encodings]).astype(np.float32),
        states=state_rows,
        scalars=scalars,
    )


def best_sentences(
    sentences: Sequence[Sequence[str]],
    asked: str,
    question: Floats,
    encode: Callable[[list[str]], Floats],
    telling: Callable[[str], frozenset[str]],
    most: int = 8,
    least: float = TOLD,
) -> list[tuple[tuple[int, int], str, float]]:
    """The sentences that may answer a question: ``((passage, sentence), text, cosine)``, best first.

    What a sentence repeats of the question says nothing, and makes it no more like an answer: it is compared without that.
    Else whoever repeats the question before a lie is believed (PoisonedRAG; Zou et al., 2025). A question answers none. One
    that shares no telling word with the question is never as like it as an answer is, and need not be encoded.

    Args:
        sentences: Those of each passage.
        asked: The question.
        question: The encoded question, shape (width,).
        encode: Encodes texts into unit vectors, shape (texts, width).
        telling: Gives the words of a text that tell something, whatever their form.
        most: Most sentences.
        least: Cosine below which none is taken.
    """
    words = _WORD.findall(asked.casefold())
    shared = telling(asked) if asked.isascii() else frozenset()  # not every script parts words
    found = [
        ((i, j), text, rest)
        for i, texts in enumerate(sentences)
        for j, text in enumerate(texts)
        if (not shared or shared & telling(text)) and not _QUESTION.search(text) and (rest := _unrepeated(text, words))
    ]
    if not found:
        return []
    scores = encode([rest for _, _, rest in found]) @ question
    order = np.lexsort((np.arange(len(scores)), -scores))[:most]
    return [(*found[k][:2], float(scores[k])) for k in order if scores[k] >= least]


def _unrepeated(text: str, asked: Sequence[str]) -> str:
    """A text without the question that it repeats: most of its words in their order, with the first, which asks."""
    spans = [found.span() for found in _WORD.finditer(text)]
    said = [text[start:end].casefold() for start, end in spans]
    block = SequenceMatcher(None, said, asked, autojunk=False).find_longest_match(0, len(said), 0, len(asked))
    if block.b or block.size < max(REPEATED * len(asked), 2):
        return text
    rest = text[: spans[block.a][0]], text[spans[block.a + block.size - 1][1] :]
    return " ".join(part.strip() for part in rest if _WORD.search(part))
