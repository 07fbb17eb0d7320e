"""How sure a figure is, and a difference between two runs on the same questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest

from kgrag.errors import InputError

Doubles = NDArray[np.float64]
SAMPLES, LEVEL = 2_000, 0.95


class Interval(NamedTuple):
    """Bounds between which a figure lies with 95 % confidence."""

    low: float
    high: float


class Difference(NamedTuple):
    """How a second run differs from a first one.

    Attributes:
        mean: Mean of second minus first.
        interval: Of that mean.
        p: Probability of a difference as large, either way, if neither run were better.
    """

    mean: float
    interval: Interval
    p: float


def bootstrap(
    figure: Callable[..., float], *columns: ArrayLike, seed: int = 0, samples: int = SAMPLES, level: float = LEVEL
) -> Interval:
    """Percentile bootstrap (Efron, 1979): the figure on samples of the questions, drawn with replacement.

    Args:
        figure: Takes as many arrays as there are columns.
        *columns: Values of each question, shape (questions,) each.
        seed: Same seed, same interval.
        samples: How many.
        level: Confidence of the interval.

    Raises:
        InputError: There are no questions.
    """
    arrays = [np.asarray(column) for column in columns]
    figures = [figure(*(array[drawn] for array in arrays)) for drawn in _draws(len(arrays[0]), seed, samples)]
    return _interval(np.array(figures), level)


def mean_interval(values: ArrayLike, seed: int = 0, samples: int = SAMPLES, level: float = LEVEL) -> Interval:
    """`bootstrap` of a mean."""
    return bootstrap(np.mean, values, seed=seed, samples=samples, level=level)


def paired_bootstrap(first: ArrayLike, second: ArrayLike, seed: int = 0, samples: int = SAMPLES) -> Difference:
    """Whether the mean of a second run is another than that of a first one on the same questions (Koehn, 2004)."""
    change = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    means = np.array([change[drawn].mean() for drawn in _draws(len(change), seed, samples)])
    p = 2 * min((means <= 0).mean(), (means >= 0).mean())
    return Difference(float(change.mean()), _interval(means, LEVEL), float(min(p, 1.0)))


def mcnemar(first: ArrayLike, second: ArrayLike) -> float:
    """Exact probability that two runs err on different questions as unevenly by chance (McNemar, 1947).

    Args:
        first: Whether the first run is right, shape (questions,).
        second: The same of the second run.
    """
    a, b = np.asarray(first, bool), np.asarray(second, bool)
    lost, won = int((a & ~b).sum()), int((~a & b).sum())
    return float(binomtest(won, lost + won).pvalue) if lost + won else 1.0


def _draws(count: int, seed: int, samples: int) -> NDArray[np.int64]:
    if not count:
        raise InputError("There are no questions to draw samples from.", "Give the figure of at least one.")
    return np.random.default_rng(seed).integers(0, count, (samples, count))


def _interval(figures: Doubles, level: float) -> Interval:
    tail = 100 * (1 - level) / 2
    return Interval(float(np.percentile(figures, tail)), float(np.percentile(figures, 100 - tail)))
