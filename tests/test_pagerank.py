"""PageRank by local push is what dense power iteration finds, to the stated error."""

from __future__ import annotations

import numpy as np
import pytest

from kgrag.graph import KnowledgeGraph
from kgrag.graph.statements import Statements
from kgrag.retrieval.pagerank import RESTART, personalised_pagerank


def random_graph(seed: int, nodes: int, statements: int) -> KnowledgeGraph:
    """Statements between Zipf-like nodes, a fifth of them with literals."""
    rng = np.random.default_rng(seed)
    rows = []
    for head, relation, tail in zip(
        rng.integers(0, nodes, statements), rng.integers(0, 4, statements), rng.zipf(1.6, statements) % nodes
    ):
        end = f'"{tail}"' if rng.random() < 0.2 else f"n{tail}"
        rows.append((f"n{head}", f"r{relation}", end))
    return KnowledgeGraph.from_triples(rows)


def by_power_iteration(graph: KnowledgeGraph, start: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Where walks end, from all steps that matter."""
    step = np.zeros((graph.num_nodes, graph.num_nodes))
    for statement in graph.statements.tolist():
        head, relation, tail = graph.heads[statement], graph.relations[statement], graph.tails[statement]
        step[head, tail] += weights[relation]
        step[tail, head] += weights[relation]
    step[graph.is_literal] = 0
    step /= np.maximum(step.sum(axis=1, keepdims=True), 1e-12)
    at, ended = start.copy(), np.zeros(graph.num_nodes)
    for _ in range(200):
        ended += RESTART * at
        at = (1 - RESTART) * at @ step
    return ended


@pytest.mark.parametrize("epsilon", [1e-2, 1e-3, 1e-5])
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_error_is_as_stated(epsilon: float, is_weighted: bool, seed: int) -> None:
    graph = random_graph(seed, nodes=80, statements=300)
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.1, 1.0, graph.num_relations) if is_weighted else np.ones(graph.num_relations)
    starts = rng.choice(graph.num_nodes, 3, replace=False)
    mass = rng.dirichlet(np.ones(3))
    start = np.zeros(graph.num_nodes)
    start[starts] = mass
    exact = by_power_iteration(graph, start, weights)
    given = weights.astype(np.float32) if is_weighted else None
    nodes, scores, _ = personalised_pagerank(graph, starts, mass, epsilon, given)
    assert nodes.tolist() == sorted(set(nodes.tolist()))
    found = np.zeros(graph.num_nodes)
    found[nodes] = scores
    degree = np.sum(graph.degrees(np.arange(graph.num_nodes)), axis=0)
    missing = exact - found
    assert missing.min() > -1e-6
    assert (missing <= epsilon * degree / weights.min() + 1e-6).all()
    if epsilon == 1e-5:
        assert np.abs(missing).max() < 2e-3 and len(nodes) > 50


def test_no_more_is_read_than_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = random_graph(0, nodes=3_000, statements=20_000)
    read = 0
    by = Statements.by

    def counted(self: Statements, *arguments: object) -> tuple:
        nonlocal read
        found = by(self, *arguments)  # type: ignore[arg-type]
        read += len(found[0])
        return found

    monkeypatch.setattr(Statements, "by", counted)
    for epsilon in (1e-2, 1e-3, 1e-4):
        read = 0
        personalised_pagerank(graph, np.array([0, 5]), np.array([0.5, 0.5]), epsilon)
        assert read <= 1 / (RESTART * epsilon)


def test_walks_wait_where_they_are_told_to() -> None:
    graph = KnowledgeGraph.from_triples([("a", "p", "hub"), *(("hub", "p", f"o{i}") for i in range(50))])
    a, hub = (graph.find(name)[0] for name in ("a", "hub"))
    nodes, scores, waiting = personalised_pagerank(graph, np.array([a]), np.ones(1), 1e-4, most=20)
    assert nodes.tolist() == [a, hub]
    assert scores.tolist() == pytest.approx([RESTART, RESTART * (1 - RESTART)])
    assert waiting.tolist() == pytest.approx([0, 1 - RESTART])
