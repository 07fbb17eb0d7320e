"""BERT by torch's fused transformer layer: a short text takes half the time that it takes in the modules of transformers.

The layer's kernel, and the rule by which it is taken, are those of ``torch.nn.TransformerEncoderLayer`` outside of training.
A few short texts of different lengths are read as one row, in which each sees itself alone: nothing is filled up.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class FusedBert:
    """Token states of a BERT model, without gradients; its layers are copied.

    Args:
        bert: A ``BertModel`` of transformers.

    Attributes:
        packed: Tokens, at most, of texts that are read as one row: attention is paid by their square.
    """

    packed = 192

    def __init__(self, bert: Any) -> None:
        self._embeddings = bert.embeddings
        self._layers = [_fused(layer, bert.config) for layer in bert.encoder.layer]

    @classmethod
    def of(cls, model: Any) -> FusedBert | None:
        """Makes one of a model of transformers; None if it is of a kind that the fused layer does not compute."""
        config: Any = getattr(model, "config", None)
        fits = getattr(config, "model_type", "") == "bert" and config.hidden_act == "gelu" and not config.is_decoder
        return cls(model) if fits else None

    @torch.no_grad()
    def __call__(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Computes states.

        Args:
            ids: Token ids, shape (texts, tokens).
            mask: 1 where there is a token, shape (texts, tokens).

        Returns:
            Shape (texts, tokens, width).
        """
        there = mask.bool()
        if there.all():
            return self._read(self._embeddings(ids), {})
        if int(there.sum()) > self.packed:
            return self._read(self._embeddings(ids), {"src_key_padding_mask": ~there})
        owner, place = there.nonzero(as_tuple=True)
        packed = self._embeddings(ids[there][None], position_ids=place[None])
        apart = torch.zeros(len(owner), len(owner), dtype=packed.dtype)
        apart.masked_fill_(owner[:, None] != owner[None, :], float("-inf"))
        states = packed.new_zeros(*ids.shape, packed.shape[-1])
        states[owner, place] = self._read(packed, {"src_mask": apart})[0]
        return states

    def _read(self, states: torch.Tensor, masks: dict[str, torch.Tensor]) -> torch.Tensor:
        for layer in self._layers:
            states = layer(states, **masks)
        return states


def _fused(layer: Any, config: Any) -> nn.TransformerEncoderLayer:
    """A layer of transformers as one of torch."""
    read, mixed = layer.attention.self, layer.attention.output
    fused = nn.utils.skip_init(  # whose random weights would be drawn for nothing
        nn.TransformerEncoderLayer,
        config.hidden_size,
        config.num_attention_heads,
        config.intermediate_size,
        activation="gelu",
        layer_norm_eps=config.layer_norm_eps,
        batch_first=True,
    )
    parts = {
        "self_attn.in_proj": (read.query, read.key, read.value),
        "self_attn.out_proj": (mixed.dense,),
        "norm1": (mixed.LayerNorm,),
        "linear1": (layer.intermediate.dense,),
        "linear2": (layer.output.dense,),
        "norm2": (layer.output.LayerNorm,),
    }
    for name, modules in parts.items():
        joint = "_" if name.endswith("in_proj") else "."
        fused.get_parameter(f"{name}{joint}bias").data = torch.cat([module.bias.detach() for module in modules])
        weight = torch.cat([module.weight.detach() for module in modules])
        # Of a few rows, MKL multiplies faster with a matrix that lies by columns.
        fused.get_parameter(f"{name}{joint}weight").data = weight.t().contiguous().t() if weight.ndim == 2 else weight
    return fused.eval().requires_grad_(False)
