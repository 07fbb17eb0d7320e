"""Search by vectors: what every kind of index must do, and when which is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kgrag.retrieval.passages import vectors
from kgrag.retrieval.passages.vectors import VectorIndex
from kgrag.types import Floats

KINDS = ("flat", "sq8", "pq", "ivf", "hnsw")
METRICS = ("cosine", "dot", "l2")
pytestmark = pytest.mark.usefixtures("few_are_many")
WIDTH, COUNT, K = 24, 3_000, 10


@pytest.fixture(scope="module")
def points() -> Floats:
    """Vectors of different lengths that lie in heaps, as those of texts do."""
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(40, WIDTH))
    return (middles[rng.integers(40, size=COUNT)] + 0.5 * rng.normal(size=(COUNT, WIDTH))).astype(np.float32)


@pytest.fixture(scope="module")
def questions() -> Floats:
    return np.random.default_rng(1).normal(size=(50, WIDTH)).astype(np.float32)


def measured(metric: str, points: Floats, question: Floats) -> Floats:
    if metric == "l2":
        return -np.linalg.norm(points - question, axis=1)
    scores = points @ question
    return scores / np.linalg.norm(points, axis=1) / np.linalg.norm(question) if metric == "cosine" else scores


def recall(
    metric: str, points: Floats, questions: Floats, index: VectorIndex, among: np.ndarray | None = None
) -> float:
    """Mean share of the nearest that are found; checks scores and order."""
    shares = []
    for question, (rows, scores) in zip(questions, index.search(questions, K, among)):
        exact = measured(metric, points, question)
        assert scores == pytest.approx(exact[rows], abs=1e-4)
        assert (np.diff(scores) <= 0).all() and len(set(rows.tolist())) == len(rows)
        if among is not None:
            assert among[rows].all()
            exact[~among[: len(points)]] = -np.inf
        wanted = np.argsort(-exact)[: min(K, np.count_nonzero(exact > -np.inf))]
        assert len(rows) == len(wanted)
        shares.append(len(set(rows.tolist()) & set(wanted.tolist())) / max(len(wanted), 1))
    return float(np.mean(shares))


def made(kind: str, metric: str, points: Floats) -> VectorIndex:
    index = VectorIndex(WIDTH, metric, kind)
    index.add(points)
    return index


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_nearest_are_found(kind: str, metric: str, points: Floats, questions: Floats) -> None:
    index = made(kind, metric, points)
    assert recall(metric, points, questions, index) >= (1.0 if kind == "flat" else 0.98)
    assert (index._candidates.kind if index._candidates else "flat") == kind
    for one, all_ in zip(questions, index.search(questions, K)):
        assert index.search(one[None], K)[0].rows.tolist() == all_.rows.tolist()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.9, 0.3, 0.02, 0.002])
def test_searches_are_restricted_within(
    kind: str, metric: str, share: float, points: Floats, questions: Floats
) -> None:
    index = made(kind, metric, points)
    among = np.random.default_rng(2).random(COUNT) < share
    least = 1.0 if kind == "flat" or among.sum() <= vectors.FEW else 0.95
    assert recall(metric, points, questions, index, among) >= least
    assert [len(ranking.rows) for ranking in index.search(questions, K, np.zeros(COUNT, bool))] == [0] * len(questions)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_added_is_found_at_once(kind: str, points: Floats, questions: Floats) -> None:
    index = made(kind, "cosine", points[:1_000])
    for count in range(1_000, COUNT, 150):
        found = index.search(points[count - 5 : count], 1)
        assert [ranking.rows[0] for ranking in found] == list(range(count - 5, count))
        index.add(points[count : count + 150])
    index.search(questions, K)
    assert recall("cosine", points, questions, index) >= (1.0 if kind == "flat" else 0.97)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_written_and_mapped(kind: str, metric: str, points: Floats, questions: Floats, tmp_path: Path) -> None:
    index = made(kind, metric, points)
    before = index.search(questions, K)
    index.write(tmp_path, np.ones(COUNT, bool))
    mapped = VectorIndex.read(tmp_path, metric, kind)
    for one, other in zip(before, mapped.search(questions, K)):
        assert one.rows.tolist() == other.rows.tolist()
        assert one.scores == pytest.approx(other.scores, abs=1e-6)
    more = np.random.default_rng(3).normal(size=(500, WIDTH)).astype(np.float32)
    mapped.add(more)  # more than FAISS leaves to be compared
    assert recall(metric, np.concatenate([points, more]), questions, mapped) >= 0.97


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_gaps_are_closed_when_written(
    kind: str, metric: str, points: Floats, questions: Floats, tmp_path: Path
) -> None:
    index = made(kind, metric, points)
    index.search(questions, K)
    is_live = np.random.default_rng(4).random(COUNT) < 0.7
    index.write(tmp_path, is_live)
    mapped = VectorIndex.read(tmp_path, metric, kind)
    assert len(mapped) == is_live.sum()
    assert mapped.pick(np.arange(5)) == pytest.approx(index.pick(np.flatnonzero(is_live)[:5]))
    assert recall(metric, points[is_live], questions, mapped) >= (1.0 if kind == "flat" else 0.97)
    (tmp_path / "none").mkdir()
    index.write(tmp_path / "none", np.zeros(COUNT, bool))
    assert len(VectorIndex.read(tmp_path / "none", metric, kind)) == 0


def test_the_kind_suits_the_number(monkeypatch: pytest.MonkeyPatch, points: Floats, questions: Floats) -> None:
    monkeypatch.setattr(vectors, "FLAT", 500)
    monkeypatch.setattr(vectors, "PRODUCTS", 1_500)
    index = VectorIndex(WIDTH)
    kinds = []
    for start in range(0, COUNT, 250):
        index.add(points[start : start + 250])
        index.search(questions[:1], 1)
        kinds.append(index._candidates.kind if index._candidates else "flat")
    assert kinds == ["flat"] * 2 + ["pq"] * 4 + ["ivf"] * 6
    assert recall("cosine", points, questions, index) >= 0.97


def test_vectors_of_length_zero_and_equal_ones() -> None:
    index = VectorIndex(WIDTH)
    index.add(np.zeros((3, WIDTH), np.float32))
    ((rows, scores),) = index.search(np.ones((1, WIDTH), np.float32), 2)
    assert len(set(rows.tolist())) == 2 and scores.tolist() == [0, 0]
    assert [len(ranking.rows) for ranking in VectorIndex(WIDTH).search(np.ones((2, WIDTH), np.float32), 3)] == [0, 0]


@pytest.mark.parametrize("kind", KINDS[1:])
def test_files_that_do_not_fit_are_refused(kind: str, points: Floats, tmp_path: Path) -> None:
    for name, count in (("one", 3_000), ("other", 2_000)):
        (tmp_path / name).mkdir()
        made(kind, "cosine", points[:count]).write(tmp_path / name, np.ones(count, bool))
    (tmp_path / "other" / "vectors.faiss").replace(tmp_path / "one" / "vectors.faiss")
    with pytest.raises(ValueError, match="2000 vectors"):
        VectorIndex.read(tmp_path / "one", "cosine", kind)
    (tmp_path / "one" / "vectors.faiss").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="FAISS cannot read"):
        VectorIndex.read(tmp_path / "one", "cosine", kind)
