"""Generation by models that read evidence as words: fusion mode ``text``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from kgrag.config import GenerationConfig
from kgrag.fusion import Role
from kgrag.generation.answers import draft_of, draft_of_verdict
from kgrag.generation.automaton import Grammar, Lines
from kgrag.generation.draft import Draft, Prompt
from kgrag.generation.verbalising import UNKNOWN, Source, in_words, line_of

BATCH = 8  # prompts that a model is given at once


class TextModel(Protocol):
    """A language model that reads words and writes words.

    Attributes:
        name: By which `kgrag.generation.loading.generator_named` finds it again.
        room: Most tokens of a prompt with its answer; None where that is not known.
    """

    name: str
    room: int | None

    def count(self, text: str) -> int:
        """Tokens of a text."""

    def write(self, prompts: Sequence[str], grammars: Sequence[Grammar], config: GenerationConfig) -> list[str]:
        """One text a prompt; a model that can be held to the grammar writes nothing but its lines."""


class TextGenerator:
    """Gives a text model the evidence in words, and maps what it writes back to items.

    So the same checks serve as for evidence tokens, and an answer names nothing that the evidence does not hold.

    Args:
        model: The language model.
    """

    def __init__(self, model: TextModel) -> None:
        self.model = model

    @property
    def name(self) -> str:
        """By which `kgrag.generation.loading.generator_named` makes it again."""
        return self.model.name

    def write(self, prompts: Sequence[Prompt], config: GenerationConfig) -> list[Draft]:
        """One draft a prompt. Yes and no are the reasoner's, and where there is no evidence nothing is asked."""
        drafts = [draft_of_verdict(p) if p.verdict else Draft((), (), 1.0, True, (0.0, 0.0)) for p in prompts]
        asked = []
        for i, prompt in enumerate(prompts):
            text, sources = in_words(prompt, self.model.count, self.room_of(prompt, config))
            if sources and not prompt.verdict:
                asked.append((i, text, sources))
        for first in range(0, len(asked), BATCH):
            part = asked[first : first + BATCH]
            grammars = [grammar_of(prompts[i], sources) for i, _, sources in part]
            texts = self.model.write([text for _, text, _ in part], grammars, config)
            for (i, _, sources), text in zip(part, texts):
                drafts[i] = draft_of(text, prompts[i], sources)
        return drafts

    def stream(self, prompt: Prompt, config: GenerationConfig) -> Iterator[Draft]:
        """The draft at its end: what it names is known only then."""
        yield from self.write([prompt], config)

    def room_of(self, prompt: Prompt, config: GenerationConfig) -> int:
        """Tokens that evidence and examples may take."""
        if self.model.room is None:
            return config.evidence_tokens
        bare, _ = in_words(prompt, self.model.count, 0)
        return min(config.evidence_tokens, self.model.room - config.tokens - self.model.count(bare))


def grammar_of(prompt: Prompt, sources: Sequence[Source]) -> Lines:
    """What may be written: a path to an answer, the number of a sentence; or, where nothing is sure, that nothing is known."""
    paths = [line_of(way) for ways in prompt.paths.values() for way in ways if way]
    roles = prompt.items.roles
    told = [
        (f"[{number}]",)
        for number, source in enumerate(sources, start=1)
        if any(roles[item] is Role.SENTENCE for item in source.items)
    ]
    return Lines([*paths, *told], alone=[] if prompt.answerable else [(UNKNOWN,)])
