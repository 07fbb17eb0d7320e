"""Message passing over the evidence: what each node was reached over, as a vector that later stages read.

A vector travels along the statements of the plans that a question may mean, with the weight of those plans, from the nodes
where the question starts (ReaRev, Mavromatis and Karypis, Findings of EMNLP 2022, lets states travel with scores so).
"""

from __future__ import annotations

import torch

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.edges import over_edges


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
    count = len(batch.node_question)
    edges = over_edges(batch.heads, batch.tails, (count, count))
    states = values.new_zeros(count, values.shape[1])
    for length in range(1, len(weights) + 1):
        if not bool(share[:, length - 1].any()):
            continue
        score = values.new_zeros(count)
        score[batch.seeds] = 1.0
        state = torch.zeros_like(states)
        for step in range(length):
            moved = score[batch.heads] * weights[length - 1, step][batch.edge_question, batch.columns]
            message = moved[:, None] * (values[batch.columns] + 0.5 * state[batch.heads])
            # a node is as certain as the best way to it: many poor ways do not add up to a good one
            score = edges.max(moved)
            summed = edges.sum(torch.cat([moved[:, None], message], dim=1))
            state = summed[:, 1:] / summed[:, :1].detach().clamp(min=1)
        states = states + share[batch.node_question, length - 1, None] * state
    return states
