"""What the stages hand on to one another. Every stage imports this; no stage imports another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Mention:
    """A stretch of the question that may name a node: ``text == question[start:end]``."""

    start: int
    end: int
    text: str

    def after(self, characters: int) -> Mention:
        """The same with so many more characters before it."""
        return Mention(self.start + characters, self.end + characters, self.text)


@dataclass(frozen=True)
class Link:
    """A mention and the node it names; ``node`` is None where it names none (NIL).

    Attributes:
        score: In 0..1, comparable between mentions.
        exact: Whether the mention equals an alias of the node up to case and spacing.
        candidates: ``(node, score)`` of every candidate that was considered, best first.
    """

    mention: Mention
    node: int | None
    score: float
    exact: bool = True
    candidates: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Triple:
    """One statement of the graph, with the labels to show it by.

    Attributes:
        subject: IRI, or ``_:`` label of a blank node.
        predicate: IRI.
        object: IRI, blank node, or the literal in N-Triples form.
        labels: Labels of subject, predicate and object.
        source: File or endpoint the statement came from.
        id: Its statement id in the graph.
    """

    subject: str
    predicate: str
    object: str
    labels: tuple[str, str, str]
    source: str = ""
    id: int = -1

    def __str__(self) -> str:
        return " — ".join(self.labels)


@dataclass(frozen=True)
class Subgraph:
    """The part of the graph around the linked nodes.

    Attributes:
        nodes: Node ids of the graph, shape (nodes,); the seeds come first.
        heads: Subject of each statement as a position in ``nodes``, shape (statements,).
        relations: Relation id of each statement, shape (statements,).
        tails: Object of each statement as a position in ``nodes``, shape (statements,).
        statements: Statement ids of the graph, shape (statements,).
        seeds: Positions of the linked nodes in ``nodes``, shape (seeds,).
        truncated: Whether there was more than could be taken.
        hops: Steps from the seeds that were taken at most; None where their number is not bounded.
    """

    nodes: Ids
    heads: Ids
    relations: Ids
    tails: Ids
    statements: Ids
    seeds: Ids
    truncated: bool = False
    hops: int | None = None

    def only(self, kept: Ids) -> Subgraph:
        """The same nodes with only some of the statements, given by their positions."""
        return replace(
            self,
            heads=self.heads[kept],
            relations=self.relations[kept],
            tails=self.tails[kept],
            statements=self.statements[kept],
        )


@dataclass(frozen=True)
class Passage:
    """A short text, by itself or a part of a document.

    Attributes:
        source: File or address that it comes from.
        entities: IRIs of the nodes that it names.
        document: Id of the document that it is a part of; the parts of one follow one another in their order there.
        metadata: What searches may be restricted by.
    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    entities: tuple[str, ...] = ()
    document: str = ""
    metadata: Mapping[str, str | int | float | bool] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class ScoredPassage:
    """A passage found for a question; ``score`` is the cosine (or inner product) with the question."""

    passage: Passage
    score: float


@dataclass(frozen=True)
class Evidence:
    """All that retrieval brought for one question: the input of encoding, fusion and generation.

    Attributes:
        seconds: How long it took to take the sub-graph.
    """

    question: str
    links: tuple[Link, ...]
    subgraph: Subgraph
    passages: tuple[ScoredPassage, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Citation:
    """A numbered source of an answer: a statement of the graph, or a passage with the sentence used."""

    number: int
    triple: Triple | None = None
    passage: Passage | None = None
    sentence: str = ""

    def __str__(self) -> str:
        if self.triple is not None:
            origin = f"  ({self.triple.source})" if self.triple.source else ""
            return f"[{self.number}] {self.triple}{origin}"
        assert self.passage is not None
        page = self.passage.metadata.get("page")
        names = (self.passage.title, self.passage.source, f"page {page}" if page else "", self.passage.id)
        origin = ", ".join(filter(None, names))
        return f"[{self.number}] “{self.sentence or self.passage.text}”  ({origin})"


@dataclass(frozen=True)
class AnswerEntity:
    """A node named as (part of) the answer."""

    label: str
    iri: str
    probability: float


@dataclass(frozen=True)
class Answer:
    """What is said to a question, and all that it rests on.

    Attributes:
        text: The answer in a sentence, with ``[n]`` after what source n supports.
        entities: The nodes that answer, most probable first; ``yes`` or ``no`` for a yes/no question is in ``verdict``.
        citations: The sources, numbered as in ``text``.
        paths: For each answering entity, the statements that lead from a linked node to it.
        confidence: Calibrated, 0..1.
        abstained: Whether the system refused to answer; ``reason`` says why.
        gates: Mean share of graph and text in the evidence that the generator read.
        weights: What graph, text and the language model's own words counted when it wrote: as set, times what was learned.
        operator: What was computed from statements, such as "count"; empty where the answer is what is stated.
        value: The number that was counted.
        steps: What was computed, step by step, in words.
    """

    question: str
    text: str
    entities: tuple[AnswerEntity, ...] = ()
    verdict: str = ""
    citations: tuple[Citation, ...] = ()
    paths: tuple[tuple[Triple, ...], ...] = ()
    links: tuple[Link, ...] = ()
    confidence: float = 0.0
    abstained: bool = False
    reason: str = ""
    gates: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    operator: str = ""
    value: str = ""
    steps: tuple[str, ...] = ()

    @property
    def answers(self) -> list[str]:
        """The answers as plain strings, best first: the verdict, the number, or the labels of the entities."""
        said = self.verdict or self.value
        return [said] if said else [entity.label for entity in self.entities]

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"  {citation}" for citation in self.citations)])


@dataclass(frozen=True)
class Question:
    """A question with its gold answers, as read from a question file or synthesised.

    Attributes:
        answers: Labels or IRIs. Empty for a question that the graph cannot answer.
        topics: Labels or IRIs of the nodes that the question names.
        path: Gold path as labels: node, relation, node, ...; empty where not known.
        gold_passages: Ids of the passages that answer.
    """

    question: str
    answers: tuple[str, ...] = ()
    id: str = ""
    topics: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    hops: int | None = None
    answer_text: str = ""
    gold_passages: tuple[str, ...] = ()
    kind: str = ""

    @property
    def unanswerable(self) -> bool:
        """Whether a refusal is the right answer."""
        return not (self.answers or self.answer_text or self.gold_passages)


class TextEncoder(Protocol):
    """Turns texts into unit vectors, so that related texts are close."""

    name: str
    width: int

    def encode(self, texts: Sequence[str], progress: bool = False) -> Floats:
        """Returns one unit vector a text, shape (texts, width)."""

    def tokens(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns contextual token states (texts, tokens, width) and their mask (texts, tokens)."""

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Returns where each token of `tokens` stands in its text."""
