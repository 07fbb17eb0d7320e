"""Learns how much each measure of a passage counts, from questions whose passages are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from kgrag.retrieval.hybrid import MEASURES, TRAITS, UNTRAINED, Fusion, Pool
from kgrag.types import Ids

SHARPNESS = 10.0  # of the softmax; the weights that are there before are meant for it
PRIOR = 2.0  # how much weights are held to those, beside the questions together: few of them hardly move a weight


def fit_fusion(pools: Sequence[Pool], gold: Sequence[Ids]) -> Fusion:
    """Weights by which the right passages are likely under a softmax over the pool (ListNet: Cao et al., ICML 2007).

    The loss is convex, and weights of measures stay above 0: nothing gets worse by being more alike.

    Args:
        pools: What was considered for each question.
        gold: Rows of the right passages of each; questions of which none is in the pool teach nothing.

    Returns:
        The weights; the untrained ones where there is nothing to learn from.
    """
    features = [pool.features for pool in pools]
    right = [np.isin(pool.rows, rows) for pool, rows in zip(pools, gold)]
    kept = [i for i, found in enumerate(right) if found.any() and not found.all()]
    if not kept:
        return Fusion()
    inputs = np.concatenate([features[i] for i in kept]).astype(np.float64)
    starts = np.cumsum([0, *(len(features[i]) for i in kept)])[:-1]
    owner = np.repeat(np.arange(len(kept)), [len(features[i]) for i in kept])
    wanted = np.concatenate([right[i] / right[i].sum() for i in kept])
    names, held = (*MEASURES, *TRAITS), PRIOR / len(kept)
    prior = SHARPNESS * np.array([UNTRAINED.get(name, 0.0) for name in names])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = inputs @ weights
        scores -= np.maximum.reduceat(scores, starts)[owner]
        shares = np.exp(scores)
        sums = np.add.reduceat(shares, starts)[owner]
        value = -(wanted * (scores - np.log(sums))).sum() / len(kept) + held * ((weights - prior) ** 2).sum()
        return value, inputs.T @ (shares / sums - wanted) / len(kept) + 2 * held * (weights - prior)

    bounds = [(0.0, None)] * len(MEASURES) + [(None, None)] * len(TRAITS)
    found = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds)
    return Fusion({name: round(float(weight) / SHARPNESS, 6) for name, weight in zip(names, found.x)})
