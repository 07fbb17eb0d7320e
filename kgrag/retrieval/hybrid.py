"""Rankings of passages by several measures, and how they become one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from kgrag.types import Floats, Ids

RANK_OFFSET = 60  # how much the first ranks weigh less than 1/rank would have them


class Ranking(NamedTuple):
    """Rows of passages, best first.

    Attributes:
        rows: Rows of the index, shape (n,).
        scores: What they are ranked by, higher is better, shape (n,); of one measure, and comparable within it alone.
    """

    rows: Ids
    scores: Floats


class Rankings(NamedTuple):
    """What is found for one question.

    Attributes:
        dense: By meaning; scores are cosines, inner products or negative distances, as the index compares vectors.
        words: By words; scores are those of BM25.
        naming: By named nodes; scores are how many of them a passage names.
    """

    dense: Ranking
    words: Ranking
    naming: Ranking


def fused(rankings: Iterable[Ranking]) -> dict[int, float]:
    """Score of each row by reciprocal-rank fusion.

    Cormack, Clarke and Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods,
    SIGIR 2009.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking.rows.tolist()):
            scores[row] = scores.get(row, 0.0) + 1.0 / (RANK_OFFSET + rank)
    return scores


def ranking_of(rows: Ids, scores: Floats, limit: int) -> Ranking:
    """The best of rows by their scores; of equal ones the first row."""
    order = np.lexsort((rows, -scores))[:limit]
    return Ranking(rows[order], scores[order])
