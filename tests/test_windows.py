"""Passages that are longer than an encoder reads at once: each of their windows is searched, and the nearest one counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from letters import LetterEncoder

from kgrag import Question
from kgrag.encoder import MiniLM
from kgrag.errors import SavedFolderError
from kgrag.persistence import write_folder
from kgrag.retrieval import PassageIndex
from kgrag.retrieval.passages.vectors import VectorIndex
from kgrag.retrieval.passages.windows import PassageVectors, windows_of
from kgrag.training.bi_encoder import BiEncoder, nearest
from kgrag.training.passage_lessons import lessons_of
from kgrag.training.retriever import RetrieverTrainer
from kgrag.training.towers import Tower
from kgrag.types import Floats, Ids, Passage

KINDS = ("flat", "sq8", "pq", "ivf", "hnsw")
METRICS = ("cosine", "dot", "l2")
pytestmark = pytest.mark.usefixtures("few_are_many")
WIDTH, COUNT, K = 24, 2_000, 10


@pytest.fixture(scope="module")
def counts() -> Ids:
    """How many windows passages have: most one, some several, one very many."""
    counts = np.random.default_rng(0).choice([1, 2, 5], COUNT, p=[0.6, 0.3, 0.1])
    counts[7] = 300
    return counts


@pytest.fixture(scope="module")
def points(counts: Ids) -> Floats:
    """Vectors of all windows, in heaps; those of one passage are in one heap."""
    rng = np.random.default_rng(1)
    middles = np.repeat(rng.normal(size=(40, WIDTH))[rng.integers(40, size=COUNT)], counts, axis=0)
    return (middles + 0.5 * rng.normal(size=middles.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def questions(points: Floats, counts: Ids) -> Floats:
    """One beside the passage of very many windows, which would leave no room for others."""
    rng = np.random.default_rng(2)
    beside = points[counts[:7].sum() : counts[:8].sum()].mean(axis=0)
    return np.concatenate([rng.normal(size=(30, WIDTH)), beside[None]]).astype(np.float32)


def made(kind: str, metric: str, points: Floats, counts: Ids) -> PassageVectors:
    index, half = PassageVectors(VectorIndex(WIDTH, metric, kind)), COUNT // 2
    cut = counts[:half].sum()
    for part, of_each in ((points[:cut], counts[:half]), (points[cut:], counts[half:])):
        index.add(part, of_each, np.ones(half, bool))
    return index


def measured(metric: str, points: Floats, counts: Ids, question: Floats) -> Floats:
    """The greatest score of any window, by passages."""
    scores = -np.linalg.norm(points - question, axis=1) if metric == "l2" else points @ question
    if metric == "cosine":
        scores = scores / np.linalg.norm(points, axis=1) / np.linalg.norm(question)
    return np.maximum.reduceat(scores, np.cumsum(counts) - counts)


def recall(
    metric: str, points: Floats, counts: Ids, questions: Floats, index: PassageVectors, among: np.ndarray | None = None
) -> float:
    """Mean share of the nearest passages that are found; checks that they are as near as is said, and each found once."""
    shares = []
    for question, (rows, scores) in zip(questions, index.search(questions, K, among)):
        exact = measured(metric, points, counts, question)
        assert (np.abs(scores - exact[rows]) < 1e-4).mean() >= (1.0 if index.first.kind == "flat" else 0.8)
        assert (scores < exact[rows] + 1e-4).all()  # of a passage FAISS may miss the nearest window, and find another
        assert len(set(rows.tolist())) == len(rows) == K and (np.diff(scores) <= 0).all()
        if among is not None:
            exact[~among] = -np.inf
        shares.append(len(set(rows.tolist()) & set(np.argsort(-exact)[:K].tolist())) / K)
    return float(np.mean(shares))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_nearest_window_counts(
    kind: str, metric: str, points: Floats, counts: Ids, questions: Floats, tmp_path: Path
) -> None:
    least = 1.0 if kind == "flat" else 0.95
    index = made(kind, metric, points, counts)
    assert len(index) == COUNT and len(index.further) == counts.sum() - COUNT
    assert recall(metric, points, counts, questions, index) >= least
    is_live = np.random.default_rng(3).random(COUNT) < 0.7
    assert recall(metric, points, counts, questions, index, is_live) >= least
    index.write(tmp_path, is_live)
    mapped, kept = PassageVectors.read(tmp_path, metric, kind), np.repeat(is_live, counts)
    assert len(mapped) == is_live.sum()
    assert recall(metric, points[kept], counts[is_live], questions, mapped) >= least
    rows = np.array([5, 0, 3])
    exact = [measured(metric, points[kept], counts[is_live], question)[rows] for question in questions]
    for question, scores in zip(questions, exact):
        near = mapped.nearest(question, rows)
        assert measured(metric, near, np.ones(3, int), question) == pytest.approx(scores, abs=1e-4)


def test_passages_of_one_window_take_no_more_room(points: Floats, tmp_path: Path) -> None:
    index = PassageVectors(VectorIndex(WIDTH))
    index.add(points[:COUNT], np.ones(COUNT, int), np.ones(COUNT, bool))
    index.write(tmp_path, np.ones(COUNT, bool))
    assert not len(index.further) and [file.name for file in tmp_path.iterdir()] == ["vectors.safetensors"]


def test_rows_without_a_passage_have_no_windows() -> None:
    index = PassageVectors(VectorIndex(2))
    is_live = np.array([True, False, True])
    index.add(np.array([[1, 0], [0, 1], [1, 1]], np.float32), np.array([2, 1]), is_live)
    assert len(index) == 3
    ((rows, scores),) = index.search(np.array([[0, 1]], np.float32), 3, is_live)
    assert rows.tolist() == [0, 2] and scores == pytest.approx([1, 0.5**0.5])
    assert index.windows(np.array([1, 0]))[1].tolist() == [0, 1, 1]


# The index

LONG = "aaaa aaaa aaaa bbbb bbbb bbbb cccc cccc cccc"


def passages() -> list[Passage]:
    others = [Passage(f"p{i}", f"{chr(100 + i % 20) * 4} {chr(100 + i % 7) * 4}") for i in range(40)]
    return [*others[:20], Passage("long", LONG, "dddd"), *others[20:], Passage("longer", LONG + " zzzz" * 4)]


def state(index: PassageIndex) -> list:
    encoder = LetterEncoder(words=3)
    asked = ("aaaa", "bbbb bb", "cccc", "zzzz", "dddd eeee")
    return [[(hit.passage, round(hit.score, 5)) for hit in index.search(text, 9, encoder)] for text in asked]


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_a_long_passage_is_found(kind: str, tmp_path: Path) -> None:
    encoder = LetterEncoder(words=3)
    index = PassageIndex.from_passages(passages(), kind=kind).build(encoder, progress=False)
    assert encoder.encoded == 40 + 4 + 5
    ((first, score),) = ((hit.passage.id, hit.score) for hit in index.search("zzzzz", 1, encoder))
    assert first == "longer" and score > 0.99
    before = state(index)
    index.save(tmp_path / "x")
    assert state(index) == state(PassageIndex.load(tmp_path / "x")) == before
    index.update([Passage("p3", LONG.replace("a", "y")), Passage("new", LONG.replace("a", "x"))])
    index.remove(["longer", "p1"])
    index.search("xxxx", 1, encoder)
    changed = state(index)
    assert "longer" not in str(changed)
    loaded = PassageIndex.load(tmp_path / "x")  # by what the journal has of them
    assert len(loaded.contents.vectors.further) == 3 + 4 + 2 + 2  # type: ignore[union-attr]
    assert state(loaded) == changed
    loaded.save(tmp_path / "y")
    again = PassageIndex.load(tmp_path / "y")
    assert len(again.contents.vectors.further) == 3 + 2 + 2  # type: ignore[union-attr]
    assert state(again) == changed
    again.remove(["long", "p3", "new"])
    again.save(tmp_path / "y")
    assert not (tmp_path / "y" / "further").exists()


def test_windows_that_fit_no_passage_are_refused(tmp_path: Path) -> None:
    index = PassageIndex.from_passages(passages()).build(LetterEncoder(words=3), progress=False)
    index.save(tmp_path / "x")
    for counts in ([2], [0], [1, 1], ["x"], 1):
        index._journal.append(  # type: ignore[union-attr]
            {"encoder": "letters", "start": 42, "stop": 43, "width": 1, "vectors": "AAAAAA==", "counts": counts}
        )
        with pytest.raises(SavedFolderError, match="changes of the index"):
            PassageIndex.load(tmp_path / "x")
        index.save(tmp_path / "x")
    other = PassageIndex.from_passages(passages()[20:]).build(LetterEncoder(words=3), progress=False)
    other.save(tmp_path / "other")
    owners = (tmp_path / "other" / "further" / "owners.safetensors").read_bytes()

    def write(folder: Path) -> None:
        parts = [file for file in (tmp_path / "x").rglob("*") if file.is_file() and file.name != "manifest.json"]
        for file in parts:
            place = folder / file.relative_to(tmp_path / "x")
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(owners[:-8] + b"\xff" * 8 if file.name == "owners.safetensors" else file.read_bytes())

    write_folder(tmp_path / "y", write, "passages")
    with pytest.raises(SavedFolderError, match="of no passages"):
        PassageIndex.load(tmp_path / "y")


# The encoder


def test_a_text_is_split_into_what_is_read_at_once(encoder: MiniLM) -> None:
    short, long = "Aspirin thins the blood.", " ".join(f"word{i} is incomprehensible," for i in range(120))
    unspaced = "药物" * 300
    split, (first, *others) = encoder.windows([short, long, short, unspaced, ""])[0], encoder.windows([long])[0]
    assert split == [short] and encoder.windows([""]) == [[""]]
    assert " ".join([first, *others]) == long
    assert "".join(encoder.windows([unspaced])[0]) == unspaced
    for window in (first, *others, *encoder.windows([unspaced])[0]):
        assert len(encoder.spans([window])[0]) <= 256
        assert encoder.spans([window])[0][-2][1] == len(window)  # read to its end
    assert encoder.encode([first]) == pytest.approx(encoder.encode([long]), abs=0.05)  # what was read of it before
    windows, counts = windows_of(encoder, [short, long])
    assert windows == [short, first, *others] and counts.tolist() == [1, 1 + len(others)]


# Training


def test_the_nearest_window_is_trained() -> None:
    scores = torch.tensor([[0.1, 0.2, 0.9, 0.3], [0.5, 0.1, 0.2, 0.7]], requires_grad=True)
    best = nearest(scores, np.array([0, 1, 0, 1]), 2)
    assert best.detach().numpy() == pytest.approx(np.array([[0.9, 0.3], [0.5, 0.7]]))
    best.sum().backward()
    assert scores.grad.tolist() == [[0, 0, 1, 1], [1, 0, 0, 1]]  # type: ignore[union-attr]
    assert nearest(scores, np.array([0, 1, 2, 3]), 4) is scores


def test_a_map_of_questions_is_trained_by_windows() -> None:
    letters = "abcdefghijklm"
    texts = [f"{'z' * 9} {'y' * 9} {letter * 9}" for letter in letters]
    index = PassageIndex.from_texts(texts).build(LetterEncoder(words=1), progress=False)
    asked = [Question(chr(ord(letter) + 13) * 3, gold_passages=(str(i),)) for i, letter in enumerate(letters, start=1)]
    lessons = lessons_of(index, asked[:-2])  # n asks for a, o for b, and so on: told by the last windows alone
    history = RetrieverTrainer(index, LetterEncoder(words=1), epochs=30, learning_rate=0.05, patience=30).train(
        lessons, lessons
    )
    assert max(history) > 0.9 > 0.5 > history[0]


def test_encoders_are_trained_by_windows(tiny: MiniLM) -> None:
    long = " ".join(f"word{i} and more" for i in range(300))
    index = PassageIndex.from_texts([long, "short", "another"]).build(tiny, progress=False)
    tower = Tower(tiny)
    model = BiEncoder(index, tiny, tower, tower)
    with torch.no_grad():
        scores = model.scores(["word299 and"], np.arange(3)).numpy()
    windows, counts = windows_of(tiny, [long, "short", "another"])
    assert counts[0] > 1
    exact = tower(["word299 and"]).detach().numpy() @ tower(windows).detach().numpy().T
    assert scores[0] == pytest.approx([exact[0, : counts[0]].max(), *exact[0, counts[0] :]], abs=1e-4)
    assert len(model.all_passages().further) == counts[0] - 1
