"""A relation-following graph neural network: where a question leads, step by step.

For each number of steps that a question may take, the network follows that many relations: at every step it weighs the
relations that leave the nodes reached so far, and moves the score along them (TransferNet, Shi et al., EMNLP 2021). Three
things differ. A relation is represented by its label, and by how alike the question is to known ways of asking for it, so
that a graph which was never seen needs no training. The weights are a softmax over the relations that are *there*, and over
"none of these", so that a question which the graph cannot answer leads nowhere. And a vector state travels with the score
(ReaRev, Mavromatis and Karypis, Findings of EMNLP 2022), which tells later stages over which relations a node was reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.dgl_import import import_dgl
from kgrag.encoding.phrasebook import Likeness

SHARPNESS = 20.0  # of likeness, which is a cosine
COMMON = 0.5  # likeness that any two questions have
FOLLOWED = 1e-3  # a number of steps that is less probable is not followed
REACHED = 0.05  # a node counts as reached from this score on


@dataclass
class Reasoning:
    """What the reasoner found, for each number of steps ("length") and joined.

    Attributes:
        scores: Answer probability of each node of the batch, shape (nodes,).
        states: Vector state of each node, shape (nodes, hidden).
        steps: Score of each node after each step, the seeds first, shape (lengths, steps + 1, nodes).
        edge_weights: Weight of each directed edge at each step, shape (lengths, steps, edges).
        log_weights: Log-softmax over directed relations and "none", one a step, shape (lengths, steps, questions,
            2 * relations + 1).
        hops: Log-probability of each length, shape (questions, lengths).
    """

    scores: torch.Tensor
    states: torch.Tensor
    steps: torch.Tensor
    edge_weights: torch.Tensor
    log_weights: torch.Tensor
    hops: torch.Tensor


class Reasoner(nn.Module):
    """Relation-following reasoner.

    Args:
        width: Width of the text encoder.
        hidden: Width of the matching space and of the node states.
        steps: Most relations that a question may follow.
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
        self.none = nn.Parameter(torch.zeros(steps))
        self.missed = nn.Parameter(torch.tensor(-3.0))
        self.turned = nn.Parameter(torch.tensor(-3.0))  # for a missed relation that is there the other way round
        self.returning = nn.Parameter(torch.tensor(-2.0))  # to where the question starts
        self.hop_scale = nn.Parameter(torch.tensor(0.45))
        self.hop_trust = nn.Parameter(torch.tensor(1.2))
        self.hop_bias = nn.Parameter(torch.tensor([0.5, 0.0, *[-1.0] * (steps - 2)][:steps]))
        self.dropout = nn.Dropout(0.1)

    def gates(self) -> list[nn.Parameter]:
        """The few numbers that weigh likeness to known questions against what was learned."""
        return [
            self.log_scale,
            self.trust,
            self.none,
            self.missed,
            self.turned,
            self.returning,
            self.hop_scale,
            self.hop_trust,
            self.hop_bias,
        ]

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
        """Represents relations, forward and inverse.

        Args:
            labels: Encoded labels, shape (relations, width).

        Returns:
            Unit vectors, shape (2 * relations, hidden), the forward half first.
        """
        return torch.cat([unit(direction(labels)) for direction in self.relation])

    def match(
        self,
        query: torch.Tensor,
        relations: torch.Tensor,
        present: torch.Tensor,
        step: int = 0,
        alike: torch.Tensor | None = None,
        elsewhere: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Weighs the relations that are there against one another and against "none of these".

        Args:
            query: What the question asks for at this step, shape (questions, hidden).
            relations: Output of `encode_relations`, shape (2 * relations, hidden).
            present: Which directed relations leave the nodes reached, shape (questions, 2 * relations).
            step: Which step.
            alike: Likeness of each question to known ways of asking for each directed relation at this step, shape
                (questions, 2 * relations); without it, only what was learned counts.
            elsewhere: How well the best relation that the graph does not have fits, shape (questions, 1); with it, that
                and the best one of the graph that is not there speak for "none".

        Returns:
            Log-softmax, shape (questions, 2 * relations + 1); the last column is "none".
        """
        logits = self._fit(query, relations, step, alike)
        none = self.none[step].expand(len(query), 1)
        if elsewhere is not None:
            turned = present.roll(present.shape[1] // 2, dims=1)
            missed = (logits + self.turned * turned).masked_fill(present, -1e4).max(1, keepdim=True).values
            none = torch.logaddexp(none, torch.maximum(missed, elsewhere) + self.missed)
        logits = logits.masked_fill(~present, -1e4)
        return torch.cat([logits, none], dim=1).log_softmax(-1)

    def _fit(self, query: torch.Tensor, relations: torch.Tensor, step: int, alike: torch.Tensor | None) -> torch.Tensor:
        """How well each relation fits: what was learned, and likeness to known questions."""
        learned = self.log_scale.exp().clamp(max=60) * query @ relations.T
        return learned if alike is None else learned + SHARPNESS * self.trust[step].clamp(min=0) * (alike - COMMON)

    def elsewhere(self, query: torch.Tensor, likeness: Likeness) -> torch.Tensor:
        """How well the best relation that the graph does not have fits, shape (questions, 1)."""
        if not len(likeness.outside):
            return query.new_full((len(query), 1), -1e4)
        fit = self._fit(query, self.encode_relations(likeness.outside), 0, likeness.elsewhere)
        return fit.max(1, keepdim=True).values

    def count_hops(self, hop: torch.Tensor, likeness: Likeness) -> torch.Tensor:
        """Log-probability of each number of steps, shape (questions, steps)."""
        alike = SHARPNESS * self.hop_trust.clamp(min=0) * (likeness.lengths - COMMON)
        return (self.hop_scale * hop + alike + self.hop_bias).log_softmax(-1)

    def forward(
        self, queries: torch.Tensor, hop: torch.Tensor, batch: GraphBatch, labels: torch.Tensor, likeness: Likeness
    ) -> Reasoning:
        """Follows the questions through their sub-graphs.

        Args:
            queries: From `read`.
            hop: From `read`.
            batch: Sub-graphs.
            labels: Encoded labels of ``batch.relation_ids``, shape (relations, width).
            likeness: Of the questions to known ways of asking.
        """
        hops = self.count_hops(hop, likeness)
        share = torch.where(hops.exp() < FOLLOWED, 0.0, hops.exp())
        relations = self.encode_relations(labels)
        walk = _Walk(self, batch, queries, relations, self.message(relations), likeness)
        followed = [bool(share[:, i].any()) for i in range(self.steps)]
        walks = [walk.go(i + 1 if followed[i] else 0, i + 1) for i in range(self.steps)]
        scores, states = torch.zeros_like(walks[0].scores[0]), torch.zeros_like(walks[0].states)
        for i, one in enumerate(walks):
            part = share[batch.node_question, i]
            scores, states = scores + part * one.scores[i + 1], states + part[:, None] * one.states
        return Reasoning(
            scores,
            states,
            torch.stack([one.scores for one in walks]),
            torch.stack([one.edge_weights for one in walks]),
            torch.stack([one.log_weights for one in walks]),
            hops,
        )


@dataclass
class _Steps:
    """Where one number of steps leads: scores after each, states at the end, weights of edges and of relations at each."""

    scores: torch.Tensor
    states: torch.Tensor
    edge_weights: torch.Tensor
    log_weights: torch.Tensor


class _Walk:
    """Moves scores and states from the seeds of a batch, once for each number of steps."""

    def __init__(
        self,
        reasoner: Reasoner,
        batch: GraphBatch,
        queries: torch.Tensor,
        relations: torch.Tensor,
        values: torch.Tensor,
        likeness: Likeness,
    ) -> None:
        self.reasoner, self.batch, self.queries, self.relations = reasoner, batch, queries, relations
        self.values, self.likeness = values, likeness
        self.cell = batch.edge_question * len(relations) + batch.columns
        self.graph = OverEdges(batch.heads, batch.tails, len(batch.node_question))

    def go(self, count: int, length: int) -> _Steps:
        """Takes ``count`` steps on the way of plans of ``length`` relations."""
        batch, columns = self.batch, len(self.relations)
        score = self.values.new_zeros(len(batch.node_question))
        state = self.values.new_zeros(len(batch.node_question), self.values.shape[1])
        empty = torch.zeros_like(score)
        score[batch.seeds] = 1.0
        steps, edge_weights, log_weights = [score], [], []
        for step in range(count):
            reached = score.new_zeros(batch.questions * columns)
            reached = reached.scatter_reduce(0, self.cell, score.detach()[batch.heads], "amax")
            present = (reached > REACHED).view(batch.questions, columns)
            alike = self.likeness.steps[length - 1, step]
            query = self.queries[step]
            elsewhere = self.reasoner.elsewhere(query, self.likeness) if length == 1 else None
            log_weight = self.reasoner.match(query, self.relations, present, step, alike, elsewhere)
            edge_weight = follow_weights(log_weight).flatten()[self.cell]
            moved = score[batch.heads] * edge_weight
            message = moved[:, None] * (self.values[batch.columns] + 0.5 * state[batch.heads])
            # a node is as certain as the best way to it: many poor ways do not add up to a good one
            score = self.graph.max(moved)
            summed = self.graph.sum(torch.cat([moved[:, None], message], dim=1))
            state = summed[:, 1:] / summed[:, :1].detach().clamp(min=1)
            if step > 0:  # hardly anybody asks for what is named
                kept = torch.ones_like(score).index_fill(0, batch.seeds, 0.0)
                score = score * (kept + (1 - kept) * self.reasoner.returning.sigmoid())
            steps.append(score)
            edge_weights.append(edge_weight)
            log_weights.append(log_weight)
        rest = self.reasoner.steps - len(edge_weights)
        steps += [empty] * rest
        edge_weights += [self.values.new_zeros(len(batch.heads))] * rest
        log_weights += [self.values.new_zeros(batch.questions, columns + 1)] * rest
        return _Steps(torch.stack(steps), state, torch.stack(edge_weights), torch.stack(log_weights))


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Scales vectors to length one."""
    return functional.normalize(vectors, dim=-1)


def follow_weights(log_weight: torch.Tensor) -> torch.Tensor:
    """Turns the softmax over relations into weights to move scores by.

    The best relation moves all that "none" leaves, another the square of its share of the best: relations that fit equally
    well (a symmetric relation read in both directions) are both followed in full, instead of halving one another.
    """
    relations, none = log_weight[:, :-1], log_weight[:, -1:]
    best = relations.max(1, keepdim=True).values
    return (2 * (relations - best)).exp() * (1 - none.exp())


class OverEdges:
    """Brings edge messages to the nodes they point to: DGL on the CPU, torch scatter on CUDA.

    The registry's dgl wheel has CPU kernels only.
    """

    def __init__(self, heads: torch.Tensor, tails: torch.Tensor, nodes: int) -> None:
        self.tails, self.nodes = tails, nodes
        self.graph: Any = None if heads.is_cuda else import_dgl().graph((heads, tails), num_nodes=nodes)

    def sum(self, messages: torch.Tensor) -> torch.Tensor:
        """Sums messages of shape (edges, width) into shape (nodes, width)."""
        if self.graph is None:
            return messages.new_zeros(self.nodes, messages.shape[1]).index_add_(0, self.tails, messages)
        return self._update(messages, "sum")

    def max(self, messages: torch.Tensor) -> torch.Tensor:
        """The greatest message of each node, none of them negative, shape (edges,) into shape (nodes,); 0 without any."""
        if self.graph is None:
            return messages.new_zeros(self.nodes).scatter_reduce(0, self.tails, messages, "amax")
        return self._update(messages[:, None], "max").squeeze(1)

    def _update(self, messages: torch.Tensor, how: str) -> torch.Tensor:
        function = import_dgl().function
        with self.graph.local_scope():
            self.graph.edata["message"] = messages
            self.graph.update_all(function.copy_e("message", "copy"), getattr(function, how)("copy", "reduced"))
            return self.graph.ndata["reduced"]
