"""Sub-graphs: hops, budget, hub control, and only statements of the graph."""

from __future__ import annotations

import numpy as np
import pytest

from kgrag.config import RetrievalConfig
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval import retrieve
from kgrag.types import Subgraph


def graph_of(*triples: str) -> KnowledgeGraph:
    """A graph of triples written as ``"a p b"``; an end in quotes is a literal."""
    rows = [tuple(t if t.startswith('"') else f"urn:{t}" for t in triple.split()) for triple in triples]
    return KnowledgeGraph.from_triples(rows)


def node(graph: KnowledgeGraph, name: str) -> int:
    return next(i for i in range(graph.num_nodes) if graph.iri(i) in (f"urn:{name}", name))


def take(graph: KnowledgeGraph, *names: str, hops: int = 2, nodes: int = 2_000, fanout: int = 200) -> Subgraph:
    seeds = np.array([node(graph, name) for name in names], np.int64)
    subgraph = retrieve(graph, seeds, RetrievalConfig(hops=hops, nodes=nodes, fanout=fanout))
    assert subgraph.nodes[subgraph.seeds].tolist() == seeds.tolist()
    assert len(set(subgraph.nodes.tolist())) == len(subgraph.nodes)
    assert np.array_equal(subgraph.statements, np.unique(subgraph.statements))
    assert np.array_equal(subgraph.nodes[subgraph.heads], graph.heads[subgraph.statements])
    assert np.array_equal(subgraph.nodes[subgraph.tails], graph.tails[subgraph.statements])
    assert np.array_equal(subgraph.relations, graph.relations[subgraph.statements])
    return subgraph


def names(graph: KnowledgeGraph, subgraph: Subgraph) -> set[str]:
    return {graph.iri(int(n)).removeprefix("urn:") for n in subgraph.nodes}


CHAIN = graph_of("a p b", "c p b", "c q d", "d p e", "b p a", "a r a", 'd s "5"', 'x s "5"')


def test_hops_follow_statements_in_both_directions() -> None:
    assert names(CHAIN, take(CHAIN, "a", hops=0)) == {"a"}
    assert names(CHAIN, take(CHAIN, "a", hops=1)) == {"a", "b"}
    assert names(CHAIN, take(CHAIN, "a", hops=2)) == {"a", "b", "c"}
    assert names(CHAIN, take(CHAIN, "a", hops=3)) == {"a", "b", "c", "d"}
    assert len(take(CHAIN, "a", hops=0).statements) == 0
    assert len(take(CHAIN, "a", hops=1).statements) == 3
    assert len(take(CHAIN, "a", hops=3).statements) == 5


def test_literals_are_taken_but_not_followed() -> None:
    found = names(CHAIN, take(CHAIN, "d", hops=3))
    assert len(found) == 6
    assert "x" not in found
    literal = int(np.flatnonzero(CHAIN.is_literal)[0])
    assert len(retrieve(CHAIN, np.array([literal])).nodes) == 1


def test_seeds_come_first_in_the_order_given_and_may_repeat() -> None:
    subgraph = take(CHAIN, "e", "a", "e", hops=1)
    assert [CHAIN.iri(int(n)) for n in subgraph.nodes[:2]] == ["urn:e", "urn:a"]
    assert subgraph.seeds.tolist() == [0, 1, 0]


def test_no_seeds_and_unknown_seeds() -> None:
    empty = retrieve(CHAIN, np.zeros(0, np.int64))
    assert [
        len(x) for x in (empty.nodes, empty.heads, empty.relations, empty.tails, empty.statements, empty.seeds)
    ] == [0] * 6
    for unknown in (-1, CHAIN.num_nodes):
        with pytest.raises(GraphError, match="not all nodes"):
            retrieve(CHAIN, np.array([unknown]))


def test_the_budget_holds_and_is_shared_among_the_seeds() -> None:
    graph = graph_of(*(f"hub p h{i}" for i in range(100)), "small p s0", "small p s1", "hub p both", "small q both")
    subgraph = take(graph, "hub", "small", hops=1, nodes=10)
    assert len(subgraph.nodes) == 10
    assert subgraph.truncated
    assert {"s0", "s1", "both"} <= names(graph, subgraph)
    whole = take(graph, "hub", "small", hops=1)
    assert not whole.truncated
    assert len(whole.statements) == graph.num_statements
    assert len(take(graph, "hub", "small", nodes=1).nodes) == 2  # the seeds are always in


def test_a_hub_beyond_the_first_hop_is_followed_in_part_with_its_rare_relations() -> None:
    graph = graph_of(
        "a p hub", *(f"hub often o{i}" for i in range(50)), "hub rarely rare", *(f"i{i} p hub" for i in range(50))
    )
    found = names(graph, take(graph, "a", hops=2, fanout=5))
    assert "rare" in found
    assert len([n for n in found if n.startswith("o")]) == 4
    assert len([n for n in found if n.startswith("i")]) in (4, 5)  # the statement that led to the hub is among the five
    assert len(take(graph, "hub", hops=1, fanout=5).nodes) == graph.num_nodes  # a seed is followed in full


def test_statements_between_kept_nodes_are_kept_beyond_the_fanout() -> None:
    graph = graph_of("a p hub", *(f"hub p o{i}" for i in range(20)), "a q o19")
    subgraph = take(graph, "a", hops=2, fanout=3)
    last = node(graph, "o19")
    assert {(int(h), int(t)) for h, t in zip(subgraph.nodes[subgraph.heads], subgraph.nodes[subgraph.tails])} >= {
        (node(graph, "hub"), last), (node(graph, "a"), last)
    }  # fmt: skip


def test_a_random_graph_is_taken_whole_and_always_the_same() -> None:
    rng = np.random.default_rng(0)
    graph = graph_of(*{f"n{a} p{r} n{b}" for a, r, b in rng.integers(0, 30, (200, 3)).tolist()})
    subgraph = take(graph, "n1", "n2", hops=20)
    assert len(subgraph.statements) == graph.num_statements
    first, second = (take(graph, "n1", hops=3, nodes=15, fanout=2) for _ in range(2))
    assert all(np.array_equal(getattr(first, f), getattr(second, f)) for f in ("nodes", "heads", "tails", "statements"))
    assert len(first.nodes) == 15


def test_statements_added_and_removed_are_seen() -> None:
    graph = graph_of("a p b")
    graph.add([("urn:b", "urn:p", "urn:c")])
    assert names(graph, take(graph, "a")) == {"a", "b", "c"}
    graph.remove([("urn:a", "urn:p", "urn:b")])
    assert names(graph, take(graph, "a")) == {"a"}
