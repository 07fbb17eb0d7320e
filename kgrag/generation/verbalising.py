"""Evidence in words: numbered statements and sentences, as many as a token budget leaves room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kgrag.fusion import Role
from kgrag.generation.draft import Prompt, Step
from kgrag.generation.printer import verb_phrase
from kgrag.generation.sentences import relation_sentence
from kgrag.graph import is_verbal

UNKNOWN = "unknown"
TASK = (
    "Answer the question from the numbered sources alone. Name what answers it in the words of the sources, each with the "
    f"number of its source in square brackets. If the sources do not answer the question, write: {UNKNOWN}"
)
EXAMPLES_SHARE = 0.4  # of the budget that examples may take at most
FORTH, BACK = " -> ", " <- "


class Source(NamedTuple):
    """A numbered source.

    Attributes:
        text: What it says, on one line.
        items: Positions of the items that it lets be named: answers that its statement leads to, or its sentence.
    """

    text: str
    items: tuple[int, ...]


def sources(prompt: Prompt) -> list[Source]:
    """The statements that lead to answers and the sentences that may answer, the most probable first."""
    scalars = prompt.items.scalars
    texts: dict[object, str] = {}
    ends: dict[object, list[int]] = {}
    scores: dict[object, float] = {}
    for item, ways in prompt.paths.items():
        for step in (step for way in ways for step in way):
            texts[step.statement] = said(step)
            scores[step.statement] = max(scores.get(step.statement, 0.0), float(scalars[item, 0]))
            ends.setdefault(step.statement, [])
        for way in ways:
            if way:
                ends[way[-1].statement].append(item)
    for item in prompt.items.where(Role.SENTENCE):
        key = prompt.items.references[item]
        texts[key], scores[key], ends[key] = one_line(prompt.items.texts[item]), float(scalars[item, 2]), [item]
    order = sorted(texts, key=lambda key: -scores[key])  # stable: equal ones in the order of the evidence
    return [Source(texts[key], tuple(dict.fromkeys(ends[key]))) for key in order]


def said(step: Step) -> str:
    """A statement as a sentence."""
    subject, relation, obj = step.stated
    verbal = is_verbal(relation)
    relation = verb_phrase(relation, plural=False) if verbal else relation
    role = Role.RELATION_VERB if verbal else Role.RELATION_NOUN
    words = relation_sentence(role, relation, subject, [obj], many=False)[:-1]
    return one_line(" ".join(words)) + "."


def line_of(way: Sequence[Step]) -> tuple[str, ...]:
    """A path as the parts of a line: a node, then for each step its relation and the node that it leads to."""
    parts = [one_line(way[0].start)]
    for step in way:
        arrow = BACK if step.backward else FORTH
        parts += [arrow + one_line(step.relation), arrow + one_line(step.end)]
    return tuple(parts)


def within(found: Sequence[Source], count: Callable[[str], int], budget: int) -> list[Source]:
    """The first sources, whole, as many as the budget of tokens leaves room for."""
    kept: list[Source] = []
    for source in found:
        budget -= count(numbered(len(kept) + 1, source))
        if budget < 0:
            break
        kept.append(source)
    return kept


def numbered(number: int, source: Source) -> str:
    """A source with its number."""
    return f"[{number}] {source.text}"


def in_words(prompt: Prompt, count: Callable[[str], int], budget: int) -> tuple[str, list[Source]]:
    """A prompt for a model that reads words, and the sources that it numbers.

    Args:
        prompt: The question and its evidence.
        count: Counts the tokens of a text.
        budget: Most tokens of sources and examples.
    """
    shots: list[str] = []
    left = int(EXAMPLES_SHARE * budget)
    for shot in prompt.shots:
        text = f"Question: {one_line(shot.question)}\nAnswer: {one_line(shot.answer)}\n"
        left -= count(text)
        if left < 0:
            break
        shots.append(text)
    used = sum(map(count, shots))
    kept = within(sources(prompt), count, budget - used)
    parts = [TASK, "", *reversed(shots)]  # the nearest stands next to the question
    parts += ["Sources:", *(numbered(number, source) for number, source in enumerate(kept, start=1)), ""]
    return "\n".join([*parts, f"Question: {one_line(prompt.text)}", "Answer:"]), kept


def one_line(text: str) -> str:
    """A text without line breaks, which part the lines of a prompt."""
    return " ".join(text.split())
