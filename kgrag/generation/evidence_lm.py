"""A causal language model whose vocabulary is widened, for each question, by the evidence items of that question.

Token ids from ``vocab_size`` on are evidence items: id ``vocab_size + i`` is item i of the question. They enter through
the fusion layer instead of the embedding matrix, and leave through a second head which scores item i at a hidden state h
by ``<W_q h, W_k e_i> / sqrt(d) + beta * log p_i`` with the item's vector e_i and its prior p_i. Words and items share one
softmax, so that naming an entity is a choice among those in the evidence (pointer networks, Vinyals et al., NeurIPS 2015;
copying, Gu et al., ACL 2016; here with items that are no words at all).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast


class EvidenceLM(PreTrainedModel, GenerationMixin):
    """Any Hugging Face causal language model, with evidence items as further tokens.

    Args:
        lm: The language model, GPT-NeoX by default.
    """

    main_input_name = "input_ids"
    _supports_sdpa = True

    def __init__(self, lm: PreTrainedModel) -> None:
        super().__init__(lm.config)
        self.lm = lm
        width = lm.config.hidden_size
        self.vocabulary = lm.config.vocab_size
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.prior_weight = nn.Parameter(torch.tensor(1.0))
        self.generation_config = lm.generation_config

    @property
    def _tied_weights_keys(self) -> Any:
        return None

    @_tied_weights_keys.setter
    def _tied_weights_keys(self, value: Any) -> None:
        """Tying stays with the inner model."""

    def embed(self, ids: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        """Embeds words by the model's matrix and items by their vectors.

        Args:
            ids: Shape (questions, length).
            items: Item vectors, shape (questions, items, width).
        """
        words = self.lm.get_input_embeddings()(ids.clamp(max=self.vocabulary - 1))
        index = (ids - self.vocabulary).clamp(min=0)
        chosen = items.gather(1, index[..., None].expand(-1, -1, items.shape[-1]))
        return torch.where((ids >= self.vocabulary)[..., None], chosen.to(words), words)

    def forward(  # type: ignore[override]
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        past_key_values: Any = None,
        items: torch.Tensor | None = None,
        item_prior: torch.Tensor | None = None,
        item_present: torch.Tensor | None = None,
        use_cache: bool | None = None,
        position_ids: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Scores words and items.

        Args:
            input_ids: Words and items, shape (questions, length).
            items: Item vectors, shape (questions, items, width).
            item_prior: Logarithm of each item's prior, shape (questions, items).
            item_present: Which items may be written, shape (questions, items).

        Returns:
            ``logits`` of shape (questions, length, vocabulary + items).
        """
        assert items is not None and item_prior is not None and item_present is not None
        output = self.lm.base_model(
            inputs_embeds=self.embed(input_ids, items),
            attention_mask=attention_mask,
            past_key_values=past_key_values,
            position_ids=position_ids,
            use_cache=use_cache,
        )
        hidden = output.last_hidden_state
        head = self.lm.get_output_embeddings()
        keys = self.key(items.to(hidden))
        scores = self.query(hidden) @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5
        scores = scores + self.prior_weight * item_prior[:, None, :]
        scores = scores.masked_fill(~item_present[:, None, :], torch.finfo(scores.dtype).min)
        logits = torch.cat([head(hidden)[..., : self.vocabulary], scores], dim=-1)
        return CausalLMOutputWithPast(logits=logits, past_key_values=output.past_key_values)  # type: ignore[arg-type]
