"""What a language model is asked, and what it writes before anything of it is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, takewhile
from typing import NamedTuple, Protocol

from kgrag.config import GenerationConfig
from kgrag.fusion import EvidenceItems


class Step(NamedTuple):
    """A statement on the way to an answer, in the direction in which it is followed.

    Attributes:
        start: Label of the node that it is followed from.
        relation: Label of its relation.
        end: Label of the node that it is followed to.
        backward: Whether it states the relation of ``end`` to ``start``.
        statement: Its id in the graph.
    """

    start: str
    relation: str
    end: str
    backward: bool
    statement: int

    @property
    def stated(self) -> tuple[str, str, str]:
        """Labels of subject, predicate and object."""
        return (self.end, self.relation, self.start) if self.backward else (self.start, self.relation, self.end)


class Unit(NamedTuple):
    """What one source says: the unit in which evidence is taken apart, where its sources are asked one by one.

    Attributes:
        items: Positions of the items that answer by this source alone.
        weight: How much its voice counts.
        told: Whether it is a passage, not statements.
    """

    items: tuple[int, ...]
    weight: float
    told: bool


class Shot(NamedTuple):
    """A question with its answer, as an example."""

    question: str
    answer: str


@dataclass(frozen=True)
class Prompt:
    """A question for the generator.

    Attributes:
        pieces: The question: words, or positions of items that stand for a mention.
        items: The evidence.
        answerable: Whether the reasoner is sure of an answer, so that the generator may not refuse.
        choosing: Whether the generator chooses among the items that may answer; otherwise it names them all.
        link_score: Score of the least certain link of the question.
        paths: For items that may answer, the ways that lead to them from what the question names.
        units: The evidence by its sources; empty where it is not taken apart.
        shots: Examples, the nearest first.
    """

    pieces: tuple[str | int, ...]
    items: EvidenceItems
    answerable: bool = False
    choosing: bool = False
    link_score: float = 1.0
    paths: Mapping[int, Sequence[tuple[Step, ...]]] = field(default_factory=dict)
    units: tuple[Unit, ...] = ()
    shots: tuple[Shot, ...] = ()

    @property
    def verdict(self) -> int:
        """1 for yes, -1 for no, 0 where the question asks for something else."""
        return int(self.items.scalars[0, 3])

    @property
    def text(self) -> str:
        """The question in words."""
        return "".join(self.items.texts[piece] if isinstance(piece, int) else piece for piece in self.pieces)


@dataclass(frozen=True)
class Draft:
    """What the generator wrote.

    Attributes:
        pieces: Words (str), or positions of items (int). Empty where answers are named and nothing is said of them.
        answers: Positions of the items named as answers, in the order written.
        probability: Mean probability of the items and decisions written; of a beam, the geometric mean.
        abstained: Whether the generator itself refused.
        gates: Mean gate of graph and text over the items read.
        weights: What the graph, text and language model counted, as set and as learned.
        reason: Why it refused, where more is known than that it did.
        outvoted: Positions of items that are not to be named: too few sources say that they answer.
    """

    pieces: tuple[str | int, ...]
    answers: tuple[int, ...]
    probability: float
    abstained: bool
    gates: tuple[float, float]
    weights: tuple[float, float, float] = (1.0, 1.0, 1.0)
    reason: str = ""
    outvoted: tuple[int, ...] = ()


class Writer(Protocol):
    """Writes a draft to each prompt: every generator is one."""

    def write(self, prompts: Sequence[Prompt], config: GenerationConfig) -> list[Draft]:
        """One draft a prompt, in their order."""


def pieces_of(
    written: Sequence[int], special: Mapping[int, str], first: int, decode: Callable[[list[int]], str]
) -> tuple[tuple[str | int, ...], tuple[int, ...], bool]:
    """Reads what a language model wrote.

    Args:
        written: Token ids.
        special: Names of special tokens by their ids.
        first: Id of the first item.
        decode: Gives the words of token ids.

    Returns:
        Words and positions of items; positions of those named as answers; and whether it refused.
    """
    kept = list(takewhile(lambda token: special.get(token) not in ("<eos>", "<pad>"), written))
    pieces: list[str | int] = []
    said = [token for token in kept if token not in special]
    for are_items, tokens in groupby(said, lambda token: token >= first):
        run = list(tokens)
        pieces += [token - first for token in run] if are_items else [decode(run).strip()]
    answers, inside = [], False
    for token in kept:
        if token >= first and inside:
            answers.append(token - first)
        elif special.get(token) in ("<ans>", "</ans>"):
            inside = special[token] == "<ans>"
    return tuple(pieces), tuple(answers), any(special.get(token) == "<abstain>" for token in kept)
