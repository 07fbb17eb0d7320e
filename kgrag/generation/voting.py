"""Drafts by vote, against evidence that somebody planted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kgrag.config import GenerationConfig
from kgrag.errors import InputError
from kgrag.fusion import ANSWERS, Role
from kgrag.generation.draft import Draft, Prompt, Unit, Writer
from kgrag.generation.sentences import RELATIONS
from kgrag.types import Triple

ISOLATED, CONSISTENT = "isolate_then_vote", "self_consistency"
ASKED, WAYS = (Role.QUESTION, Role.TOPIC), (Role.BRIDGE, *RELATIONS)
CONTRADICTED = "its sources contradict one another"
DRAWN = 0.7  # temperature of samples, where none is set
AGREE, COPIED = 0.8, 0.97  # cosine from which sentences say the same, and from which they are one text


def drafted(writer: Writer, prompts: Sequence[Prompt], config: GenerationConfig) -> list[Draft]:
    """One draft a prompt, by the defence that the settings name.

    Raises:
        InputError: There is no defence of that name.
    """
    if not config.defence:
        return writer.write(prompts, config)
    if config.defence == ISOLATED:
        return isolated(writer, prompts, config)
    if config.defence == CONSISTENT:
        return self_consistent(writer, prompts, config)
    raise InputError(f"There is no defence called {config.defence!r}.", f"There are {ISOLATED!r} and {CONSISTENT!r}.")


def self_consistent(writer: Writer, prompts: Sequence[Prompt], config: GenerationConfig) -> list[Draft]:
    """What most of several drawn drafts answer (Wang et al., 2023); of equally many, what was drawn first.

    The probability of a draft is its share of the votes.
    """
    temperature = config.temperature or DRAWN
    rounds = [
        writer.write(prompts, replace(config, temperature=temperature, seed=config.seed + number))
        for number in range(config.samples)
    ]
    found = []
    for drafts in zip(*rounds):
        votes = Counter(map(_said, drafts))
        most = max(drafts, key=lambda draft: votes[_said(draft)])
        found.append(replace(most, probability=votes[_said(most)] / len(drafts)))
    return found


def isolated(writer: Writer, prompts: Sequence[Prompt], config: GenerationConfig) -> list[Draft]:
    """Lets each source answer alone, and takes what most of them say (RobustRAG; Xiang et al., 2024).

    Sources of statements come before passages, which are asked only where those name nothing. An answer counts that has
    at least half of the weight of the sources that answer. Of sentences that one counts with which most other passages
    agree, where copies of one text are one passage. Yes and no are of the graph as a whole, and are left as they are.
    """
    jobs = [
        [alone(prompt, unit) for unit in prompt.units]
        if len(prompt.units) > 1 and not prompt.verdict
        else [(prompt, ())]
        for prompt in prompts
    ]
    drafts = iter(writer.write([part for job in jobs for part, _ in job], config))
    found = []
    for prompt, job in zip(prompts, jobs):
        said = [(next(drafts), kept) for _, kept in job]
        found.append(_voted(prompt, [_placed(*one) for one in said]) if len(job) > 1 else said[0][0])
    return found


def alone(prompt: Prompt, unit: Unit) -> tuple[Prompt, tuple[int, ...]]:
    """A prompt with no more evidence than one source gives, and where its items are in the whole one."""
    items = prompt.items
    paths = {item: ways for item, ways in prompt.paths.items() if item in unit.items}
    stated = {str(Triple("", "", "", step.stated)) for ways in paths.values() for way in ways for step in way}
    triples = [item for item in items.where(Role.TRIPLE) if items.texts[item] in stated]
    kept = tuple(sorted({*items.where(*(ASKED if unit.told else (*ASKED, *WAYS))), *triples, *unit.items}))
    place = {item: at for at, item in enumerate(kept)}
    pieces = tuple(place[piece] if isinstance(piece, int) else piece for piece in prompt.pieces)
    paths = {place[item]: ways for item, ways in paths.items()}
    return replace(prompt, pieces=pieces, items=items.only(kept), paths=paths, units=()), kept


def _voted(prompt: Prompt, drafts: Sequence[Draft]) -> Draft:
    """One draft from those of the units of a prompt."""
    voices = [(unit, draft) for unit, draft in zip(prompt.units, drafts) if not draft.abstained]
    gates = (0.0, 0.0)
    if voices:
        gates = tuple(float(np.mean([draft.gates[side] for _, draft in voices])) for side in (0, 1))  # type: ignore[assignment]
    stating = [unit for unit, _ in voices if not unit.told]
    if stating:  # who answers from statements stands for all that they lead to
        votes: dict[int, float] = dict.fromkeys(prompt.items.where(*ANSWERS), 0.0)
        for unit in stating:
            for item in unit.items:
                votes[item] += unit.weight
        most = sum(unit.weight for unit in stating)
        kept = tuple(item for item in votes if 2 * votes[item] >= most)
        outvoted = tuple(item for item in votes if item not in kept)
        share = min((votes[item] / most for item in kept), default=0.0)
        reason = "" if kept else CONTRADICTED
        return Draft((), kept, share, not kept, gates, reason=reason, outvoted=outvoted)
    told = [quoted for _, draft in voices if (quoted := _sentence(prompt, draft)) is not None]
    if not told:
        return Draft((), (), 1.0, True, gates)
    alike = prompt.items.encodings[told] @ prompt.items.encodings[told].T
    first = [not (alike[row, :row] >= COPIED).any() for row in range(len(told))]  # of copies, the first one votes
    agreed = (alike[:, first] >= AGREE).sum(1)
    best = max(range(len(told)), key=lambda row: (agreed[row], float(prompt.items.scalars[told[row], 2]), -row))
    return Draft((told[best],), (), float(agreed[best] / sum(first)), False, gates)


def _sentence(prompt: Prompt, draft: Draft) -> int | None:
    """The sentence that a draft quotes."""
    roles = prompt.items.roles
    return next((p for p in draft.pieces if isinstance(p, int) and roles[p] is Role.SENTENCE), None)


def _placed(draft: Draft, kept: Sequence[int]) -> Draft:
    """A draft of a part, with its items as they are numbered in the whole."""
    pieces = tuple(kept[piece] if isinstance(piece, int) else piece for piece in draft.pieces)
    return replace(draft, pieces=pieces, answers=tuple(kept[item] for item in draft.answers))


def _said(draft: Draft) -> tuple[bool, frozenset[int]]:
    """What a draft answers: two that answer the same may word it differently."""
    named = draft.answers or tuple(piece for piece in draft.pieces if isinstance(piece, int))
    return draft.abstained, frozenset(named)
