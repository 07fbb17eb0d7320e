"""From a draft to the text that a person reads: labels, agreement, punctuation and source numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kgrag.fusion import EvidenceItems, Role

_NO_SPACE_BEFORE = (",", ".", ":", ";", "?", "!", ")")
_VERB_ROLES = (Role.RELATION_VERB, Role.RELATION_VERB_INVERSE)
_NAMED = (Role.ANSWER, Role.TOPIC, Role.BRIDGE, Role.TEXT)
_PLURAL = {"is": "are", "has": "have", "was": "were", "does": "do"}
_PARTICIPLE_PREPOSITIONS = {"by", "in", "with", "to", "from", "on", "of", "at", "for", "during", "as"}


def verb_phrase(label: str, plural: bool) -> str:
    """A relation label as the verb of a sentence: "caused by" becomes "is caused by", "treats" in the plural "treat"."""
    words = label.replace("_", " ").split()
    if not words:
        return label
    head = words[0].lower()
    if head in _PLURAL:
        words[0] = _PLURAL[head] if plural else head
    elif len(words) > 1 and words[-1] in _PARTICIPLE_PREPOSITIONS and not head.endswith("s"):
        words.insert(0, "are" if plural else "is")
    elif plural and head.endswith("s") and not head.endswith("ss"):
        words[0] = words[0][:-2] if head.endswith(("shes", "ches", "xes")) else words[0][:-1]
    return " ".join(words)


def print_answer(pieces: Sequence[str | int], items: EvidenceItems, cite: Callable[[int], Sequence[int]]) -> str:
    """Prints a draft.

    Args:
        pieces: Words, or positions of items.
        items: The items of the question.
        cite: Gives the source numbers of an item; none for an item that needs no source.
    """
    text = ""
    named = 0  # names since the last verb or word, which decide between singular and plural
    for piece in pieces:
        if isinstance(piece, str):
            part = piece
            if piece not in (",", "and"):
                named = 0
        else:
            role, part = items.roles[piece], items.texts[piece]
            if role in _VERB_ROLES:
                part = verb_phrase(part, plural=named > 1)
                named = 0
            elif role in _NAMED:
                named += 1
            part += "".join(f" [{number}]" for number in cite(piece))
        glue = "" if not text or part.startswith(_NO_SPACE_BEFORE) else " "
        text += glue + part
    for mark in _NO_SPACE_BEFORE:
        text = text.replace(f" {mark}", mark)
    text = text.replace("..", ".")
    return re.sub(r"(^|[a-z]\. )([a-z])", lambda m: m[1] + m[2].upper(), text)
