"""One implementation of each metric."""

from __future__ import annotations

from collections.abc import Sequence


def hit_at_1(predicted: Sequence[str], gold: set[str]) -> float:
    """1 if the first prediction is gold."""
    return float(bool(predicted) and predicted[0] in gold)


def set_f1(predicted: Sequence[str], gold: set[str]) -> float:
    """Harmonic mean of precision and recall of the predicted set."""
    right = len(set(predicted) & gold)
    if not right:
        return 0.0
    precision, recall = right / len(set(predicted)), right / len(gold)
    return 2 * precision * recall / (precision + recall)


def recall_at(ranked: Sequence[str], gold: set[str], k: int) -> float:
    """Share of the gold items among the first k."""
    return len(set(ranked[:k]) & gold) / len(gold)


def reciprocal_rank(ranked: Sequence[str], gold: set[str], k: int) -> float:
    """One over the rank of the first gold item among the first k, else 0."""
    return next((1 / rank for rank, item in enumerate(ranked[:k], start=1) if item in gold), 0.0)
