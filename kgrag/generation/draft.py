"""What a language model is asked, and what it writes before anything of it is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

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
