"""A causal language model whose vocabulary is widened, for each question, by the evidence items of that question.

Token ids from ``vocabulary`` on are evidence items: id ``vocabulary + i`` is item i of the question. They leave through a
second head which scores item i at a hidden state h by ``<W_q h, W_k e_i> / sqrt(d) + beta * log p_i`` with the item's vector
e_i and its prior p_i. Words and items share one softmax, so that naming an entity is a choice among those in the evidence
(pointer networks, Vinyals et al., NeurIPS 2015; copying, Gu et al., ACL 2016; here with items that are no words at all).
How items are read is up to the fusion mode: as tokens, as soft tokens (ids below 0), or by layers between the blocks.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

from kgrag.fusion import FusionMode, blocks_of


class EvidenceLM(PreTrainedModel, GenerationMixin):
    """Any Hugging Face causal language model, with evidence items as further tokens.

    Args:
        lm: The language model, GPT-NeoX by default.
        mode: How it reads items.
        added: Tokens that its own vocabulary lacks, such as those that begin and end a list of answers. They follow its
            words, and have vectors of their own: the language model stays as it is.
    """

    main_input_name = "input_ids"
    _supports_sdpa = True

    def __init__(self, lm: PreTrainedModel, mode: FusionMode, added: int = 0) -> None:
        super().__init__(lm.config)
        self.lm, self.mode = lm, mode
        width = lm.config.hidden_size
        self.words = lm.config.vocab_size
        self.vocabulary = self.words + added
        self.added = nn.Embedding(added, width) if added else None
        self.added_head = nn.Linear(width, added, bias=False) if added else None
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.prior_weight = nn.Parameter(torch.tensor(1.0))
        self.generation_config = lm.generation_config
        mode.attach(blocks_of(lm))

    @property
    def _tied_weights_keys(self) -> Any:
        return None

    @_tied_weights_keys.setter
    def _tied_weights_keys(self, value: Any) -> None:
        """Tying stays with the inner model."""

    def embed(self, ids: torch.Tensor, items: torch.Tensor, soft: torch.Tensor | None = None) -> torch.Tensor:
        """Embeds words by the model's matrix, and all else by its own vector.

        Args:
            ids: Shape (questions, length).
            items: Item vectors, shape (questions, items, width).
            soft: Soft tokens, shape (questions, tokens, width).
        """
        words = self.lm.get_input_embeddings()(ids.clamp(min=0, max=self.words - 1))
        others = items if soft is None else torch.cat([items, soft], dim=1)
        if self.added is not None:
            others = torch.cat([self.added.weight.expand(len(items), -1, -1), others], dim=1)
        index = torch.where(ids < 0, ids + others.shape[1], ids - self.words).clamp(min=0)
        chosen = others.gather(1, index[..., None].expand(-1, -1, others.shape[-1]))
        of_others = ((ids < 0) | (ids >= self.words))[..., None]
        return torch.where(of_others.to(words.device), chosen.to(words), words)

    def forward(  # type: ignore[override]
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        past_key_values: Any = None,
        items: torch.Tensor | None = None,
        item_prior: torch.Tensor | None = None,
        item_present: torch.Tensor | None = None,
        item_bias: torch.Tensor | None = None,
        soft: torch.Tensor | None = None,
        memory: torch.Tensor | None = None,
        memory_present: torch.Tensor | None = None,
        use_cache: bool | None = None,
        position_ids: torch.Tensor | None = None,
        logits_to_keep: int = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Scores words and items.

        Args:
            input_ids: Words, items and soft tokens, shape (questions, length).
            items: Item vectors, shape (questions, items, width).
            item_prior: Logarithm of each item's prior, shape (questions, items).
            item_present: Which items may be written, shape (questions, items).
            item_bias: What is added to the score of each item, shape (questions, items).
            soft: Soft tokens, shape (questions, tokens, width).
            memory: What layers between the blocks look at, shape (questions, items, width).
            memory_present: Which of it is there, shape (questions, items).
            logits_to_keep: How many of the last positions are scored; 0 for all.

        Returns:
            ``logits`` of shape (questions, length, vocabulary + items).
        """
        assert items is not None and item_prior is not None and item_present is not None
        evidence = {} if memory is None else {"evidence": (memory, memory_present)}
        embedded = self.embed(input_ids, items, soft)
        output = self.lm.base_model(
            inputs_embeds=embedded,
            attention_mask=None if attention_mask is None else attention_mask.to(embedded.device),
            past_key_values=past_key_values,
            position_ids=None if position_ids is None else position_ids.to(embedded.device),
            use_cache=use_cache,
            **evidence,
        )
        hidden = output.last_hidden_state[:, -logits_to_keep:]
        said = self.lm.get_output_embeddings()(hidden)[..., : self.words]
        hidden = hidden.to(self.query.weight)  # large models compute in half precision, heads do not
        keys = self.key(items.to(hidden))
        scores = self.query(hidden) @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5
        scores = scores + self.prior_weight * item_prior[:, None, :]
        if item_bias is not None:
            scores = scores + item_bias[:, None, :]
        scores = scores.masked_fill(~item_present[:, None, :], torch.finfo(scores.dtype).min)
        own = [] if self.added_head is None else [self.added_head(hidden)]
        logits = torch.cat([said.to(scores), *own, scores], dim=-1)
        return CausalLMOutputWithPast(logits=logits, past_key_values=output.past_key_values)  # type: ignore[arg-type]
