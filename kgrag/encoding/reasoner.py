"""A relation-following graph neural network: where a question leads, step by step.

At every step the network reads the question, weighs the relations that leave the nodes reached so far, and moves the
score along them (TransferNet, Shi et al., EMNLP 2021). Three things differ. A relation is represented by the encoding of
its label, so that a graph which was never seen needs no training. The weights are a softmax over the relations that are
*there*, and over "none of these", so that a question which the graph cannot answer leads nowhere. And a vector state
travels with the score (ReaRev, Mavromatis and Karypis, Findings of EMNLP 2022), which tells later stages over which
relations a node was reached.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.dgl_import import import_dgl

REACHED = 0.05  # a node counts as reached from this score on


@dataclass
class Reasoning:
    """What the reasoner found.

    Attributes:
        scores: Answer probability of each node of the batch, shape (nodes,).
        states: Vector state of each node, shape (nodes, hidden).
        steps: Score of each node after each step, the seeds first, shape (steps + 1, nodes).
        edge_weights: Weight of each directed edge at each step, shape (steps, edges).
        log_weights: Log-softmax over directed relations and "none", one a step, shape (steps, questions, 2 * relations + 1).
        hops: Log-probability of each number of steps, shape (questions, steps).
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
        self.likeness = nn.Linear(width, hidden, bias=False)
        nn.init.orthogonal_(self.likeness.weight)  # keeps angles: before any training, like texts match
        self.relation = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * hidden), nn.GELU(), nn.Linear(2 * hidden, hidden)) for _ in range(2)
        )
        self.message = nn.Linear(2 * hidden, hidden)
        self.none = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1))
        self.hop = nn.Linear(hidden, steps)
        self.log_scale = nn.Parameter(torch.tensor([2.3, 2.3]))
        self.dropout = nn.Dropout(0.1)

    def read(self, tokens: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Reads questions.

        Args:
            tokens: Contextual token states of the text encoder, shape (questions, tokens, width).
            mask: Which of them are tokens, shape (questions, tokens).

        Returns:
            One query a step, shape (steps, questions, 2 * hidden), and log-probabilities of the number of steps.
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
            alike = self.likeness((attention[..., None] * tokens).sum(1))
            queries.append(torch.cat([unit(self.query(context)), unit(alike)], dim=-1))
            memory = memory + context
        return torch.stack(queries), self.hop(overview).log_softmax(-1)

    def encode_relations(self, labels: torch.Tensor) -> torch.Tensor:
        """Represents relations, forward and inverse.

        Args:
            labels: Encoded labels, shape (relations, width).

        Returns:
            Shape (2 * relations, 2 * hidden), the forward half first: what is learned of the label in this direction
            beside its meaning as the text encoder has it, each a unit vector.
        """
        alike = unit(self.likeness(labels))
        return torch.cat([torch.cat([unit(direction(labels)), alike], dim=-1) for direction in self.relation])

    def match(self, query: torch.Tensor, relations: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """Weighs the relations that are there against one another and against "none of these".

        Args:
            query: Queries of one step, shape (questions, 2 * hidden).
            relations: Output of `encode_relations`, shape (2 * relations, 2 * hidden).
            present: Which directed relations leave the nodes reached, shape (questions, 2 * relations).

        Returns:
            Log-softmax, shape (questions, 2 * relations + 1); the last column is "none".
        """
        scale = self.log_scale.exp().clamp(max=60).repeat_interleave(query.shape[1] // 2)
        logits = (scale * query) @ relations.T
        logits = logits.masked_fill(~present, -1e4)
        return torch.cat([logits, self.none(query)], dim=1).log_softmax(-1)

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor, batch: GraphBatch, labels: torch.Tensor) -> Reasoning:
        """Follows the questions through their sub-graphs.

        Args:
            tokens: As in `read`.
            mask: As in `read`.
            batch: Sub-graphs.
            labels: Encoded labels of ``batch.relation_ids``, shape (relations, width).
        """
        queries, hops = self.read(tokens, mask)
        relations = self.encode_relations(labels)
        values = self.message(relations)
        nodes = len(batch.node_question)
        score = torch.zeros(nodes, device=tokens.device)
        score[batch.seeds] = 1.0
        state = torch.zeros(nodes, values.shape[1], device=tokens.device)
        columns = len(relations)
        cell = batch.edge_question * columns + batch.columns
        graph = SumOverEdges(batch.heads, batch.tails, nodes)
        mixed, mixed_state = torch.zeros_like(score), torch.zeros_like(state)
        steps, edge_weights, log_weights = [score], [], []
        for step in range(self.steps):
            reached = torch.zeros(batch.questions * columns, device=tokens.device)
            reached = reached.scatter_reduce(0, cell, score.detach()[batch.heads], "amax")
            present = (reached > REACHED).view(batch.questions, columns)
            log_weight = self.match(queries[step], relations, present)
            weight = follow_weights(log_weight)
            edge_weight = weight.flatten()[cell]
            moved = score[batch.heads] * edge_weight
            message = moved[:, None] * (values[batch.columns] + 0.5 * state[batch.heads])
            summed = graph(torch.cat([moved[:, None], message], dim=1))
            # a node reached along many edges is no more than certain
            cap = summed[:, :1].detach().clamp(min=1)
            score, state = (summed[:, :1] / cap).squeeze(1), summed[:, 1:] / cap
            share = hops[:, step].exp()[batch.node_question]
            mixed = mixed + share * score
            mixed_state = mixed_state + share[:, None] * state
            steps.append(score)
            edge_weights.append(edge_weight)
            log_weights.append(log_weight)
        return Reasoning(
            mixed, mixed_state, torch.stack(steps), torch.stack(edge_weights), torch.stack(log_weights), hops
        )


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Scales vectors to length one."""
    return functional.normalize(vectors, dim=-1)


def follow_weights(log_weight: torch.Tensor) -> torch.Tensor:
    """Turns the softmax over relations into weights to move scores by.

    The best relation moves all that "none" leaves, another its share of the best: relations that fit equally well (a
    symmetric relation read in both directions) are both followed in full, instead of halving one another.
    """
    relations, none = log_weight[:, :-1], log_weight[:, -1:]
    best = relations.max(1, keepdim=True).values
    return (relations - best).exp() * (1 - none.exp())


class SumOverEdges:
    """Sums edge messages into the nodes they point to: DGL on the CPU, torch scatter on CUDA.

    The registry's dgl wheel has CPU kernels only.
    """

    def __init__(self, heads: torch.Tensor, tails: torch.Tensor, nodes: int) -> None:
        self.tails, self.nodes = tails, nodes
        self.graph = None if heads.is_cuda else import_dgl().graph((heads, tails), num_nodes=nodes)

    def __call__(self, messages: torch.Tensor) -> torch.Tensor:
        """Sums messages of shape (edges, width) into shape (nodes, width)."""
        if self.graph is None:
            return messages.new_zeros(self.nodes, messages.shape[1]).index_add_(0, self.tails, messages)
        function = import_dgl().function
        with self.graph.local_scope():
            self.graph.edata["message"] = messages
            self.graph.update_all(function.copy_e("message", "copy"), function.sum("copy", "sum"))
            return self.graph.ndata["sum"]
