"""Whether confidence tells right answers from wrong ones: risk against coverage, and how well the numbers are calibrated.

Everywhere ``confidence`` and ``loss`` have shape (questions,); a loss is 0 for what is right, 1 for what is wrong, or between.
Answers of the same confidence cannot be told apart: each counts with the mean loss of all of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]
BINS = 10


class RiskCoverage(NamedTuple):
    """What is answered, and how much of it is wrong, when the least confident answers are refused.

    Attributes:
        coverage: Share of the questions that are answered, rising; the most confident one first, shape (questions,).
        risk: Mean loss of what is answered, shape (questions,).
        last: Whether a threshold can lie behind a question, that is, no later one has the same confidence, shape (questions,).
    """

    coverage: Doubles
    risk: Doubles
    last: NDArray[np.bool_]


def risk_coverage(confidence: ArrayLike, loss: ArrayLike) -> RiskCoverage:
    """The curve of risk over coverage (El-Yaniv and Wiener, 2010)."""
    confidence, loss, last = _ranked(confidence, loss)
    ranks = np.arange(1, len(loss) + 1)
    return RiskCoverage(ranks / max(len(loss), 1), np.cumsum(loss) / ranks, last)


def aurc(confidence: ArrayLike, loss: ArrayLike) -> float:
    """Area under the risk-coverage curve: the mean risk over all coverages (Geifman and El-Yaniv, 2018)."""
    return float(risk_coverage(confidence, loss).risk.mean())


def e_aurc(confidence: ArrayLike, loss: ArrayLike) -> float:
    """AURC above that of the best possible confidence on the same losses (excess AURC; Geifman et al., 2019)."""
    return aurc(confidence, loss) - aurc(-np.asarray(loss, np.float64), loss)


def augrc(confidence: ArrayLike, loss: ArrayLike) -> float:
    """Area under the generalised risk-coverage curve: the chance of a wrong answer that is not refused, meaned over coverages.

    With a the accuracy it is (1 - AUROC)·a·(1 - a) + (1 - a)²/2 (Traub et al., 2024), where equal confidences count a half.
    """
    _, loss, _ = _ranked(confidence, loss)
    wrong = np.cumsum(loss)
    return float((wrong - loss / 2).sum() / len(loss) ** 2)


def coverage_at_risk(confidence: ArrayLike, loss: ArrayLike, risk: float) -> float:
    """The largest share of questions that some threshold answers with a mean loss of at most ``risk``."""
    curve = risk_coverage(confidence, loss)
    return float(curve.coverage[curve.last & (curve.risk <= risk)].max(initial=0.0))


def risk_at_coverage(confidence: ArrayLike, loss: ArrayLike, coverage: float) -> float:
    """Mean loss of the most confident share of the questions."""
    curve = risk_coverage(confidence, loss)
    return float(curve.risk[max(round(coverage * len(curve.risk)), 1) - 1])


def brier(confidence: ArrayLike, right: ArrayLike) -> float:
    """Mean squared distance of confidence from what came out, 1 or 0 (Brier, 1950)."""
    return float(np.mean((np.asarray(confidence, np.float64) - np.asarray(right, np.float64)) ** 2))


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> tuple[Doubles, Doubles, Doubles]:
    """Mean confidence, share of right answers and weight of each of the bins, which hold equally many answers.

    Args:
        confidence: Of each answer, shape (answers,).
        right: Whether each is right, shape (answers,).
        bins: How many; fewer where there are fewer answers.

    Returns:
        Three arrays of shape (bins,), least confident first; weights sum to 1.
    """
    confidence, right, _ = _ranked(confidence, right)
    parts = np.array_split(np.arange(len(right))[::-1], min(bins, len(right)))
    sizes = np.array([len(part) for part in parts])
    return (
        np.array([confidence[part].mean() for part in parts]),
        np.array([right[part].mean() for part in parts]),
        sizes / sizes.sum(),
    )


def ece(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal mass (Naeini et al., 2015; Nixon et al., 2019)."""
    said, found, weight = reliability(confidence, right, bins)
    return float((weight * np.abs(said - found)).sum())


def _ranked(confidence: ArrayLike, loss: ArrayLike) -> tuple[Doubles, Doubles, NDArray[np.bool_]]:
    """Confidences, falling, the expected loss at each place, and whether a threshold can lie behind it."""
    confidence, loss = np.asarray(confidence, np.float64), np.asarray(loss, np.float64)
    if confidence.shape != loss.shape or confidence.ndim != 1 or not len(loss):
        raise ValueError(
            f"confidence {confidence.shape} and loss {loss.shape} must be of the same questions, at least one"
        )
    order = np.argsort(-confidence, kind="stable")
    values, group, count = np.unique(-confidence[order], return_inverse=True, return_counts=True)
    expected = np.bincount(group, loss[order], len(values)) / count
    return confidence[order], expected[group], np.append(np.diff(group) > 0, True)
