"""Ranks whole plans: a question and the relations of a plan are read together, each in the light of the other.

What is found relation by relation (`kgrag.encoding.reasoner`) does not tell whether a plan leaves a part of the question unsaid,
or says more than is asked. Here every word of the question looks for the relation that explains it, and every relation for the
words that ask for it, over and over; what comes of both is one number for the plan (decomposable attention, Parikh et al.,
EMNLP 2016, with words and relations compared in the text encoder's own space, so that labels which were never seen are
compared well from the start).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

CLOSED = -1e9  # logit of what is not there


class PlanRanker(nn.Module):
    """Scores plans against the question that they may answer.

    Args:
        width: Width of the text encoder.
        hidden: Width of the states of words and relations.
        steps: Most relations of a plan.
        rounds: How often words and relations look at one another.
    """

    def __init__(self, width: int = 384, hidden: int = 128, steps: int = 3, rounds: int = 2) -> None:
        super().__init__()
        self.words = nn.GRU(width, hidden // 2, batch_first=True, bidirectional=True)
        self.content = nn.Linear(width, hidden)
        self.meaning = _faint(hidden, width)
        self.directions = nn.ModuleList(
            nn.Sequential(nn.Linear(width, hidden), nn.GELU(), _faint(hidden, width)) for _ in range(2)
        )
        self.relation = nn.Linear(width, hidden)
        self.place = nn.Parameter(torch.randn(steps, hidden) * 0.1)
        self.last = nn.Parameter(torch.randn(hidden) * 0.1)
        self.rounds = nn.ModuleList(_Round(hidden) for _ in range(rounds))
        self.dropout = nn.Dropout(0.1)
        self.score = nn.Sequential(
            nn.LayerNorm(3 * hidden), nn.Linear(3 * hidden, hidden), nn.GELU(), nn.Linear(hidden, 1)
        )
        self.none = nn.Linear(hidden, 1)
        self.certainty = nn.Parameter(torch.zeros(()))

    def forward(
        self, tokens: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor, plans: torch.Tensor, owner: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores plans.

        Args:
            tokens: Contextual token states of the text encoder, shape (questions, tokens, width).
            mask: Which of them are tokens, shape (questions, tokens).
            labels: Encoded labels of relations, shape (relations, width).
            plans: Directed relations of each plan, -1 after the last, shape (plans, steps).
            owner: The question of each plan, shape (plans,).

        Returns:
            A logit of each plan, shape (plans,), and of no plan at all for each question, shape (questions,).
        """
        mask = mask.bool()
        states = self._read(tokens, mask)
        meanings = unit(unit(tokens) + self.meaning(states))
        there, filled = plans >= 0, plans.clamp(min=0)
        used, places = torch.unique(filled >> 1, return_inverse=True)  # a graph has many more than a few plans use
        known = torch.stack([unit(labels[used] + direction(labels[used])) for direction in self.directions], dim=1)
        relations = known[places, filled & 1]
        last = functional.one_hot(there.sum(1) - 1, plans.shape[1])[..., None]
        steps = self.relation(relations) + self.place[: plans.shape[1]] + last * self.last
        words, spoken = states, mask[owner]
        alike = relations @ meanings[owner].transpose(1, 2)
        for number, look in enumerate(self.rounds):
            assert isinstance(look, _Round)
            own = look.own(words)
            if not number:  # until now, words are the same for all plans of a question
                words, own = words[owner], own[owner]
            words, steps = look(words, own, steps, alike, spoken, there)
        least = steps.masked_fill(~there[..., None], 1e4).amin(1)
        read = torch.cat([_mean(words, spoken), _mean(steps, there), least], dim=-1)
        sure: torch.Tensor = self.certainty.exp()
        return sure * self.score(read).squeeze(-1), sure * self.none(_mean(states, mask)).squeeze(-1)

    def _read(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        lengths = mask.sum(1).clamp(min=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(tokens, lengths, batch_first=True, enforce_sorted=False)
        read, _ = nn.utils.rnn.pad_packed_sequence(
            self.words(packed)[0], batch_first=True, total_length=tokens.shape[1]
        )
        states: torch.Tensor = self.dropout(read + self.content(tokens))
        return states


class _Round(nn.Module):
    """One look of the words at the relations, and of the relations at the words."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.affinity = nn.Linear(hidden, hidden, bias=False)
        self.likeness = nn.Parameter(torch.full((2,), 5.0))
        self.unexplained = nn.Parameter(torch.zeros(1))
        self.own, self.said = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)
        self.step = nn.Sequential(
            nn.LayerNorm(2 * hidden), nn.Linear(2 * hidden, hidden), nn.GELU(), nn.Linear(hidden, hidden)
        )

    def forward(
        self,
        words: torch.Tensor,
        own: torch.Tensor,
        steps: torch.Tensor,
        alike: torch.Tensor,
        spoken: torch.Tensor,
        there: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """New states of words and relations.

        Args:
            words: Shape (plans, tokens, hidden).
            own: What `own` makes of them, of the same shape.
            steps: Shape (plans, steps, hidden).
            alike: Cosine of each relation with each word, shape (plans, steps, tokens).
            spoken: Which words there are, shape (plans, tokens).
            there: Which relations there are, shape (plans, steps).
        """
        affinity = self.affinity(steps) @ words.transpose(1, 2) / words.shape[-1] ** 0.5
        explained = (affinity + self.likeness[0] * alike).masked_fill(~there[..., None], CLOSED)
        unexplained = self.unexplained.expand(len(words), 1, words.shape[1])
        shares = torch.cat([explained, unexplained], dim=1).softmax(1)[:, :-1].transpose(1, 2)
        words = words + functional.gelu(own + shares @ self.said(steps))
        wanted = (affinity + self.likeness[1] * alike).masked_fill(~spoken[:, None], CLOSED).softmax(-1)
        return words, steps + self.step(torch.cat([steps, wanted @ words], dim=-1))


def _faint(width: int, out: int) -> nn.Linear:
    """A layer that adds next to nothing at first: words and labels mean what the encoder says."""
    layer = nn.Linear(width, out)
    nn.init.normal_(layer.weight, std=0.002)
    return layer


def _mean(states: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    total: torch.Tensor = (states * there[..., None]).sum(1)
    return total / there.sum(1, keepdim=True).clamp(min=1)


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Scales vectors to length one."""
    return functional.normalize(vectors, dim=-1)
