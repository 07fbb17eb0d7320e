"""The fusion layer: evidence items become vectors in the language model's input space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from kgrag.fusion.items import SCALARS, EvidenceItems, Role

STATELESS = 0.4


@dataclass
class ItemBatch:
    """Items of several questions, padded: first dimension questions, second items."""

    roles: torch.Tensor
    encodings: torch.Tensor
    states: torch.Tensor
    scalars: torch.Tensor
    present: torch.Tensor

    @classmethod
    def collate(cls, items: Sequence[EvidenceItems]) -> ItemBatch:
        """Pads the items of several questions to one size."""
        most = max(len(i) for i in items)

        def pad(arrays: list[np.ndarray]) -> torch.Tensor:
            shape = (len(arrays), most, *arrays[0].shape[1:])
            padded = np.zeros(shape, arrays[0].dtype)
            for row, array in zip(padded, arrays):
                row[: len(array)] = array
            return torch.from_numpy(padded)

        return cls(
            roles=pad([np.array(i.roles, np.int64) for i in items]),
            encodings=pad([i.encodings for i in items]),
            states=pad([i.states for i in items]),
            scalars=pad([i.scalars for i in items]),
            present=pad([np.ones(len(i), bool) for i in items]),
        )

    def to(self, device: torch.device) -> ItemBatch:
        """The same on a device."""
        return ItemBatch(**{name: value.to(device) for name, value in vars(self).items()})


class EvidenceEmbedding(nn.Module):
    """One vector an item: graph part and text part, each through a gate that is learned and can be read.

    Args:
        width: Width of the text encoder.
        hidden: Width of the GNN states.
        model_width: Width of the language model.

    Attributes:
        stateless: Share of training prompts whose items come without GNN states.
    """

    def __init__(self, width: int, hidden: int, model_width: int) -> None:
        super().__init__()
        self.text = nn.Linear(width, model_width)
        self.graph = nn.Linear(hidden + SCALARS, model_width)
        self.role = nn.Embedding(len(Role), model_width)
        self.gate = nn.Linear(width + hidden + SCALARS, 2)
        self.norm = nn.LayerNorm(model_width)
        self.stateless = STATELESS

    def forward(self, items: ItemBatch, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Embeds items.

        Args:
            items: The items.
            weights: How much graph and text count, shape (questions, 2).

        Returns:
            Vectors of shape (questions, items, model_width), and gates for graph and text, shape (questions, items, 2).
        """
        states = items.states
        if self.training:
            # the reasoner may be trained on after the generator was: that has to get by without what it knows of states
            kept = torch.rand(len(states), 1, 1, device=states.device) >= self.stateless
            states = states * kept
        facts = torch.cat([states, items.scalars], dim=-1)
        gates = torch.sigmoid(self.gate(torch.cat([items.encodings, facts], dim=-1)))
        graph, text = (gates * weights[:, None, :]).split(1, dim=-1)
        mixed = graph * self.graph(facts) + text * self.text(items.encodings)
        return self.norm(mixed + self.role(items.roles)), gates
