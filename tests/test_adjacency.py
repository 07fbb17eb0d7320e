"""Statements and neighbours of nodes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph

ids = st.integers(0, 5)


@settings(max_examples=60)
@given(st.lists(st.tuples(ids, st.integers(0, 2), ids), min_size=1, max_size=25), st.lists(ids, max_size=6))
def test_neighbours_equal_a_naive_scan(statements: list[tuple[int, int, int]], wanted: list[int]) -> None:
    graph = KnowledgeGraph.from_triples([(f"n{h}", f"r{r}", f"n{t}") for h, r, t in statements])
    assert graph.num_statements == len(set(statements))
    nodes = [n for name in wanted for n in graph.find(f"n{name}")]
    for ends, method in ((graph.heads, graph.statements_from), (graph.tails, graph.statements_to)):
        naive = [(s, i) for i, n in enumerate(nodes) for s in range(graph.num_statements) if ends[s] == n]
        found, positions = method(np.array(nodes, dtype=np.int64))
        assert list(zip(found.tolist(), positions.tolist())) == naive
        assert found.dtype == positions.dtype == np.int64
    ends = set(zip(graph.heads.tolist(), graph.tails.tolist()))
    joined = [(m, i) for i, n in enumerate(nodes) for m in range(graph.num_nodes) if ends & {(n, m), (m, n)}]
    assert list(zip(*(ids.tolist() for ids in graph.neighbours(nodes)))) == joined


def test_neighbours_of_a_node_that_is_not_there(graph: KnowledgeGraph) -> None:
    for bad in ([-1], [graph.num_nodes]):
        with pytest.raises(GraphError, match="Valid are 0 to"):
            graph.statements_from(bad)
        with pytest.raises(GraphError, match="Valid are 0 to"):
            graph.neighbours(bad)
