"""Lets the small generator learn from what a larger one writes (sequence-level distillation: Kim and Rush, EMNLP 2016)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kgrag.config import GenerationConfig
from kgrag.fusion import ANSWERS, EvidenceItems
from kgrag.generation import Draft, Generator, Prompt
from kgrag.generation.draft import Writer
from kgrag.generation.references import Step
from kgrag.training.generator import Example


def taught(
    teacher: Writer, pupil: Generator, prompts: Sequence[Prompt], config: GenerationConfig | None = None
) -> list[Example]:
    """Prompts with the answers of a teacher, those that the pupil may write: its words are few, and name nothing.

    Names in the words of the teacher become the items that print as they do.

    Args:
        teacher: Writes the answers.
        pupil: Is to learn from them, see `kgrag.training.generator.train_generator`.
        prompts: What is asked.
        config: How the teacher writes.
    """
    known = {*pupil.settings["frame"], *pupil.special.values()}
    found = zip(prompts, teacher.write(prompts, config or GenerationConfig()))
    examples = [Example(prompt, tuple(steps_of(draft, prompt.items))) for prompt, draft in found]
    words = [{token for s in e.steps if isinstance(s, str) for token in pupil.token_ids(s)} for e in examples]
    return [example for example, tokens in zip(examples, words) if example.steps and tokens <= known]


def steps_of(draft: Draft, items: EvidenceItems) -> list[Step]:
    """The steps of a draft, as those of a reference answer."""
    if draft.abstained:
        return ["<abstain>"]
    pieces = [part for piece in draft.pieces for part in (_named(piece, items) if isinstance(piece, str) else [piece])]
    answers = tuple(dict.fromkeys(p for p in pieces if isinstance(p, int) and items.roles[p] in ANSWERS))
    places = [place for place, piece in enumerate(pieces) if piece in answers]
    steps: list[Step] = []
    for place, piece in enumerate(pieces):
        if places and place == places[0]:
            steps.append("<ans>")
        steps.append(piece if isinstance(piece, str) else answers if piece in answers else (piece,))
        if places and place == places[-1]:
            steps.append("</ans>")
    return steps


def _named(text: str, items: EvidenceItems) -> list[str | int]:
    """Words, and the items that print as some of them; the longest first."""
    names = {name.lower(): i for i, name in reversed([*enumerate(items.texts)]) if name}
    pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    parts = re.split(rf"(?<!\w)({pattern})(?!\w)", text.lower()) if names else [text.lower()]
    pieces: list[str | int] = []
    for part in parts:
        pieces += [names[part]] if part in names else re.findall(r"\w+|[^\w\s]", part)
    return pieces
