"""Message passing over the evidence: what each node was reached over, as a vector that later stages read.

A vector travels along the statements of the plans that a question may mean, with the weight of those plans, from the nodes
where the question starts (ReaRev, Mavromatis and Karypis, Findings of EMNLP 2022, lets states travel with scores so).
"""

from __future__ import annotations

from typing import Any

import torch

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.dgl_import import import_dgl


def node_states(batch: GraphBatch, values: torch.Tensor, weights: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Passes messages along weighted relations.

    Args:
        batch: Sub-graphs.
        values: Message of each directed relation of the batch, shape (2 * relations, hidden).
        weights: Weight of each directed relation, for plans of each length at each step, shape (lengths, steps,
            questions, 2 * relations).
        share: Share of each length in a question, shape (questions, lengths).

    Returns:
        Shape (nodes, hidden).
    """
    graph = OverEdges(batch.heads, batch.tails, len(batch.node_question))
    states = values.new_zeros(len(batch.node_question), values.shape[1])
    for length in range(1, len(weights) + 1):
        if not bool(share[:, length - 1].any()):
            continue
        score = values.new_zeros(len(batch.node_question))
        score[batch.seeds] = 1.0
        state = torch.zeros_like(states)
        for step in range(length):
            moved = score[batch.heads] * weights[length - 1, step][batch.edge_question, batch.columns]
            message = moved[:, None] * (values[batch.columns] + 0.5 * state[batch.heads])
            # a node is as certain as the best way to it: many poor ways do not add up to a good one
            score = graph.max(moved)
            summed = graph.sum(torch.cat([moved[:, None], message], dim=1))
            state = summed[:, 1:] / summed[:, :1].detach().clamp(min=1)
        states = states + share[batch.node_question, length - 1, None] * state
    return states


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
