"""Rankings, and how they become one."""

from __future__ import annotations

import numpy as np
import pytest

from kgrag.retrieval.hybrid import RANK_OFFSET, Ranking, fused, ranking_of


def test_reciprocal_ranks_are_added() -> None:
    one = Ranking(np.array([3, 1]), np.array([0.9, 0.8], np.float32))
    other = Ranking(np.array([1, 7]), np.array([12.0, 5.0], np.float32))
    none = Ranking(np.zeros(0, np.int64), np.zeros(0, np.float32))
    first, second = 1 / RANK_OFFSET, 1 / (RANK_OFFSET + 1)
    assert fused([one, other, none]) == pytest.approx({3: first, 1: first + second, 7: second})
    assert fused([]) == {}


def test_the_best_come_first_and_of_equal_ones_the_first_row() -> None:
    rows, scores = np.array([5, 2, 9, 4]), np.array([0.5, 0.5, 0.9, 0.1], np.float32)
    ranking = ranking_of(rows, scores, 3)
    assert ranking.rows.tolist() == [9, 2, 5] and ranking.scores.tolist() == pytest.approx([0.9, 0.5, 0.5])
