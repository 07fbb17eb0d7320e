"""Rankings of passages by several measures, and how they become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from kgrag.types import Floats, Ids

RANK_OFFSET = 60  # how much the first ranks weigh less than 1/rank would have them
MEASURES = (
    "meaning",
    "words",
    "meaning_above",
    "covered",
    "phrases",
    "meaning_rank",
    "words_rank",
    "naming",
    "tied",
    "together",
    "document_meaning",
    "document_words",
    "feedback",
    "length",
    "other_names",
    "near_names",
    "naming_near",
)
READ = ("covered", "phrases")  # measures that are taken from the texts of passages
EXPANDED = ("other_names", "near_names", "naming_near")  # measures that a question is expanded for
TRAITS = ("many_words", "rare_words", "agreement", "meaning_gap", "words_gap")

# What passages are ranked by before anything was learned: both measures alike, as fractions of the best (Bruch, Gai and
# Ingber: An Analysis of Fusion Functions for Hybrid Retrieval, TOIS 2023). The others help on data/medical, for its questions
# (not test), and for titles and single sentences asked of the passages without them; `meaning_above` helps most there at 0.3,
# and is lower because the questions of ObliQA that benchmarks/passages.py measures by were found worse than by BM25 at 0.2.
UNTRAINED = {"meaning": 0.5, "words": 0.5, "meaning_above": 0.1, "naming": 0.3, "tied": 0.2, "together": 0.2}


class Ranking(NamedTuple):
    """Rows of passages, best first.

    Attributes:
        rows: Rows of the index, shape (n,).
        scores: What they are ranked by, higher is better, shape (n,); of one measure, and comparable within it alone.
    """

    rows: Ids
    scores: Floats


NO_RANKING = Ranking(np.zeros(0, np.int64), np.zeros(0, np.float32))


class Rankings(NamedTuple):
    """What is found for one question.

    Attributes:
        dense: By meaning; scores are cosines, inner products or negative distances, as the index compares vectors.
        words: By words; scores are those of BM25.
        naming: By named nodes; scores are how many of them a passage names.
        expanded: By the words of the question and the names of the nodes in it; empty where it was not expanded.
    """

    dense: Ranking
    words: Ranking
    naming: Ranking
    expanded: Ranking


class Pool(NamedTuple):
    """The passages that are considered for one question, and what is known of them.

    Attributes:
        rows: Rows of the index, shape (n,).
        cosines: With the question, shape (n,).
        measures: In the order of `MEASURES`, shape (n, measures), mostly from 0 to 1: likeness in meaning and in words, as a fraction of
            that of the best; reciprocal ranks by both; the share of the nodes in the question that it names; how it is tied by nodes
            that both name, and by their document, to the others that rank first; likeness in meaning and in words of the likest passage of its
            document, where one of those is of it; likeness to the mean of those; length; and of a question
            that was expanded likeness in words to the names of its nodes, to those of their neighbours, and the share of these that
            it names.
        is_cut: Whether there are passages that were not considered.
        traits: Of the question, in the order of `TRAITS`, shape (traits,), from 0 to 1: how many words it has and how rare they are,
            how far both rankings agree, and how far the best stand out in either.
    """

    rows: Ids
    cosines: Floats
    measures: Floats
    traits: Floats
    is_cut: bool = False

    @property
    def features(self) -> Floats:
        """What scores are linear in, shape (n, measures + traits): traits shift weight between meaning and words."""
        contrast = self.measures[:, MEASURES.index("words")] - self.measures[:, MEASURES.index("meaning")]
        return np.concatenate([self.measures, contrast[:, None] * self.traits], axis=1)


_NOTHING = np.zeros(0, np.float32)
NO_POOL = Pool(
    np.zeros(0, np.int64), _NOTHING, np.zeros((0, len(MEASURES)), np.float32), np.zeros(len(TRAITS), np.float32)
)


@dataclass(frozen=True)
class Fusion:
    """How much each measure counts, and how the traits of a question shift weight from meaning to words.

    Attributes:
        weights: By the names in `MEASURES` and `TRAITS`; those left out are 0.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: dict(UNTRAINED), hash=False)

    def scores(self, pool: Pool) -> Floats:
        """Score of each passage, shape (n,)."""
        return pool.features @ self.vector

    @property
    def reads(self) -> bool:
        """Whether it goes by measures for which passages have to be read."""
        return any(self.weights.get(name) for name in READ)

    @property
    def expands(self) -> bool:
        """Whether it goes by measures that questions have to be expanded for."""
        return any(self.weights.get(name) for name in EXPANDED)

    @property
    def vector(self) -> Floats:
        """The weights in the order of `MEASURES` and `TRAITS`."""
        return np.array([self.weights.get(name, 0.0) for name in (*MEASURES, *TRAITS)], np.float32)


def reciprocal_ranks(rankings: Iterable[Ranking]) -> dict[int, float]:
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


def diversified(scores: Floats, vectors: Floats, k: int, diversity: float) -> Ids:
    """Places of the best, each chosen for its score and for being unlike those before it: maximal marginal relevance.

    Carbonell and Goldstein: The Use of MMR, Diversity-Based Reranking for Reordering Documents and Producing Summaries,
    SIGIR 1998.

    Args:
        scores: Shape (n,).
        vectors: Unit vectors, shape (n, width).
        k: How many to choose.
        diversity: From 0, which goes by scores alone, to 1, which goes by unlikeness alone.

    Returns:
        Shape (at most k,).
    """
    span = float(np.ptp(scores)) if len(scores) else 0.0
    relevance = (scores - scores.min()) / span if span else np.zeros(len(scores))
    alike, is_open = np.zeros(len(scores)), np.ones(len(scores), np.bool_)
    chosen: list[int] = []
    while len(chosen) < min(k, len(scores)):
        marginal = np.where(is_open, (1 - diversity) * relevance - diversity * alike, -np.inf)
        best = int(np.argmax(marginal))
        chosen.append(best)
        is_open[best] = False
        alike = np.maximum(alike, vectors @ vectors[best])
    return np.array(chosen, np.int64)
