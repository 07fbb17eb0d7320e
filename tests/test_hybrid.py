"""Rankings, and how they become one."""

from __future__ import annotations

import numpy as np
import pytest

from kgrag.retrieval.hybrid import (
    MEASURES,
    RANK_OFFSET,
    TRAITS,
    Fusion,
    Pool,
    Ranking,
    diversified,
    ranking_of,
    reciprocal_ranks,
)


def test_reciprocal_ranks_are_added() -> None:
    one = Ranking(np.array([3, 1]), np.array([0.9, 0.8], np.float32))
    other = Ranking(np.array([1, 7]), np.array([12.0, 5.0], np.float32))
    none = Ranking(np.zeros(0, np.int64), np.zeros(0, np.float32))
    first, second = 1 / RANK_OFFSET, 1 / (RANK_OFFSET + 1)
    assert reciprocal_ranks([one, other, none]) == pytest.approx({3: first, 1: first + second, 7: second})
    assert reciprocal_ranks([]) == {}


def test_the_best_come_first_and_of_equal_ones_the_first_row() -> None:
    rows, scores = np.array([5, 2, 9, 4]), np.array([0.5, 0.5, 0.9, 0.1], np.float32)
    ranking = ranking_of(rows, scores, 3)
    assert ranking.rows.tolist() == [9, 2, 5] and ranking.scores.tolist() == pytest.approx([0.9, 0.5, 0.5])


def test_measures_are_weighed_and_traits_shift_weight_from_meaning_to_words() -> None:
    measures = np.zeros((2, len(MEASURES)), np.float32)
    measures[0, MEASURES.index("meaning")] = measures[1, MEASURES.index("words")] = 1.0
    traits = np.zeros(len(TRAITS), np.float32)
    traits[TRAITS.index("rare_words")] = 0.5
    pool = Pool(np.arange(2), np.zeros(2, np.float32), measures, traits)
    assert Fusion({"meaning": 0.7, "words": 0.4}).scores(pool) == pytest.approx([0.7, 0.4])
    assert Fusion({"meaning": 0.7, "words": 0.4, "rare_words": 0.4}).scores(pool) == pytest.approx([0.5, 0.6])
    assert Fusion({"phrases": 0.1}).reads and not Fusion().reads


def test_what_is_like_those_before_it_comes_later_the_more_diversity_counts() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32)
    scores = np.array([0.9, 0.8, 0.1], np.float32)
    assert diversified(scores, vectors, 3, 0.0).tolist() == [0, 1, 2]
    assert diversified(scores, vectors, 3, 0.7).tolist() == [0, 2, 1]
    assert diversified(scores, vectors, 2, 1.0).tolist() == [0, 2]
    assert diversified(scores[:0], vectors[:0], 2, 0.5).tolist() == []
