"""What a language model is asked, and what it writes before anything of it is checked."""

from __future__ import annotations

from dataclasses import dataclass

from kgrag.fusion import EvidenceItems


@dataclass(frozen=True)
class Prompt:
    """A question for the generator.

    Attributes:
        pieces: The question: words, or positions of items that stand for a mention.
        items: The evidence.
        answerable: Whether the reasoner is sure of an answer, so that the generator may not refuse.
        link_score: Score of the least certain link of the question.
    """

    pieces: tuple[str | int, ...]
    items: EvidenceItems
    answerable: bool = False
    link_score: float = 1.0


@dataclass(frozen=True)
class Draft:
    """What the generator wrote.

    Attributes:
        pieces: Words (str), or positions of items (int).
        answers: Positions of the items named as answers, in the order written.
        probability: Mean probability of the items and decisions written; of a beam, the geometric mean.
        abstained: Whether the generator itself refused.
        gates: Mean gate of graph and text over the items read.
        weights: What the graph, text and language model counted, as set and as learned.
    """

    pieces: tuple[str | int, ...]
    answers: tuple[int, ...]
    probability: float
    abstained: bool
    gates: tuple[float, float]
    weights: tuple[float, float, float] = (1.0, 1.0, 1.0)
