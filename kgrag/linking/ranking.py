"""How well a name and a node fit a mention: a small network, trained by the softmax over a mention's candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from kgrag.errors import InputError
from kgrag.types import Floats, Ids

HIDDEN = 16
_STEPS, _DECAY = 200, 1e-4
_LEAST = -20.0  # logarithm of the least probability that counts: of what was not found there is none


class Pairs(NamedTuple):
    """The candidates of a mention: (name, node) pairs, and that nothing is meant.

    Attributes:
        keys: Names, shape (pairs,).
        nodes: Nodes, shape (pairs,).
        features: What is known of each pair, shape (pairs, features).
        nothing: What speaks for nothing, shape (features of nothing,).
        prior: What is added to the score of each pair, shape (pairs,).
    """

    keys: Ids
    nodes: Ids
    features: Floats
    nothing: Floats
    prior: Floats

    def only(self, kept: NDArray[np.bool_]) -> Pairs:
        """Some of the pairs, shape (pairs,)."""
        return Pairs(self.keys[kept], self.nodes[kept], self.features[kept], self.nothing, self.prior[kept])


class Weighed(NamedTuple):
    """The nodes that a mention may mean, each once, and the logarithm of each one's weight; and that of nothing.

    Attributes:
        nodes: Ascending, shape (nodes,).
        scores: Shape (nodes,).
        nothing: Score of nothing.
    """

    nodes: Ids
    scores: Floats
    nothing: float


class Example(NamedTuple):
    """Candidates, how they go with the other mentions of the text, and which are right.

    Attributes:
        pairs: The candidates.
        ties: Shape (pairs, ties).
        right: Shape (pairs,).
        known: Whether the graph has what is meant.
    """

    pairs: Pairs
    ties: Floats
    right: NDArray[np.bool_]
    known: bool


@dataclass(frozen=True)
class Ranker:
    """A linear layer, and a hidden one beside it.

    Attributes:
        linear: Shape (features,).
        inner: Shape (features, hidden).
        bias: Shape (hidden,).
        outer: Shape (hidden,).
        nothing: Shape (features of nothing,).
        ties: What it counts how a node goes with those of the other mentions, shape (ties,).
        temperature: What scores are divided by before they become probabilities (Guo et al., ICML 2017).
    """

    linear: Floats
    inner: Floats
    bias: Floats
    outer: Floats
    nothing: Floats
    ties: Floats
    temperature: float = 1.0

    def weigh(self, pairs: Pairs) -> Weighed:
        """Scores of nodes; that of a node with several names is the logarithm of the sum."""
        features = pairs.features
        scores = features @ self.linear + np.tanh(features @ self.inner + self.bias) @ self.outer + pairs.prior
        nodes, owner = np.unique(pairs.nodes, return_inverse=True)
        summed = np.full(len(nodes), -np.inf)
        np.logaddexp.at(summed, owner, scores)
        return Weighed(nodes, summed, float(pairs.nothing @ self.nothing))

    def shares(self, weighed: Weighed, ties: Floats) -> Floats:
        """Probability of each node; what is missing to 1 is that nothing is meant.

        Whether anything is meant is up to the mention; only which node, also to the others of the text.

        Args:
            weighed: The nodes.
            ties: How each goes with the nodes of the other mentions, shape (nodes, ties).
        """
        if not len(weighed.nodes):
            return np.zeros(0, np.float32)
        plain = np.append(weighed.nothing, weighed.scores)[None] / self.temperature
        tied = (weighed.scores + ties @ self.ties)[None] / self.temperature
        return np.exp(_log_shares(plain, tied)[0, 1:])

    def calibrated(self, examples: Sequence[Example]) -> Ranker:
        """The same ranker with the temperature, and the weight of nothing, that suit examples it was not trained on."""
        from scipy.optimize import minimize

        scores, tied, right = self._table(examples)

        def loss(free: Floats) -> float:
            plain = scores.copy()
            plain[:, 0] += free[1]
            likely = _log_shares(plain / np.exp(free[0]), tied / np.exp(free[0]))
            return -float(np.maximum(logsumexp(np.where(right, likely, -np.inf), axis=1), _LEAST).mean())

        log_temperature, more = minimize(loss, np.zeros(2), method="Nelder-Mead").x
        nothing = self.nothing.copy()
        nothing[0] += more
        return replace(self, nothing=nothing, temperature=float(np.exp(log_temperature)))

    def _table(self, examples: Sequence[Example]) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Scores of nothing and of the nodes of each example, those of the nodes with their ties, and which are right.

        Shapes (examples, most nodes + 1), (examples, most nodes), (examples, most nodes + 1).
        """
        size = max(len(one.right) for one in examples)
        scores, right = np.full((len(examples), size + 1), -np.inf), np.zeros((len(examples), size + 1), np.bool_)
        tied = np.full((len(examples), size), -np.inf)
        for row, one in enumerate(examples):
            weighed = self.weigh(one.pairs)
            ties = one.ties[np.unique(one.pairs.nodes, return_index=True)[1]]
            last = len(weighed.nodes)
            scores[row, 0], scores[row, 1 : last + 1] = weighed.nothing, weighed.scores
            tied[row, :last] = weighed.scores + ties @ self.ties
            right[row, 0] = not one.known
            right[row, 1 : last + 1] = np.isin(weighed.nodes, one.pairs.nodes[one.right])
        return scores, tied, right


