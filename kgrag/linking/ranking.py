"""How well a name and a node fit a mention: a small network, trained by the softmax over a mention's candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgrag.errors import InputError
from kgrag.types import Floats, Ids

HIDDEN = 16
_EPOCHS, _BATCH, _RATE, _DECAY = 25, 64, 0.03, 1e-2
_TEMPERATURES = np.geomspace(0.25, 4.0, 33)
_CERTAIN = 1e-9  # least share that counts in a logarithm


class Pairs(NamedTuple):
    """The candidates of a mention: (name, node) pairs, and that nothing is meant.

    Attributes:
        keys: Names, shape (pairs,).
        nodes: Nodes, shape (pairs,).
        features: What is known of each pair, shape (pairs, features).
        nothing: What speaks for nothing, shape (features of nothing,).
    """

    keys: Ids
    nodes: Ids
    features: Floats
    nothing: Floats

    def only(self, kept: NDArray[np.bool_]) -> Pairs:
        """Some of the pairs, shape (pairs,)."""
        return Pairs(self.keys[kept], self.nodes[kept], self.features[kept], self.nothing)


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
        threshold: Least probability that a node of the graph is meant at all for a link.
    """

    linear: Floats
    inner: Floats
    bias: Floats
    outer: Floats
    nothing: Floats
    ties: Floats
    temperature: float = 1.0
    threshold: float = 0.5

    def weigh(self, pairs: Pairs) -> Weighed:
        """Scores of nodes; that of a node with several names is the logarithm of the sum."""
        features = pairs.features
        scores = features @ self.linear + np.tanh(features @ self.inner + self.bias) @ self.outer
        nodes, owner = np.unique(pairs.nodes, return_inverse=True)
        summed = np.full(len(nodes), -np.inf, np.float32)
        np.logaddexp.at(summed, owner, scores)
        return Weighed(nodes, summed, float(pairs.nothing @ self.nothing))

    def shares(self, weighed: Weighed, ties: Floats) -> Floats:
        """Probability of each node; what is missing to 1 is that nothing is meant.

        Args:
            weighed: The nodes.
            ties: How each goes with the nodes of the other mentions, shape (nodes, ties).
        """
        scores = np.append(weighed.scores + ties @ self.ties, weighed.nothing) / self.temperature
        shares = np.exp(scores - scores.max())
        return (shares / shares.sum())[:-1]

    def calibrated(self, examples: Sequence[Example]) -> Ranker:
        """The same ranker with the temperature and the threshold that suit examples it was not trained on."""
        judged = [self._judged(one) for one in examples]
        best = min(
            (replace(self, temperature=float(t)) for t in _TEMPERATURES),
            key=lambda ranker: sum(ranker._loss(*one) for one in judged),
        )
        gains = []
        for weighed, ties, right, known in judged:
            shares = best.shares(weighed, ties)
            hit = bool(len(shares)) and bool(right[shares.argmax()])
            gains.append((float(shares.sum()), hit - (not known)))  # what a link wins over none
        gains.sort(reverse=True)
        won = np.cumsum([0, *(gain for _, gain in gains)])
        last = int(won.argmax())
        bounds = [1.0, *(share for share, _ in gains), 0.0]
        return replace(best, threshold=(bounds[last] + bounds[last + 1]) / 2)

    def _judged(self, example: Example) -> tuple[Weighed, Floats, NDArray[np.bool_], bool]:
        weighed = self.weigh(example.pairs)
        first = np.unique(example.pairs.nodes, return_index=True)[1]
        right = np.isin(weighed.nodes, example.pairs.nodes[example.right])
        return weighed, example.ties[first], right, example.known

    def _loss(self, weighed: Weighed, ties: Floats, right: NDArray[np.bool_], known: bool) -> float:
        shares = self.shares(weighed, ties)
        return -float(np.log(max(shares[right].sum() if known else 1 - shares.sum(), _CERTAIN)))


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
    inner = (torch.randn(width, hidden, generator=draw) / width**0.5).requires_grad_()
    outer = (0.1 * torch.randn(hidden, generator=draw)).requires_grad_()
    linear, bias, nothing, tie = (torch.zeros(n, requires_grad=True) for n in (width, hidden, unnamed, tied))
    optimiser = torch.optim.AdamW([linear, inner, bias, outer, nothing, tie], lr=_RATE, weight_decay=_DECAY)
    steps = _EPOCHS * -(-len(kept) // _BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, steps)
    for _ in range(_EPOCHS):
        for rows in torch.randperm(len(kept), generator=draw).split(_BATCH):
            given = features[rows]
            scores = given @ linear + torch.tanh(given @ inner + bias) @ outer + ties[rows] @ tie
            scores = torch.cat([(of_nothing[rows] @ nothing)[:, None], scores], 1).masked_fill(~there[rows], -1e9)
            loss = (scores.logsumexp(1) - scores.masked_fill(~right[rows], -1e9).logsumexp(1)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return Ranker(*(tensor.detach().numpy().copy() for tensor in (linear, inner, bias, outer, nothing, tie)))
