"""Which relations things of one sort may have."""

import numpy as np

from kgrag.encoding.sorts import Sorts
from kgrag.graph import KnowledgeGraph

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
FOOTBALL = [
    ("Aro", "plays position", "Forward"),
    ("Aro", "plays in club", "FC Bel"),
    ("Aro", "wears number", "9"),
    ("Cim", "plays position", "Defender"),
    ("FC Bel", "is in country", "Dania"),
    ("FC Eno", "is in country", "Dania"),
]


def may_have(graph, name):
    (node,) = graph.find(name)
    out, into = graph.statements_from([node])[0], graph.statements_to([node])[0]
    there = np.unique(np.concatenate([2 * graph.relations[out], 2 * graph.relations[into] + 1])).astype(np.int64)
    found = Sorts(graph).may_have(np.array([node]), there)
    return {("^" if directed & 1 else "") + graph.relation_label(directed >> 1) for directed in found.tolist()}


def test_without_classes_things_that_share_a_relation_are_of_one_sort():
    graph = KnowledgeGraph.from_triples(FOOTBALL)
    assert may_have(graph, "Forward") == {"^plays position"}
    assert may_have(graph, "Cim") == {"plays position", "plays in club", "wears number"}
    assert may_have(graph, "FC Eno") == {"is in country", "^plays in club"}


def test_members_of_a_class_may_have_what_others_of_it_have(tmp_path):
    file = tmp_path / "graph.ttl"
    file.write_text(
        "@prefix : <http://x/> . :a a :Drug ; :treats :b . :c a :Drug ; :name 'cee' . :b a :Disease . :d a :Disease ; :sign :e ."
    )
    graph = KnowledgeGraph.from_rdf(file)
    assert {"treats", "name"} <= may_have(graph, "c")
    assert "sign" not in may_have(graph, "c")
    assert {"sign", "^treats"} <= may_have(graph, "b")


def test_it_follows_the_graph():
    graph = KnowledgeGraph.from_triples(FOOTBALL)
    sorts, (forward,) = Sorts(graph), graph.find("Forward")
    there = np.array([1])
    assert sorts.may_have(np.array([forward]), there).tolist() == [1]
    graph.add([("Defender", "needs", "patience")])
    assert graph.relation_label(sorts.may_have(np.array([forward]), there).tolist()[-1] >> 1) == "needs"


def test_a_node_that_came_just_now_is_of_no_sort_yet():
    graph = KnowledgeGraph.from_triples(FOOTBALL)
    assert Sorts(graph).may_have(np.array([10_000]), np.zeros(0, np.int64)).tolist() == []