def _log_shares(scores: NDArray[Any], tied: NDArray[Any]) -> Floats:
    """Logarithms of the probabilities of nothing and of nodes.

    Args:
        scores: Of nothing and of the nodes, shape (mentions, nodes + 1).
        tied: Of the nodes, with their ties, shape (mentions, nodes).
    """
    every, some = logsumexp(scores, axis=1), logsumexp(scores[:, 1:], axis=1)
    nodes = logsumexp(tied, axis=1)
    with np.errstate(invalid="ignore"):  # of no nodes
        shares = (some - every)[:, None] + tied - nodes[:, None]
    return np.column_stack([scores[:, 0] - every, np.where(np.isneginf(tied), -np.inf, shares)])


def train(examples: Sequence[Example], seed: int, hidden: int = HIDDEN) -> Ranker:
    """Trains a ranker; candidates beside the right ones are hard negatives as they come.

    Args:
        examples: Those whose right candidate was not found teach nothing.
        seed: Of the first weights.
        hidden: Width of the hidden layer; 0 leaves it out.

    Raises:
        InputError: No right candidate was found for any.
    """
    import torch

    kept = [one for one in examples if one.right.any() or not one.known]
    if not any(one.right.any() for one in kept):
        raise InputError(
            "None of the mentions has a right node among its candidates.", "Check the IRIs, or label more mentions."
        )
    size = max(len(one.right) for one in kept)
    width, tied, unnamed = kept[0].pairs.features.shape[1], kept[0].ties.shape[1], len(kept[0].pairs.nothing)
    features, ties = torch.zeros(len(kept), size, width), torch.zeros(len(kept), size, tied)
    there, right = torch.zeros(2, len(kept), size + 1, dtype=torch.bool)
    for row, one in enumerate(kept):
        count = len(one.right)
        features[row, :count] = torch.from_numpy(one.pairs.features)
        ties[row, :count] = torch.from_numpy(one.ties)
        there[row, : count + 1] = True
        right[row, 0] = not one.known
        right[row, 1 : count + 1] = torch.from_numpy(one.right)
    of_nothing = torch.from_numpy(np.stack([one.pairs.nothing for one in kept]))
    draw = torch.Generator().manual_seed(seed)
    inner = torch.randn(width, hidden, generator=draw) / width**0.5
    outer = 0.1 * torch.randn(hidden, generator=draw)
    linear, bias, nothing, tie = (torch.zeros(n) for n in (width, hidden, unnamed, tied))
    weights = [one.requires_grad_() for one in (linear, inner, bias, outer, nothing, tie)]
    optimiser = torch.optim.LBFGS(weights, max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        scores = features @ linear + torch.tanh(features @ inner + bias) @ outer
        tied = (scores + ties @ tie).masked_fill(~there[:, 1:], -1e9)
        scores = torch.cat([(of_nothing @ nothing)[:, None], scores], 1).masked_fill(~there, -1e9)
        some = scores[:, 1:].logsumexp(1) + tied.masked_fill(~right[:, 1:], -1e9).logsumexp(1) - tied.logsumexp(1)
        each = scores.logsumexp(1) - torch.where(right[:, 0], scores[:, 0], some)
        total = each.mean() + _DECAY * sum((one * one).sum() for one in weights)
        total.backward()
        return total

    optimiser.step(loss)
    arrays = [one.detach().numpy().copy() for one in weights]
    return Ranker(arrays[0], arrays[1], arrays[2], arrays[3], arrays[4], arrays[5])
