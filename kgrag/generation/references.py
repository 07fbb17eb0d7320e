"""Reference answers: what the generator learns to write for a prompt whose right answers are known, and is expected to.

A reference is a list of steps. A step is a word, a special token, or a set of items any of which is right next: the
order within a list means nothing, so none is taught, nor which of several things to name where any will do.
"""

from __future__ import annotations

from collections.abc import Sequence

from kgrag.fusion import ANSWERS, EvidenceItems, Role
from kgrag.generation.draft import Prompt
from kgrag.generation.sentences import MOST_BRIDGES, RELATIONS, joined, relation_sentence

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


def likely(prompt: Prompt) -> list[str | int]:
    """What is most likely written to a prompt: its reference if all that may answer does, names in the order of the evidence."""
    items = prompt.items
    answers, sentences = items.where(*ANSWERS), items.where(Role.SENTENCE)
    told = sentences[0] if sentences and not answers and not prompt.verdict else None
    said: list[str | int] = []
    for step in reference(items, answers, prompt.verdict, told):
        said.append(step if isinstance(step, str) else next((one for one in step if one not in said), *step[:1]))
    return [*said, "<eos>"]


def _sentence(items: EvidenceItems, answers: Sequence[int]) -> list[Step]:
    listed = _list(answers)
    if all(items.roles[a] is Role.TEXT for a in answers):
        return ["<ans>", tuple(answers), "</ans>"]
    hops = int(items.scalars[0, 4])
    bridges = items.where(Role.BRIDGE)
    relations = items.where(*RELATIONS)
    topics = items.where(Role.TOPIC)
    named: Step = (topics[0],) if topics else ()
    if hops == 2 and len(bridges) == 1 and len(relations) == 2:  # the last statement says it
        relation, named = relations[1], (bridges[0],)
    elif hops > 1 and bridges:
        return [*listed, ",", "through", *joined([tuple(bridges)] * min(len(bridges), MOST_BRIDGES)), "."]
    elif not relations or not topics:
        return [*listed, "."]
    else:
        relation = relations[0]
        if hops == 1 and len(relations) == 1 and not items.scalars[0, 3]:
            named = tuple(topics)  # it joins the answers to all of them
    return relation_sentence(items.roles[relation], (relation,), named, listed, len(answers) > 1)


def _list(answers: Sequence[int]) -> list[Step]:
    return ["<ans>", *joined([tuple(answers)] * len(answers)), "</ans>"]
