"""Likelihood of an answer over all the evidence that it may rest on (RAG: Lewis et al., NeurIPS 2020).

An answer y to a question x is a row of tokens, or of names; a unit of evidence z is a passage or a path. Both sums stay in
logarithms; gradients go into the prior of the units (what retrieves and reasons) and into the likelihoods (what generates).
"""

from __future__ import annotations

import torch


def rag_sequence(log_prior: torch.Tensor, log_likelihoods: torch.Tensor) -> torch.Tensor:
    """``log sum_z p(z|x) prod_t p(y_t|x, z, y_<t)``: the whole answer rests on one unit.

    Args:
        log_prior: ``log p(z|x)``, ``-inf`` for units that are none, shape (questions, units).
        log_likelihoods: ``log p(y_t|x, z, y_<t)``, 0 where an answer is shorter, shape (questions, units, tokens).

    Returns:
        Log-likelihoods, shape (questions,).
    """
    return (log_prior + log_likelihoods.sum(-1)).logsumexp(-1)


def rag_token(log_prior: torch.Tensor, log_likelihoods: torch.Tensor) -> torch.Tensor:
    """``sum_t log sum_z p(z|x) p(y_t|x, z, y_<t)``: each token may rest on a unit of its own.

    Args:
        log_prior: As for `rag_sequence`; probabilities of the units of a question sum up to 1.
        log_likelihoods: Likewise.

    Returns:
        Log-likelihoods, shape (questions,).
    """
    return (log_prior[..., None] + log_likelihoods).logsumexp(1).sum(-1)
