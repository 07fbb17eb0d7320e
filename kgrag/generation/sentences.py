"""Sentences that say one relation: of a thing named, and of what answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from kgrag.fusion import Role

Piece = TypeVar("Piece")
NOUNS = (Role.RELATION_NOUN, Role.RELATION_NOUN_INVERSE)
FRAME = ("yes", "no", ",", "and", "the", "of", "is", "are", "through", ":", ".", "graph", "says", "only", "that")
RELATIONS = (Role.RELATION_VERB, Role.RELATION_VERB_INVERSE, *NOUNS)


def joined(pieces: Sequence[Piece]) -> list[Piece | str]:
    """Pieces as a list: commas between them, and "and" before the last."""
    listed: list[Piece | str] = []
    for number, piece in enumerate(pieces):
        if number:
            listed.append("and" if number == len(pieces) - 1 else ",")
        listed.append(piece)
    return listed


def relation_sentence(
    role: Role, relation: Piece, named: Piece, answers: Sequence[Piece], many: bool
) -> list[Piece | str]:
    """The pieces of a sentence.

    Args:
        role: Whether the relation is a verb or a noun, and whether the answers are its subjects (inverse) or its objects.
        relation: The relation.
        named: What it joins the answers to.
        answers: The list of answers, commas included.
        many: Whether there is more than one.
    """
    if role is Role.RELATION_VERB:
        return [named, relation, *answers, "."]
    if role is Role.RELATION_VERB_INVERSE:
        return [*answers, relation, named, "."]
    if role is Role.RELATION_NOUN:
        return ["the", relation, "of", named, "are" if many else "is", *answers, "."]
    return [named, "is", "the", relation, "of", *answers, "."]
