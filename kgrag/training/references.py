"""Reference answers: what the generator learns to write for a prompt whose right answers are known.

A reference is a list of steps. A step is a word, a special token, or a set of items any of which is right next: the
order within a list of answers means nothing, so none is taught.
"""

from __future__ import annotations

from collections.abc import Sequence

from kgrag.fusion import EvidenceItems, Role
from kgrag.generation.sentences import RELATIONS, joined, relation_sentence

Step = str | tuple[int, ...]


def reference(
    items: EvidenceItems, answers: Sequence[int], verdict: int = 0, sentence: int | None = None
) -> list[Step]:
    """Words a right answer.

    Args:
        items: The evidence of the question.
        answers: Positions of the items that answer.
        verdict: 1 for yes, -1 for no.
        sentence: Position of a sentence that answers, where no node does.
    """
    if sentence is not None:
        return [(sentence,)]
    triples = items.where(Role.TRIPLE)
    if verdict > 0 and triples:
        return ["yes", ":", (triples[0],), "."]
    if verdict < 0:
        said = _sentence(items, answers) if answers else []
        return ["no", ".", *(["the", "graph", "says", "only", "that", *said] if said else [])]
    if not answers:
        return ["<abstain>"]
    return _sentence(items, answers)


def _sentence(items: EvidenceItems, answers: Sequence[int]) -> list[Step]:
    listed = _list(answers)
    if all(items.roles[a] is Role.TEXT for a in answers):
        return ["<ans>", tuple(answers), "</ans>"]
    hops = int(items.scalars[0, 4])
    bridges = items.where(Role.BRIDGE)
    relations = items.where(*RELATIONS)
    topics = items.where(Role.TOPIC)
    if hops == 2 and len(bridges) == 1 and len(relations) == 2:  # the last statement says it
        relation, topic = relations[1], bridges[0]
    elif hops > 1 and bridges:
        return [*listed, ",", "through", *_plain_list(bridges[:3]), "."]
    elif not relations or not topics:
        return [*listed, "."]
    else:
        relation, topic = relations[0], topics[0]
    return relation_sentence(items.roles[relation], (relation,), (topic,), listed, len(answers) > 1)


def _list(answers: Sequence[int]) -> list[Step]:
    return ["<ans>", *joined([tuple(answers)] * len(answers)), "</ans>"]


def _plain_list(positions: Sequence[int]) -> list[Step]:
    return joined([(p,) for p in positions])
