"""Parts of long rows: spread over relations, weighted, and right while the graph changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kgrag.graph import KnowledgeGraph
from kgrag.graph.shares import shared

groups = st.lists(st.tuples(st.integers(1, 40), st.sampled_from([0.05, 0.3, 0.5, 1.0])), min_size=1, max_size=8)


@settings(max_examples=200, deadline=None)
@given(owners=st.lists(groups, min_size=1, max_size=5), most=st.integers(1, 60))
def test_shares_are_fair(owners: list[list[tuple[int, float]]], most: int) -> None:
    owners = [groups for groups in owners if sum(count for count, _ in groups) > most]
    assume(owners)
    counts = np.array([count for groups in owners for count, _ in groups], np.int64)
    weights = np.array([weight for groups in owners for _, weight in groups])
    which = np.array([i for i, groups in enumerate(owners) for _ in groups], np.int64)
    taken = shared(counts, weights, which, most)
    assert (taken >= 0).all() and (taken <= counts).all()
    for owner in range(len(owners)):
        mine = which == owner
        assert taken[mine].sum() == most
        left = mine & (taken < counts)  # these could have had more: they have as much as any, for their weight
        for group in np.flatnonzero(left):
            level = (taken[group] + 1) / weights[group]
            assert (taken[mine] - 1 <= level * weights[mine] + 1e-6).all()


@pytest.fixture
def graph() -> KnowledgeGraph:
    rows = [("hub", "often", f"o{i}") for i in range(300)] + [("hub", "seldom", f"s{i}") for i in range(3)]
    return KnowledgeGraph.from_triples([*rows, ("hub", "once", "x"), ("other", "often", "o1"), ("other", "once", "x")])


def test_a_part_is_spread_over_relations(graph: KnowledgeGraph) -> None:
    nodes = [graph.find(name)[0] for name in ("other", "hub")]
    found, positions = graph.statements_from(nodes, 10)
    assert positions.tolist() == [0, 0] + [1] * 10
    counted = {graph.relation_label(r): n for r, n in enumerate(np.bincount(graph.relations[found[2:]]))}
    assert counted == {"often": 6, "seldom": 3, "once": 1}
    weights = np.array([{"often": 0.1, "seldom": 1.0, "once": 1.0}[label] for label in graph.relation_labels])
    found, _ = graph.statements_from(nodes[1:], 4, weights.astype(np.float32))
    assert sorted(graph.relation_label(r) for r in graph.relations[found]).count("often") <= 1
    whole, _ = graph.statements_from(nodes[1:], 1_000)
    assert sorted(whole.tolist()) == graph.statements_from(nodes[1:])[0].tolist()
    found, positions = graph.statements_to([graph.find("x")[0]], 1)
    assert len(found) == 1 and positions.tolist() == [0]


def test_parts_follow_changes(graph: KnowledgeGraph) -> None:
    hub = graph.find("hub")[0]
    graph.statements_from([hub], 10)  # rows are sorted from here on
    graph.remove([("hub", "once", "x")])
    graph.add([("hub", "lately", "y"), ("newcomer", "often", "x")])
    found, _ = graph.statements_from([hub], 10)
    labels = [graph.relation_label(r) for r in graph.relations[found]]
    assert "lately" in labels and "once" not in labels
    newcomer = graph.find("newcomer")[0]
    assert len(graph.statements_from([newcomer], 10)[0]) == 1
    outgoing, incoming = graph.degrees([hub, newcomer, graph.find("x")[0]])
    assert outgoing.tolist() == [305, 1, 0] and incoming.tolist() == [0, 0, 3]  # a removed one still counts


def test_what_came_later_is_spread_too(graph: KnowledgeGraph) -> None:
    hub = graph.find("hub")[0]
    graph.statements_from([hub], 10)
    graph.add([("hub", "later", f"l{i}") for i in range(500)] + [("hub", "last", "z")])
    found, _ = graph.statements_from([hub], 10)
    labels = [graph.relation_label(r) for r in graph.relations[found]]
    assert labels.count("later") == 9 and labels.count("last") == 1 and len(labels) == 20


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 9)), max_size=10),
    st.integers(1, 12),
)
def test_parts_are_parts(rows: list, later: list, most: int) -> None:
    graph = KnowledgeGraph.from_triples([(f"h{h}", f"r{r}", f"t{t}") for h, r, t in rows])
    for method in (graph.statements_from, graph.statements_to):
        method([0], 1)
    graph.add([(f"h{h}", f"r{r}", f"t{t}") for h, r, t in later])
    nodes = np.arange(graph.num_nodes)
    for method in (graph.statements_from, graph.statements_to):
        whole, owners = method(nodes)
        found, positions = method(nodes, most)
        assert set(zip(found.tolist(), positions.tolist())) <= set(zip(whole.tolist(), owners.tolist()))
        assert len(set(found.tolist())) == len(found)
        assert positions.tolist() == sorted(positions.tolist())
        early = np.bincount(owners[whole < len(set(rows))], minlength=len(nodes))
        assert (np.bincount(positions[found < len(set(rows))], minlength=len(nodes)) == np.minimum(early, most)).all()
