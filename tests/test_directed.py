"""Directed relations: which leave a node, and where one leads, while the graph changes."""

import numpy as np
import pytest

from kgrag import KnowledgeGraph
from kgrag.graph.directed import DirectedRows, GraphRows, backwards
from kgrag.types import Subgraph

FACTS = [("ann", "knows", "bob"), ("ann", "knows", "cid"), ("bob", "likes", "cid"), ("dan", "knows", "ann")]


@pytest.fixture
def graph():
    return KnowledgeGraph.from_triples(FACTS)


def named(graph, directed):
    return graph.relation_label(directed >> 1) + ("^" if directed & 1 else "")


def leaving(graph, rows, *names):
    nodes = np.array([graph.find(name)[0] for name in names])
    return {named(graph, directed) for directed in rows.leaving(nodes).tolist()}


def reached(graph, rows, name, relation):
    node = np.array(graph.find(name)[:1])
    found = next((d for d in rows.leaving(node).tolist() if named(graph, d) == relation), None)
    return set() if found is None else {graph.label(int(n)) for n in rows.along(node, found).targets}


def test_relations_are_read_in_both_directions(graph):
    rows = GraphRows(graph)
    assert leaving(graph, rows, "ann") == {"knows", "knows^"}
    assert leaving(graph, rows, "cid") == {"knows^", "likes^"}
    assert leaving(graph, rows, "bob", "dan") == {"knows", "knows^", "likes"}
    assert reached(graph, rows, "ann", "knows") == {"bob", "cid"}
    assert reached(graph, rows, "ann", "knows^") == {"dan"}
    assert backwards(backwards(6)) == 6 != backwards(6)


def test_edges_say_what_they_are(graph):
    rows = GraphRows(graph)
    edges = rows.along(np.arange(graph.num_nodes))
    assert len(edges.statements) == 2 * len(FACTS)
    for origin, directed, statement, target in zip(*edges):
        ends = graph.heads[statement], graph.tails[statement]
        assert (origin, target) == (ends[::-1] if directed & 1 else ends)
        assert graph.relations[statement] == directed >> 1


def test_what_comes_and_goes_is_seen_at_once(graph):
    rows = GraphRows(graph)
    assert reached(graph, rows, "ann", "likes") == set()
    graph.add([("ann", "likes", "eve")])
    assert reached(graph, rows, "ann", "likes") == {"eve"}
    assert reached(graph, rows, "eve", "likes^") == {"ann"}
    graph.remove_where(subject="ann", predicate="knows")
    assert leaving(graph, rows, "ann") == {"knows^", "likes"}
    graph.remove_where(subject="ann", object="eve")
    assert leaving(graph, rows, "ann") == {"knows^"}


def test_ids_that_are_given_anew_do_not_confuse_it(graph, tmp_path):
    rows = GraphRows(graph)
    assert reached(graph, rows, "bob", "likes") == {"cid"}
    graph.remove_where(subject="ann", object="bob")
    graph.save(tmp_path / "graph")  # ids move up
    graph.add([("bob", "likes", "dan")])
    assert reached(graph, rows, "bob", "likes") == {"cid", "dan"}
    assert reached(graph, rows, "ann", "knows") == {"cid"}


def test_a_subgraph_keeps_the_ids_of_the_graph():
    part = Subgraph(np.array([7, 3]), np.array([0]), np.array([2]), np.array([1]), np.array([40]), seeds=np.array([0]))
    rows = DirectedRows.of(part)
    assert rows.leaving(np.array([7])).tolist() == [4]
    assert rows.along(np.array([3]), 5).targets.tolist() == [7]
    assert rows.leaving(np.array([8])).tolist() == []
    assert len(rows.along(np.zeros(0, np.int64)).targets) == 0


def test_many_changes_agree_with_a_graph_made_at_once():
    rng = np.random.default_rng(0)
    facts = {(f"n{a}", f"r{r}", f"n{b}") for a, r, b in rng.integers(0, 12, (60, 3))}
    graph = KnowledgeGraph.from_triples(sorted(facts))
    rows = GraphRows(graph)
    for _ in range(30):
        fact = tuple(f"{kind}{number}" for kind, number in zip("nrn", rng.integers(0, 12, 3)))
        if fact in facts and len(facts) > 1:
            graph.remove([fact])
            facts.discard(fact)
        else:
            graph.add([fact])
            facts.add(fact)
        for name in ("n0", "n5"):
            if graph.find(name):
                expected = {r for a, r, _ in facts if a == name} | {f"{r}^" for _, r, b in facts if b == name}
                assert leaving(graph, rows, name) == expected
