"""What a generator may write: words of answer sentences, each item of the evidence once, and lists that name all answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from kgrag.fusion import ANSWERS, Role
from kgrag.generation.draft import Prompt
from kgrag.generation.sentences import MOST_BRIDGES

if TYPE_CHECKING:
    from kgrag.generation.generator import Generator

LISTING = (",", "and", "through", ".")


class OnlyFrameWords:
    """Allows, beside the items, only the words of answer sentences, and each item once within an answer.

    Whatever the language model prefers, it then cannot spell out a name that is not in the evidence, refuse what is sure,
    say yes or no against the reasoner, or leave out an answer, where it is not to choose: then a list names them in the order
    of the evidence, the most probable first, and how many are left to say decides on the comma, the "and" and its end.

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
        self.bare = torch.zeros(len(prompts), dtype=torch.bool, device=device)  # and where no item may,
        self.verdicts: list[int | None] = []  # since it is yes or no
        words = {word: generator.word_ids(word) for word in LISTING}
        self.word = {word: ids[0] for word, ids in words.items() if len(ids) == 1}
        self.opening, self.closing = special["<ans>"], special["</ans>"]
        self.lists: list[tuple[list[int], list[int]]] = []  # the answers and bridges of each question
        yes, no = (generator.word_ids(word)[0] for word in ("yes", "no"))
        for row, prompt in enumerate(prompts):
            counted = not prompt.choosing and prompt.items.where(Role.ANSWER)
            answers = prompt.items.where(*ANSWERS) if counted else []
            self.lists.append((self._tokens(answers), self._tokens(prompt.items.where(Role.BRIDGE))))
            self.closed[row, [yes, no]] = True
            if prompt.answerable:
                self.closed[row, special["<abstain>"]] = True
            self.first[row] = self.closed[row]
            self.verdicts.append({1: yes, -1: no}.get(prompt.verdict))
            if prompt.verdict:
                self.first[row] = self.bare[row] = True
                self.first[row, self.verdicts[row]] = False

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
        for row, ids in enumerate(written.tolist()):
            following = self._following(ids, *self.lists[row // beams])
            if following is not None and scores[row, following].isfinite().any():
                kept = scores[row, following]
                scores[row] = float("-inf")
                scores[row, following] = kept
        return scores

    def only(self, input_ids: torch.Tensor) -> list[int | None]:
        """The token that comes next in each question, where nothing else may; None where there is a choice."""
        if input_ids.shape[1] == self.length:
            return self.verdicts
        found: list[int | None] = []
        for row, ids in enumerate(input_ids[:, self.length :].tolist()):
            following = self._following(ids, *self.lists[row]) or ()
            open_ = [token for token in following if token >= self.vocabulary or not self.closed[row, token]]
            found.append(open_[0] if len(open_) == 1 else None)
        return found

    def _tokens(self, places: Sequence[int]) -> list[int]:
        return [self.vocabulary + place for place in places]

    def _following(self, written: list[int], answers: list[int], bridges: list[int]) -> list[int] | None:
        """The tokens of which one must come next in a list of answers, or of what leads to them; None where that is open."""
        word = self.word
        if not written or len(word) < len(LISTING):
            return None
        starts = (self.opening, word["through"])
        start = next((place for place in range(len(written) - 1, -1, -1) if written[place] in starts), None)
        if start is None or self.closing in written[start:]:
            return [word["through"]] if written[-1] == word[","] else None
        names, most, end = answers, len(answers), self.closing
        if written[start] != self.opening:
            names, most, end = bridges, min(len(bridges), MOST_BRIDGES), word["."]
        said = set(written[start:])
        left = most - len(said.intersection(names))
        if not names or end in said:
            return None
        if written[-1] not in names:
            return [name for name in names if name not in written][:1]
        return [(end, word["and"])[left] if left < 2 else word[","]]
