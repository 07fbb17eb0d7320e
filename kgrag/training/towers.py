"""What of a bi-encoder is trained: a linear map of question vectors, or the encoders themselves."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from kgrag.encoder import MiniLM, computes_bf16, save_model
from kgrag.types import Floats

_TOGETHER = 16  # texts that are read together


class Turn(nn.Module):
    """A linear map of vectors, the identity at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Parameter(torch.zeros(width, width))

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Unit vectors, shape (n, width)."""
        return functional.normalize(vectors + vectors @ self.change.T, dim=-1)

    @property
    def matrix(self) -> Floats:
        """What vectors are multiplied by, shape (width, width)."""
        return (torch.eye(len(self.change)) + self.change.detach()).numpy()


class LowRank(nn.Module):
    """A linear layer as it was, plus a product of two narrow matrices that is trained (LoRA: Hu et al., ICLR 2022)."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(rank, layer.in_features) / layer.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.layer(inputs) + (inputs @ self.down.T) @ self.up.T

    def merged(self) -> nn.Linear:
        """One layer that does the same."""
        merged = copy.deepcopy(self.layer)
        merged.weight.data += (self.up @ self.down).detach()
        return merged


class Tower(nn.Module):
    """A sentence encoder that is trained.

    Args:
        encoder: What it is at first; it is not changed.
        rank: Of the products that are trained beside each linear layer; all weights are trained where not given.
    """

    def __init__(self, encoder: MiniLM, rank: int | None = None) -> None:
        super().__init__()
        self.model = encoder.trainable()
        self.rank = rank
        if rank is not None:
            self.model.requires_grad_(False)
            for parent, name, layer in _layers(self.model, nn.Linear):
                setattr(parent, name, LowRank(layer, rank))

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors of texts, shape (texts, width).

        Those of like length are read together, in bf16 where that is quicker, and once more for the gradient: what is
        remembered for that does not grow with their number (Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016).
        """
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        parts = [[texts[place] for place in order[at : at + _TOGETHER]] for at in range(0, len(order), _TOGETHER)]
        with torch.autocast("cpu", torch.bfloat16, enabled=computes_bf16()):
            read = [checkpoint(self._read, part, use_reentrant=False) for part in parts]
        return functional.normalize(torch.cat(read).float()[np.argsort(order)], dim=-1)

    def _read(self, texts: list[str]) -> torch.Tensor:
        prepare = getattr(self.model, "preprocess", None) or self.model.tokenize
        vectors: torch.Tensor = self.model(prepare(texts))["sentence_embedding"]
        return vectors

    def products(self) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        """By the name of a layer what is added to it: two matrices, shapes (outputs, rank) and (rank, inputs)."""
        return {
            name: (layer.up.detach(), layer.down.detach())
            for name, layer in self.model.named_modules()
            if isinstance(layer, LowRank) and layer.up.any()  # there are layers that no vector goes through
        }

    def trained(self, name: str) -> MiniLM:
        """The encoder as it is now, under a name."""
        model = copy.deepcopy(self.model)
        for parent, child, layer in _layers(model, LowRank):
            setattr(parent, child, layer.merged())
        with tempfile.TemporaryDirectory() as folder:
            save_model(model, Path(folder) / name)
            return MiniLM(Path(folder) / name)


def _layers(model: nn.Module, kind: type) -> list[tuple[nn.Module, str, Any]]:
    """The layers of a kind, each with the module that it is in and its name there."""
    inside = [(parent, name, layer) for parent in model.modules() for name, layer in parent.named_children()]
    return [one for one in inside if isinstance(one[2], kind)]
