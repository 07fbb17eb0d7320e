"""Confidence that means what it says: of the answers given with 0.8, eight in ten are right.

Each kind of calibration is fitted to answers that were judged, and is a function that never falls: no order is turned round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kgrag.errors import InputError

Doubles = NDArray[np.float64]
CLOSEST = 1e-6  # to 0 and 1 that a confidence is taken to be


class Calibration(Protocol):
    """Turns confidence into the probability of being right."""

    def transform(self, confidence: ArrayLike) -> Doubles:
        """Calibrated confidence, in the shape of what is given."""


@dataclass(frozen=True)
class Isotonic:
    """A rising line through the shares of right answers: centred isotonic regression (Oron and Flournoy, 2017).

    Attributes:
        confidence: Mean confidence of each of the pooled blocks of answers, rising.
        right: Share of right answers in each; between blocks the line is straight, beyond them level.
    """

    confidence: tuple[float, ...]
    right: tuple[float, ...]

    @classmethod
    def fit(cls, confidence: ArrayLike, right: ArrayLike) -> Isotonic:
        """Pools neighbours whose shares fall, until all rise.

        Raises:
            InputError: There are no answers.
        """
        from sklearn.isotonic import IsotonicRegression

        said, found = _judged(confidence, right)
        shares = IsotonicRegression(y_min=0, y_max=1).fit_transform(said, found)
        values, block, count = np.unique(shares, return_inverse=True, return_counts=True)
        centres = np.bincount(block, said, len(values)) / count
        return cls(tuple(centres.tolist()), tuple(values.tolist()))

    def transform(self, confidence: ArrayLike) -> Doubles:
        """Calibrated confidence, in the shape of what is given."""
        return np.interp(np.asarray(confidence, np.float64), self.confidence, self.right)


@dataclass(frozen=True)
class Temperature:
    """Log-odds divided by one number (Guo et al., 2017): for few answers, or to keep all confidences apart."""

    temperature: float

    @classmethod
    def fit(cls, confidence: ArrayLike, right: ArrayLike) -> Temperature:
        """Takes the temperature under which what came out is most likely.

        Raises:
            InputError: There are no answers.
        """
        from scipy.optimize import minimize_scalar

        said, found = _judged(confidence, right)
        odds = np.where(found > 0, 1, -1) * _log_odds(said)

        def loss(log_temperature: float) -> float:
            return float(np.logaddexp(0, -odds / np.exp(log_temperature)).mean())

        return cls(float(np.exp(minimize_scalar(loss, bounds=(-5, 5), method="bounded").x)))

    def transform(self, confidence: ArrayLike) -> Doubles:
        """Calibrated confidence, in the shape of what is given."""
        return 1 / (1 + np.exp(-_log_odds(np.asarray(confidence, np.float64)) / self.temperature))


def calibration_from(numbers: dict[str, Any]) -> Isotonic:
    """An `Isotonic` from its fields, as read from JSON."""
    return Isotonic(tuple(numbers["confidence"]), tuple(numbers["right"]))


def _judged(confidence: ArrayLike, right: ArrayLike) -> tuple[Doubles, Doubles]:
    said, found = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    if not len(said) or said.shape != found.shape:
        raise InputError(
            f"Confidence cannot be calibrated on {len(said)} answers of which {len(found)} are judged.",
            "Give questions with answers, some of which the system answers.",
        )
    return said, found


def _log_odds(confidence: Doubles) -> Doubles:
    inside = np.clip(confidence, CLOSEST, 1 - CLOSEST)
    return np.log(inside) - np.log1p(-inside)
