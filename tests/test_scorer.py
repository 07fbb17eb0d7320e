"""The triple scorer learns which statements answers lie behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kgrag import KGRAG, KnowledgeGraph, Question
from kgrag.config import RetrievalConfig
from kgrag.encoder import MiniLM
from kgrag.errors import InputError, ModelError, QuestionError
from kgrag.retrieval import EncodedLabels, TripleScorer
from kgrag.retrieval.scorer import FILE, Features, distances, scores
from kgrag.training.scorer import on_shortest_paths, train_scorer
from kgrag.types import Subgraph

NAMES = [f"{a}{b}{c}" for a in ("bru", "kel", "tam") for b in ("do", "vi", "sha") for c in ("n", "rik", "l", "mo")]
FACTS = [
    fact
    for i, name in enumerate(NAMES)
    for fact in (
        (name, "zq7", f"fin{name}"), (name, "vx2", f"sup{name}"), (f"sup{name}", "wk5", f"lon{name}"),
        *((name, "pp9", f"{name} {j}") for j in range(8)), (name, "zq7", NAMES[i - 1]),
    )
]  # fmt: skip
QUESTIONS = [Question(f"what does {n} frob?", (f"fin{n}", NAMES[i - 1]), topics=(n,)) for i, n in enumerate(NAMES)]
QUESTIONS += [Question(f"what does {n} glorp twice?", (f"lon{n}",), topics=(n,)) for n in NAMES]


def subgraph_of(heads: list[int], tails: list[int], seeds: list[int], nodes: int) -> Subgraph:
    arrays = (
        np.array(column, np.int64)
        for column in (range(nodes), heads, [0] * len(heads), tails, range(len(heads)), seeds)
    )
    return Subgraph(*arrays)


@pytest.fixture(scope="module")
def rag() -> KGRAG:
    return KGRAG(KnowledgeGraph.from_triples(FACTS))


@pytest.fixture(scope="module")
def trained(rag: KGRAG) -> TripleScorer:
    return train_scorer(rag, [q for i, q in enumerate(QUESTIONS) if i % 4], epochs=12, patience=12)


def coverage(rag: KGRAG, scorer: TripleScorer) -> float:
    found = []
    for question in QUESTIONS[::4]:
        relevance = rag.labels.relevance(rag.linker.mask(question.question, rag.linker.link(question.question)))
        seeds = np.array(rag.graph.find(question.topics[0]))
        inside = scorer(rag.graph, seeds, RetrievalConfig(nodes=40), relevance).nodes  # four statements
        found += [rag.graph.find(answer)[0] in inside for answer in question.answers]
    return float(np.mean(found))


def test_it_learns_words_that_labels_say_nothing_of(rag: KGRAG, trained: TripleScorer) -> None:
    rng = np.random.default_rng(0)
    shuffled = TripleScorer({name: rng.permutation(weight) for name, weight in trained.weights.items()})
    assert coverage(rag, trained) >= 0.9 > coverage(rag, shuffled) + 0.2


def test_the_same_seed_trains_alike(rag: KGRAG) -> None:
    one, other = (train_scorer(rag, QUESTIONS[:12], epochs=2) for _ in range(2))
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_a_system_with_a_scorer_is_saved_and_loaded(rag: KGRAG, trained: TripleScorer, tmp_path: Path) -> None:
    system = KGRAG(rag.graph.copy(), retriever=trained)
    system.save(tmp_path / "rag")
    again = KGRAG.load(tmp_path / "rag")
    assert isinstance(again.retriever, TripleScorer)
    question = QUESTIONS[0].question
    one, other = (s.retrieve(question).subgraph for s in (system, again))
    labels = [sorted(s.graph.label(int(n)) for n in part.nodes) for s, part in ((system, one), (again, other))]
    assert labels[0] == labels[1] and len(one.statements) == len(other.statements)


def test_a_scorer_that_does_not_fit(encoder: MiniLM, trained: TripleScorer, tmp_path: Path, rag: KGRAG) -> None:
    with pytest.raises(ModelError, match="Train it again"):
        TripleScorer.load(tmp_path)
    trained.save(tmp_path)
    loaded = TripleScorer.load(tmp_path)
    assert loaded.weights.keys() == trained.weights.keys()
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:-100])
    with pytest.raises(ModelError, match="Train it again"):
        TripleScorer.load(tmp_path)
    TripleScorer({name: weight for name, weight in trained.weights.items() if name != "tail"}).save(tmp_path)
    with pytest.raises(ModelError, match="not those of a scorer"):
        TripleScorer.load(tmp_path)
    narrow = TripleScorer({**trained.weights, "question": trained.weights["question"][:-1]})
    relevance = EncodedLabels(rag.graph, encoder).relevance("what?")
    with pytest.raises(InputError, match="width 384, the scorer 383"):
        narrow(rag.graph, np.array([0]), RetrievalConfig(), relevance)
    with pytest.raises(InputError, match="without a question"):
        trained(rag.graph, np.array([0]), RetrievalConfig())


def test_questions_that_cannot_be_used(rag: KGRAG) -> None:
    with pytest.raises(QuestionError, match="None of the training questions"):
        train_scorer(rag, [Question("What is love?", ("baby",), topics=("nobody",))])


def test_distances_tell_directions_apart() -> None:
    far = distances(subgraph_of([0, 1, 3], [1, 2, 0], [0], 4))  # 3 -> 0 -> 1 -> 2
    assert far.shape == (4, 10) and far[:, 0].tolist() == [1, 0, 0, 0]
    assert far[:, 1].tolist() == [0, 1, 0, 0] and far[:, 2].tolist() == [0, 0, 1, 0]  # along
    assert far[:, 4].tolist() == [0, 0, 0, 1]  # against
    assert far[:, 7].tolist() == [0, 0.5, 0, 1]  # either way


def test_statements_on_shortest_paths() -> None:
    #   0 - 1 - 3 and 0 - 2 - 3, a longer way 0 - 4 - 5 - 3, and 6 on its own
    subgraph = subgraph_of([0, 3, 0, 2, 0, 4, 5], [1, 1, 2, 3, 4, 5, 3], [0], 7)
    assert on_shortest_paths(subgraph, np.array([3])).tolist() == [0, 1, 2, 3]
    assert on_shortest_paths(subgraph, np.array([5, 6])).tolist() == [4, 5]
    assert on_shortest_paths(subgraph, np.array([0])).tolist() == []


def test_scores_of_torch_and_numpy_are_the_same(rag: KGRAG, trained: TripleScorer) -> None:
    import torch

    evidence = rag.retrieve(QUESTIONS[0].question)
    features = Features.of(evidence.subgraph, rag.labels.relevance("what does X frob?"))
    other = scores(
        {name: torch.from_numpy(weight) for name, weight in trained.weights.items()},
        Features(*(torch.from_numpy(part) for part in features)),
    )
    assert np.allclose(scores(trained.weights, features), other.numpy(), atol=1e-4)
