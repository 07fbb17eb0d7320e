"""What a generator may write: words of answer sentences, and each item of the evidence once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from kgrag.generation.draft import Prompt

if TYPE_CHECKING:
    from kgrag.generation.generator import Generator


class OnlyFrameWords:
    """Allows, beside the items, only the words of answer sentences, and each item once within an answer.

    Whatever the language model prefers, it then cannot spell out a name that is not in the evidence, refuse what is sure,
    or say yes or no against the reasoner.

    Args:
        generator: Whose words and special tokens.
        prompts: One a question.
        length: Of the padded prompts, which is not counted as written.
    """

    def __init__(self, generator: Generator, prompts: Sequence[Prompt], length: int) -> None:
        self.vocabulary, self.length = generator.model.vocabulary, length
        special = generator.special
        device = generator.device
        closed = torch.ones(self.vocabulary, dtype=torch.bool, device=device)
        closed[generator.settings["frame"]] = False
        closed[[special[name] for name in ("<eos>", "<ans>", "</ans>", "<abstain>")]] = False
        self.closed = closed.repeat(len(prompts), 1)
        self.first = self.closed.clone()  # what may not come first,
        self.bare = torch.zeros(len(prompts), dtype=torch.bool, device=device)  # and where no item may
        yes, no = (generator.word_ids(word)[0] for word in ("yes", "no"))
        for row, prompt in enumerate(prompts):
            verdict = float(prompt.items.scalars[0, 3])
            self.closed[row, [yes, no]] = True
            if prompt.answerable:
                self.closed[row, special["<abstain>"]] = True
            self.first[row] = self.closed[row]
            if verdict:
                self.first[row] = self.bare[row] = True
                self.first[row, yes if verdict > 0 else no] = False

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        scores = scores.clone()
        written = input_ids[:, self.length :]
        rule = self.closed if written.shape[1] else self.first
        beams = len(scores) // len(rule)  # a row a beam
        scores[:, : self.vocabulary].masked_fill_(rule.repeat_interleave(beams, dim=0), float("-inf"))
        if not written.shape[1]:
            scores[self.bare.repeat_interleave(beams), self.vocabulary :] = float("-inf")
        rows, columns = (written >= self.vocabulary).nonzero(as_tuple=True)
        scores[rows, written[rows, columns]] = float("-inf")
        return scores
