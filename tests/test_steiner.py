"""Prize-collecting Steiner trees, and what is said where they cannot be computed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

from kgrag.config import RetrievalConfig
from kgrag.encoder import MiniLM
from kgrag.errors import ModelError
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval import EncodedLabels
from kgrag.retrieval.steiner import _solver, steiner

STEINER = RetrievalConfig(method="steiner", hops=3)
GRAPH = KnowledgeGraph.from_triples(
    [
        ("Ada", "wrote", "Notes"), ("Notes", "published in", "Taylor's Memoirs"), ("Bert", "edited", "Taylor's Memoirs"),
        *((f"reader {i}", "owns a copy of", "Notes") for i in range(20)),
    ]
)  # fmt: skip


@pytest.fixture
def solver() -> Iterator[None]:
    """Has the solver sought anew, in the test and after it."""
    _solver.cache_clear()
    yield
    _solver.cache_clear()


def test_seeds_are_joined_by_the_cheapest_tree() -> None:
    pytest.importorskip("pcst_fast")
    seeds = np.array([GRAPH.find(name)[0] for name in ("Ada", "Bert")])
    subgraph = steiner(GRAPH, seeds, STEINER)
    assert sorted(GRAPH.label(int(n)) for n in subgraph.nodes) == ["Ada", "Bert", "Notes", "Taylor's Memoirs"]
    assert len(subgraph.statements) == 3


def test_seeds_that_are_far_apart_need_not_be_joined() -> None:
    pytest.importorskip("pcst_fast")
    rows = [(f"a{i}", "next", f"a{i + 1}") for i in range(6)]
    graph = KnowledgeGraph.from_triples([*rows, ("b0", "next", "b1")])
    for other in ("a6", "b0"):
        seeds = np.array([graph.find("a0")[0], graph.find(other)[0]])
        assert steiner(graph, seeds, STEINER).nodes.tolist() == seeds.tolist()


def test_what_the_question_points_at_is_worth_its_cost(encoder: MiniLM) -> None:
    pytest.importorskip("pcst_fast")
    labels = EncodedLabels(GRAPH, encoder)
    seeds = np.array(GRAPH.find("Notes"))
    found = [
        {GRAPH.label(int(n)) for n in steiner(GRAPH, seeds, STEINER, labels.relevance(question)).nodes}
        for question in ("Which readers own a copy of X?", "Where was X published in?")
    ]
    assert {f"reader {i}" for i in range(20)} <= found[0]
    assert "Taylor's Memoirs" in found[1] and len(found[1]) < len(found[0])


def test_without_the_package(solver: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pcst_fast", None)
    with pytest.raises(ModelError, match=r"not installed.*kgrag\[steiner\]"):
        steiner(GRAPH, np.array([0]), STEINER)


def test_with_a_package_that_computes_wrong_trees(solver: None, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ModuleType("pcst_fast")
    broken.pcst_fast = lambda *_: (np.zeros(4, np.int32), np.zeros(3, np.int32))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pcst_fast", broken)
    with pytest.raises(ModelError, match="wrong trees.*pip uninstall pcst_fast"):
        steiner(GRAPH, np.array([0]), STEINER)
