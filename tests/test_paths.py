"""Paths: all simple ones, the shortest first."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

from kgrag.config import RetrievalConfig
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval.paths import paths, paths_between

WIDE = RetrievalConfig(nodes=10_000, fanout=10_000)


@pytest.fixture(scope="module", params=range(3))
def graph(request: pytest.FixtureRequest) -> KnowledgeGraph:
    rng = np.random.default_rng(request.param)
    return KnowledgeGraph.from_triples(
        [(f"n{h}", f"r{r}", f"n{t}") for h, r, t in rng.integers(0, 14, (40, 3)).tolist()]
    )


def as_networkx(graph: KnowledgeGraph) -> networkx.MultiGraph:
    result = networkx.MultiGraph()
    for statement in graph.statements.tolist():
        result.add_edge(int(graph.heads[statement]), int(graph.tails[statement]), statement)
    return result


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_paths_between_nodes_are_those_of_networkx(graph: KnowledgeGraph, length: int) -> None:
    other = as_networkx(graph)
    for start, end in ((0, 1), (2, 7), (5, 3)):
        blocks = paths_between(graph, start, end, length, WIDE)
        found = [tuple(path) for block in blocks for path in block.statements.tolist()]
        expected = {
            tuple(key for *_, key in path) for path in networkx.all_simple_edge_paths(other, start, end, length)
        }
        assert len(found) == len(expected) and set(found) == expected
        assert [len(path) for path in found] == sorted(len(path) for path in found)
        for block in blocks:
            assert (block.nodes[:, 0] == start).all() and (block.nodes[:, -1] == end).all()
            for step in range(block.length):
                ends = {tuple(pair) for pair in block.nodes[:, [step, step + 1]].tolist()}
                held = zip(
                    graph.heads[block.statements[:, step]].tolist(), graph.tails[block.statements[:, step]].tolist()
                )
                assert all(pair in ends or pair[::-1] in ends for pair in held)


def test_paths_from_a_node_are_those_of_networkx(graph: KnowledgeGraph) -> None:
    subgraph = paths(graph, np.array([0]), RetrievalConfig(method="paths", hops=3, nodes=10_000, fanout=10_000))
    other = as_networkx(graph)
    expected = {
        key
        for end in other.nodes
        if end != 0
        for path in networkx.all_simple_edge_paths(other, 0, end, 3)
        for *_, key in path
    }
    assert set(subgraph.statements.tolist()) == expected
    assert set(subgraph.nodes.tolist()) == set(networkx.ego_graph(other, 0, 3).nodes)
    assert not subgraph.truncated and subgraph.hops == 3


def test_what_joins_two_topics_comes_before_what_is_around_them() -> None:
    around = [(end, "p", f"{end}{i}") for end in ("a", "b") for i in range(50)]
    graph = KnowledgeGraph.from_triples([*around, ("a", "q", "m"), ("m", "r", "n"), ("b", "s", "n")])
    seeds = np.array([graph.find("a")[0], graph.find("b")[0]])
    subgraph = paths(graph, seeds, RetrievalConfig(method="paths", hops=3, nodes=4))
    assert sorted(graph.label(int(n)) for n in subgraph.nodes) == ["a", "b", "m", "n"]
    assert len(subgraph.statements) == 3 and subgraph.truncated


def test_literals_may_end_a_path_but_are_not_on_its_way() -> None:
    graph = KnowledgeGraph.from_triples([("a", "p", '"5"'), ("b", "p", '"5"'), ("b", "q", "c")])
    a, b, five = graph.find("a")[0], graph.find("b")[0], graph.find("5")[0]
    assert paths_between(graph, a, b, 4) == []
    assert [block.nodes.tolist() for block in paths_between(graph, a, five, 3)] == [[[a, five]]]
    assert [block.nodes.tolist() for block in paths_between(graph, five, a, 3)] == [[[five, a]]]


def test_unknown_ends() -> None:
    graph = KnowledgeGraph.from_triples([("a", "p", "b")])
    with pytest.raises(GraphError, match="not all nodes"):
        paths_between(graph, 0, 9, 2)
