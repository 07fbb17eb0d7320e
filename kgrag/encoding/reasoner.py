"""Reads which relations a question means to be followed, step by step.

At every step the network attends to the words that say which relation comes next, and compares them with the relations
there are. A relation is represented by its label alone, so that a graph which was never seen needs no training. Whole plans
are then sought in the graph (`kgrag.encoding.plans`); likeness to known ways of asking counts beside what was learned, and so
does "none of these": a question which the graph cannot answer leads nowhere.
"""

from __future__ import annotations

import torch
from torch import nn

from kgrag.encoding.phrasing import Phrasing
from kgrag.encoding.ranker import PlanRanker, unit


class Reasoner(nn.Module):
    """Relation-following reasoner.

    Args:
        width: Width of the text encoder.
        hidden: Width of the matching space and of the node states.
        steps: Most relations that a question may follow.

    Attributes:
        phrasing: What questions are encoded with beside the text encoder's own weights.
    """

    def __init__(self, width: int = 384, hidden: int = 192, steps: int = 3) -> None:
        super().__init__()
        self.settings = {"width": width, "hidden": hidden, "steps": steps}
        self.steps = steps
        self.reader = nn.GRU(width, hidden // 2, batch_first=True, bidirectional=True)
        self.content = nn.Linear(width, hidden)
        self.step_query = nn.Parameter(torch.randn(steps, hidden) * 0.1)
        self.memory = nn.Linear(hidden, hidden)
        self.focus = nn.Linear(hidden, hidden)
        self.query = nn.Sequential(nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, hidden))
        self.relation = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * hidden), nn.GELU(), nn.Linear(2 * hidden, hidden)) for _ in range(2)
        )
        self.message = nn.Linear(hidden, hidden)
        self.hop = nn.Linear(hidden, steps)
        # How much what was learned counts against likeness to known questions: set on data/medical/questions, not test,
        # and trained with the rest on labelled questions.
        self.log_scale = nn.Parameter(torch.tensor(2.3))
        self.trust = nn.Parameter(torch.full((steps,), 1.1))
        self.longer = nn.Parameter(
            torch.tensor(0.1)
        )  # likeness that a plan of several relations has less than the best of one
        self.none = nn.Parameter(torch.zeros(steps))
        self.missed = nn.Parameter(torch.tensor(-3.0))
        self.returning = nn.Parameter(torch.tensor(-2.0))  # to where the question starts, or by way of it
        self.ranker = PlanRanker(width, steps=steps)
        self.dropout = nn.Dropout(0.1)
        self.phrasing: Phrasing | None = None

    def read(self, tokens: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Reads questions.

        Args:
            tokens: Contextual token states of the text encoder, shape (questions, tokens, width).
            mask: Which of them are tokens, shape (questions, tokens).

        Returns:
            Queries, one a step, shape (steps, questions, hidden), and a logit of each number of steps, shape (questions,
            steps).
        """
        lengths = mask.sum(1).clamp(min=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(tokens, lengths, batch_first=True, enforce_sorted=False)
        read, _ = self.reader(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(read, batch_first=True, total_length=tokens.shape[1])
        states = self.dropout(states + self.content(tokens))
        closed = ~mask.bool()
        overview = states.masked_fill(closed[..., None], 0).sum(1) / lengths[:, None].to(states)
        memory = torch.zeros_like(overview)
        queries = []
        for step in range(self.steps):
            wanted = torch.tanh(self.step_query[step] + self.memory(memory))
            attention = (self.focus(states) @ wanted[:, :, None]).squeeze(-1) / wanted.shape[-1] ** 0.5
            attention = attention.masked_fill(closed, float("-inf")).softmax(1)
            context = (attention[..., None] * states).sum(1)
            queries.append(unit(self.query(context)))
            memory = memory + context
        return torch.stack(queries), self.hop(overview)

    def encode_relations(self, labels: torch.Tensor) -> torch.Tensor:
        """Represents relations.

        Args:
            labels: Encoded labels, shape (relations, width).

        Returns:
            Unit vectors, shape (2 * relations, hidden): each relation as it is stated, then read backwards.
        """
        both = [unit(direction(labels)) for direction in self.relation]
        return torch.stack(both, dim=1).flatten(0, 1)

    def fit(self, queries: torch.Tensor, relations: torch.Tensor) -> torch.Tensor:
        """How well relations fit what is asked for.

        Args:
            queries: From `read`, shape (..., hidden).
            relations: From `encode_relations`, shape (2 * relations, hidden).

        Returns:
            Logits, shape (..., 2 * relations); "none of these" has the logit ``none``, by step.
        """
        return self.log_scale.exp().clamp(max=60) * queries @ relations.T
