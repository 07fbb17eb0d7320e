"""How well a name and a node fit a mention: a small network, trained by the softmax over a mention's candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgrag.errors import InputError
from kgrag.types import Floats, Ids

_HIDDEN = 16
_EPOCHS, _BATCH, _RATE, _DECAY = 25, 64, 0.03, 1e-2
_TEMPERATURES = np.geomspace(0.25, 4.0, 33)


class Pairs(NamedTuple):
    """The candidates of a mention: (name, node) pairs.

    Attributes:
        keys: Names, shape (pairs,).
        nodes: Nodes, shape (pairs,).
        features: What is known of each pair, shape (pairs, features).
    """

    keys: Ids
    nodes: Ids
    features: Floats


class Example(NamedTuple):
    """Candidates, and whether each is right, shape (pairs,); nothing is where the graph lacks what is meant."""

    pairs: Pairs
    right: NDArray[np.bool_]
    known: bool


@dataclass(frozen=True)
class Ranker:
    """A linear layer, and a hidden one beside it. That nothing is meant is a candidate, too, whose score is learned.

    Attributes:
        linear: Shape (features,).
        inner: Shape (features, hidden).
        bias: Shape (hidden,).
        outer: Shape (hidden,).
        nothing: Score of the candidate that nothing is meant.
        temperature: What scores are divided by before they become probabilities (Guo et al., ICML 2017).
        threshold: Least probability of a node for a link.
    """

    linear: Floats
    inner: Floats
    bias: Floats
    outer: Floats
    nothing: float
    temperature: float = 1.0
    threshold: float = 0.5

    def rank(self, pairs: Pairs) -> list[tuple[int, float]]:
        """Nodes and their probabilities, best first; what is missing to 1 is that nothing is meant."""
        shares: dict[int, float] = {}
        for node, share in zip(pairs.nodes.tolist(), self._shares(pairs.features).tolist()):
            shares[node] = shares.get(node, 0.0) + share
        return sorted(shares.items(), key=lambda item: (-item[1], item[0]))

    def calibrated(self, examples: Sequence[Example]) -> Ranker:
        """The same ranker with the temperature and the threshold that suit examples it was not trained on."""
        by_loss = [replace(self, temperature=float(t)) for t in _TEMPERATURES]
        best = min(by_loss, key=lambda ranker: sum(ranker._loss(example) for example in examples))
        first = [(ranked[0] if (ranked := best.rank(one.pairs)) else (-1, 0.0)) for one in examples]
        fits = [
            bool(one.right[one.pairs.nodes == node].any()) - (not one.known)  # what a link wins over none
            for one, (node, _) in zip(examples, first)
        ]
        order = sorted(zip((share for _, share in first), fits), reverse=True)
        won = np.cumsum([0, *(fit for _, fit in order)])
        last = int(won.argmax())
        bounds = [1.0, *(share for share, _ in order), 0.0]
        return replace(best, threshold=(bounds[last] + bounds[last + 1]) / 2)

    def _shares(self, features: Floats) -> Floats:
        scores = features @ self.linear + np.tanh(features @ self.inner + self.bias) @ self.outer
        scores = np.append(scores, self.nothing) / self.temperature
        shares = np.exp(scores - scores.max())
        return (shares / shares.sum())[:-1]

    def _loss(self, example: Example) -> float:
        shares = self._shares(example.pairs.features)
        right = shares[example.right].sum() if example.known else 1 - shares.sum()
        return -float(np.log(max(right, 1e-9)))


def train(examples: Sequence[Example], seed: int) -> Ranker:
    """Trains a ranker; candidates beside the right ones are hard negatives as they come.

    Args:
        examples: Those whose right candidate was not found teach nothing.
        seed: Of the first weights.

    Raises:
        InputError: No right candidate was found for any.
    """
    import torch

    kept = [one for one in examples if one.right.any() or not one.known]
    if not any(one.right.any() for one in kept):
        raise InputError(
            "None of the mentions has a right node among its candidates.", "Check the IRIs, or label more mentions."
        )
    size = max(len(one.right) for one in kept) + 1
    width = kept[0].pairs.features.shape[1]
    features = torch.zeros(len(kept), size, width)
    there, right = torch.zeros(2, len(kept), size, dtype=torch.bool)
    for row, one in enumerate(kept):
        count = len(one.right)
        features[row, 1 : count + 1] = torch.from_numpy(one.pairs.features)
        there[row, : count + 1] = True
        right[row, 1 : count + 1] = torch.from_numpy(one.right)
        right[row, 0] = not one.known
    draw = torch.Generator().manual_seed(seed)
    inner = (torch.randn(width, _HIDDEN, generator=draw) / width**0.5).requires_grad_()
    outer = (0.1 * torch.randn(_HIDDEN, generator=draw)).requires_grad_()
    linear, bias, nothing = (torch.zeros(n, requires_grad=True) for n in (width, _HIDDEN, 1))
    optimiser = torch.optim.AdamW([linear, inner, bias, outer, nothing], lr=_RATE, weight_decay=_DECAY)
    steps = _EPOCHS * -(-len(kept) // _BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, steps)
    for _ in range(_EPOCHS):
        for rows in torch.randperm(len(kept), generator=draw).split(_BATCH):
            given = features[rows]
            scores = given @ linear + torch.tanh(given @ inner + bias) @ outer
            scores = torch.cat([nothing.expand(len(rows), 1), scores[:, 1:]], 1).masked_fill(~there[rows], -1e9)
            loss = (scores.logsumexp(1) - scores.masked_fill(~right[rows], -1e9).logsumexp(1)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    learned = [tensor.detach().numpy().copy() for tensor in (linear, inner, bias, outer)]
    return Ranker(learned[0], learned[1], learned[2], learned[3], float(nothing.detach()))
