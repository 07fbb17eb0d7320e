"""One implementation of each metric of sets and rankings; those of texts, confidence and citations have files of their own."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np


class Overlap(NamedTuple):
    """What a set of predictions and a gold set have in common; overlaps of several questions add up for micro averages.

    Attributes:
        right: Predictions that are gold.
        said: Predictions.
        gold: Gold items.
    """

    right: int
    said: int
    gold: int

    @classmethod
    def of(cls, predicted: Iterable[Hashable], gold: AbstractSet[Hashable]) -> Overlap:
        """Counts each prediction once."""
        said = set(predicted)
        return cls(len(said & gold), len(said), len(gold))

    @classmethod
    def total(cls, overlaps: Iterable[Overlap]) -> Overlap:
        """Sums of the counts."""
        return cls(*(sum(counts) for counts in zip(*overlaps, (0, 0, 0))))

    @property
    def precision(self) -> float:
        """Share of the predictions that are gold; 0 where nothing is predicted."""
        return self.right / max(self.said, 1)

    @property
    def recall(self) -> float:
        """Share of the gold items that are predicted; 0 where there are none."""
        return self.right / max(self.gold, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / max(self.said + self.gold, 1)


def set_f1(predicted: Iterable[Hashable], gold: AbstractSet[Hashable]) -> float:
    """Harmonic mean of precision and recall of the predicted set."""
    return Overlap.of(predicted, gold).f1


def exact_match(predicted: Iterable[Hashable], gold: AbstractSet[Hashable]) -> float:
    """1 if the predicted set is the gold set."""
    return float(set(predicted) == gold)


def hit_at(ranked: Sequence[Hashable], gold: Collection[Hashable], k: int = 1) -> float:
    """1 if one of the first k predictions is gold (Hits@k)."""
    return float(any(item in gold for item in ranked[:k]))


def recall_at(ranked: Sequence[Hashable], gold: AbstractSet[Hashable], k: int) -> float:
    """Share of the gold items among the first k."""
    return Overlap.of(ranked[:k], gold).recall


def reciprocal_rank(ranked: Sequence[Hashable], gold: Collection[Hashable], k: int | None = None) -> float:
    """One over the rank of the first gold item among the first k, else 0; its mean over questions is MRR@k."""
    return next((1 / rank for rank, item in enumerate(ranked[:k], start=1) if item in gold), 0.0)


def accuracy(predicted: Sequence[Hashable], gold: Sequence[Hashable]) -> float:
    """Share of the predictions that equal what is gold in the same place; 0 where there are none."""
    return mean(a == b for a, b in zip(predicted, gold, strict=True)) or 0.0


def mean(values: Iterable[float | None]) -> float | None:
    """Mean of the values that there are; None where there are none."""
    known = [float(value) for value in values if value is not None]
    return sum(known) / len(known) if known else None


def percentile(values: Iterable[float | None], percent: float) -> float | None:
    """The value below which so many of a hundred lie, interpolated; None where there are none."""
    known = [value for value in values if value is not None]
    return float(np.percentile(known, percent)) if known else None
