"""How much graph, text and language model count against one another."""

from __future__ import annotations

import torch
from torch import nn

from kgrag.fusion.items import Role
from kgrag.fusion.layer import ItemBatch

SOURCES = ("graph", "text", "lm")


class Balance(nn.Module):
    """Learns weights of the three sources from how sure retrieval is; zero at first, when each has the weight one.

    What it sees is the probability of the best answer, the score of the best sentence, and that of the least certain link.
    """

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, len(SOURCES))
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, items: ItemBatch, links: torch.Tensor) -> torch.Tensor:
        """Logarithms of the weights of ``SOURCES``, shape (questions, 3).

        Args:
            items: The evidence.
            links: Score of each question's least certain link, shape (questions,).
        """
        answers = (items.roles == Role.ANSWER) | (items.roles == Role.TEXT)
        best = (items.scalars[..., 0] * answers).amax(1)
        told = (items.scalars[..., 2] * (items.roles == Role.SENTENCE)).amax(1)
        return self.linear(torch.stack([best, told, links], dim=1))


def item_bias(items: ItemBatch, weights: torch.Tensor) -> torch.Tensor:
    """What weights add to the scores of items, so that each source's share of the softmax is multiplied by its weight.

    Args:
        items: The evidence; sentences are text, all else is of the graph.
        weights: Logarithms of the weights, shape (questions, 3).

    Returns:
        Shape (questions, items); vocabulary stays as it is, for a softmax knows differences alone.
    """
    graph, text, lm = weights[:, :, None].unbind(1)
    return torch.where(items.roles == Role.SENTENCE, text, graph) - lm
