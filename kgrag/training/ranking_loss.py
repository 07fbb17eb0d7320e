"""Losses of a batch of questions and passages."""

from __future__ import annotations

from typing import Literal

import torch
from torch.nn import functional

Loss = Literal["cross-entropy", "hinge", "contrastive"]
MARGIN = 0.1


def ranking_loss(scores: torch.Tensor, right: torch.Tensor, loss: Loss, temperature: float) -> torch.Tensor:
    """How far right passages are from being nearer than wrong ones.

    Args:
        scores: Of each question with each passage, shape (questions, passages).
        right: Which passages answer which questions, bool, of the same shape; at least one each question.
        loss: See `RetrieverTrainer`.
        temperature: Likewise.

    Returns:
        Mean over the questions of the mean over the right passages of each; these are not held against one another.
    """
    if loss == "hinge":
        nearest = scores.masked_fill(right, -1e4).amax(dim=1, keepdim=True)
        return _over_right((MARGIN - scores + nearest).clamp(min=0), right)
    logits = scores / temperature
    value = _over_right(functional.softplus(_wrong(logits, right) - logits), right)
    if loss == "contrastive":
        asked = right.any(dim=0)
        back, answers = logits.T[asked], right.T[asked]
        value = (value + _over_right(functional.softplus(_wrong(back, answers) - back), answers)) / 2
    return value


def _wrong(logits: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Log of the sum over what is wrong, shape (rows, 1)."""
    return logits.masked_fill(right, -1e4).logsumexp(dim=1, keepdim=True)


def _over_right(values: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return (values.masked_fill(~right, 0.0).sum(dim=1) / right.sum(dim=1)).mean()
