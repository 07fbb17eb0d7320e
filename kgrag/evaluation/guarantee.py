"""A threshold of confidence above which at most a given share of the answers is wrong, with high probability."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta

from kgrag.errors import InputError


class Guarantee(NamedTuple):
    """What can be promised of the answers whose confidence reaches a threshold.

    Attributes:
        threshold: Answers with this confidence or more are given; infinite where nothing can be promised of any.
        risk: Upper bound on the share of wrong ones among them, on questions of the same kind.
        coverage: Share of the questions at hand that are answered.
        delta: Probability that the bound does not hold.
    """

    threshold: float
    risk: float
    coverage: float
    delta: float


def risk_bound(wrong: int, count: int, delta: float) -> float:
    """The error rate that ``wrong`` of ``count`` answers exceed with probability ``1 - delta`` (Clopper and Pearson, 1934)."""
    return 1.0 if wrong >= count else float(beta.ppf(1 - delta, wrong + 1, count - wrong))


def guaranteed(confidence: ArrayLike, right: ArrayLike, risk: float, delta: float = 0.05) -> Guarantee:
    """Selection with guaranteed risk (SGR; Geifman and El-Yaniv, 2017, algorithm 2).

    Halves the answers by confidence, as often as it takes to tell any two apart; the bound of each step holds with
    probability ``1 - delta / steps``, so that all hold together. The confidence must not have been fitted to these answers,
    but for a rising function of it, which leaves their order as it is.

    Args:
        confidence: Of each question's answer, shape (questions,); not finite where none was given.
        right: Whether each answer is right, shape (questions,).
        risk: The share of wrong answers that is acceptable, such as 0.05.
        delta: The probability with which the bound may fail.

    Returns:
        The lowest threshold met whose bound is at most ``risk``; nothing is covered where there is none.

    Raises:
        InputError: ``risk`` or ``delta`` is no probability.
    """
    for name, value in (("risk", risk), ("delta", delta)):
        if not 0 < value < 1:
            raise InputError(f"A {name} of {value:g} is no probability.", "Give one between 0 and 1, such as 0.05.")
    confidence = np.asarray(confidence, np.float64)
    is_given = np.isfinite(confidence)
    given, wrong = confidence[is_given], ~np.asarray(right, bool)[is_given]
    rising, best = np.sort(given), Guarantee(math.inf, 0.0, 0.0, delta)
    low, high, steps = 0, len(rising) - 1, max(math.ceil(math.log2(max(len(rising), 2))), 1)
    for _ in range(steps if len(rising) else 0):
        middle = (low + high + 1) // 2
        kept = given >= rising[middle]
        bound = risk_bound(int(wrong[kept].sum()), int(kept.sum()), delta / steps)
        coverage = int(kept.sum()) / len(confidence)
        if bound > risk:
            low = middle
            continue
        high = middle
        if coverage > best.coverage:
            best = Guarantee(float(rising[middle]), bound, coverage, delta)
    return best
