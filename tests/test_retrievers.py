"""What every way of taking a sub-graph has to meet."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrag.config import RetrievalConfig
from kgrag.encoder import MiniLM
from kgrag.errors import GraphError, InputError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.statements import Statements
from kgrag.retrieval import EncodedLabels, Relevance, SubgraphRetriever, TripleScorer, retrieve, retriever_named
from kgrag.retrieval.scorer import inputs
from kgrag.retrieval.subgraph import METHODS
from kgrag.types import Floats, Subgraph

needs_pcst = pytest.mark.skipif(find_spec("pcst_fast") is None, reason="pcst-fast2 is not installed")


def scorer() -> TripleScorer:
    """A scorer that learned nothing."""
    rng = np.random.default_rng(0)
    shapes = {name: (rows, 8) for name, rows in inputs(384).items()} | {"bias": (8,), "outer": (8,)}
    return TripleScorer({name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()})


RETRIEVERS = {**METHODS, "scorer": scorer()}
MARKS = {"steiner": needs_pcst}
every = pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in RETRIEVERS])
# those that take all that is near, and not only what is worth most
nearby = pytest.mark.parametrize("name", ["hops", "pagerank", "paths"])


class Weighted(Relevance):
    """Relevance that is given, for graphs whose labels say nothing."""

    def __init__(self, relations: list[float], labels: EncodedLabels) -> None:
        super().__init__("", labels)
        self.given = np.array(relations, np.float32)

    @property
    def relations(self) -> Floats:  # type: ignore[override]
        return self.given


def graph_of(*triples: str) -> KnowledgeGraph:
    rows = [tuple(t if t.startswith('"') else f"urn:{t}" for t in triple.split()) for triple in triples]
    return KnowledgeGraph.from_triples(rows)


def node(graph: KnowledgeGraph, name: str) -> int:
    found = graph.node(name if name.startswith('"') else f"urn:{name}")
    assert found is not None
    return found


def take(
    name: str,
    graph: KnowledgeGraph,
    encoder: MiniLM,
    seeds: list[int],
    relevance: Relevance | None = None,
    **config: int,
) -> Subgraph:
    """Takes a sub-graph, and checks all that always holds."""
    retriever: SubgraphRetriever = RETRIEVERS[name]
    settings = RetrievalConfig(**config)  # type: ignore[arg-type]
    given = relevance or EncodedLabels(graph, encoder).relevance("what is related to X?")
    subgraph, again = (retriever(graph, np.array(seeds, np.int64), settings, given) for _ in range(2))
    for field in ("nodes", "heads", "relations", "tails", "statements", "seeds"):
        assert np.array_equal(getattr(subgraph, field), getattr(again, field))
        assert getattr(subgraph, field).dtype == np.int64
    distinct = list(dict.fromkeys(seeds))
    nodes = subgraph.nodes.tolist()
    assert nodes[: len(distinct)] == distinct
    assert len(set(nodes)) == len(nodes) <= max(settings.nodes, len(distinct))
    assert subgraph.nodes[subgraph.seeds].tolist() == seeds
    assert set(subgraph.statements.tolist()) <= set(graph.statements.tolist())
    assert np.array_equal(subgraph.statements, np.unique(subgraph.statements))
    assert np.array_equal(subgraph.nodes[subgraph.heads], graph.heads[subgraph.statements])
    assert np.array_equal(subgraph.nodes[subgraph.tails], graph.tails[subgraph.statements])
    assert np.array_equal(subgraph.relations, graph.relations[subgraph.statements])
    assert isinstance(subgraph.truncated, bool)
    return subgraph


ids = st.integers(0, 7)
ends = st.one_of(ids.map(lambda i: f"urn:n{i}"), ids.map(lambda i: f'"{i}"'))
row = st.tuples(ids.map(lambda i: f"urn:n{i}"), st.integers(0, 2).map(lambda i: f"urn:p{i}"), ends)


@every
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(row, min_size=1, max_size=30), drawn=st.lists(st.integers(0, 99), max_size=4), data=st.data())
def test_any_graph(name: str, rows: list, drawn: list[int], data: st.DataObject, encoder: MiniLM) -> None:
    graph = KnowledgeGraph.from_triples(rows)
    seeds = [i % graph.num_nodes for i in drawn]
    config = {key: data.draw(st.integers(1, 5)) for key in ("hops", "fanout")}
    subgraph = take(name, graph, encoder, seeds, nodes=data.draw(st.integers(1, 12)), **config)
    # from the seeds, what was taken can be reached without passing through a literal
    reached = set(seeds)
    for _ in range(graph.num_nodes):  # a scorer leaves out what lies between
        onward = {n for n in reached if not graph.is_literal[n]}
        pairs = {(a, b) for h, t in zip(graph.heads.tolist(), graph.tails.tolist()) for a, b in ((h, t), (t, h))}
        reached |= {b for a, b in pairs if a in onward}
    assert set(subgraph.nodes.tolist()) <= reached


@every
def test_literals_are_not_followed(name: str, encoder: MiniLM) -> None:
    graph = graph_of('a p "5"', 'b p "5"', "b p c", "a q d", "d q e")
    found = take(name, graph, encoder, [node(graph, "a")], nodes=100, hops=4).nodes.tolist()
    assert node(graph, "b") not in found and node(graph, "c") not in found
    assert take(name, graph, encoder, [node(graph, '"5"')], nodes=100).nodes.tolist() == [node(graph, '"5"')]


@every
def test_no_seeds_and_unknown_seeds(name: str, encoder: MiniLM) -> None:
    graph = graph_of("a p b")
    empty = take(name, graph, encoder, [])
    assert len(empty.nodes) == len(empty.statements) == len(empty.seeds) == 0 and not empty.truncated
    for unknown in (-1, graph.num_nodes):
        with pytest.raises(GraphError, match="not all nodes"):
            take(name, graph, encoder, [unknown])


@every
def test_what_is_added_and_removed_counts_at_once(name: str, encoder: MiniLM) -> None:
    graph = graph_of("a p b", *(f"a p c{i}" for i in range(30)))
    assert node(graph, "b") in take(name, graph, encoder, [node(graph, "a")], nodes=1_000).nodes
    graph.remove([("urn:a", "urn:p", "urn:b")])
    graph.add([("urn:a", "urn:p", "urn:new")])
    found = take(name, graph, encoder, [node(graph, "a")], nodes=1_000)
    assert node(graph, "b") not in found.nodes and node(graph, "new") in found.nodes


@nearby
def test_truncated_says_whether_there_was_more(name: str, encoder: MiniLM) -> None:
    graph = graph_of(*(f"a p b{i}" for i in range(100)))
    whole = take(name, graph, encoder, [node(graph, "a")], hops=1, nodes=1_000)
    assert len(whole.statements) == 100 and not whole.truncated
    assert take(name, graph, encoder, [node(graph, "a")], hops=1, nodes=10).truncated


@every
@pytest.mark.parametrize("is_seed", [True, False])
def test_the_cost_follows_the_budget_and_not_a_hub(
    name: str, is_seed: bool, encoder: MiniLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    by = Statements.by

    def counted(self: Statements, *arguments: object) -> tuple:
        nonlocal read
        found = by(self, *arguments)  # type: ignore[arg-type]
        read += len(found[0])
        return found

    monkeypatch.setattr(Statements, "by", counted)
    costs = []
    for size in (3_000, 30_000):
        leaves = [f"o{i} p hub" for i in range(size)] + [f"hub q i{i}" for i in range(size)]
        graph = graph_of("a p hub", "hub rare once", *leaves)
        seed = node(graph, "hub" if is_seed else "a")
        labels = EncodedLabels(graph, encoder)
        given = Weighted([1.0] * graph.num_relations, labels)
        read = 0
        subgraph = take(name, graph, encoder, [seed], given, nodes=50, hops=3, fanout=20)
        costs.append(read)
        if name != "scorer" and name != "steiner":
            assert node(graph, "once") in subgraph.nodes  # rare relations are not lost among frequent ones
    assert costs[1] <= 1.1 * costs[0] and costs[1] < 10_000


@nearby
def test_the_budget_is_spent_where_the_question_points(name: str, encoder: MiniLM) -> None:
    graph = graph_of(*(f"a like{r} x{r}-{i}" for r in range(2) for i in range(200)))
    for pointed in (0, 1):
        relevance = EncodedLabels(graph, encoder).relevance("")
        relevance = Weighted([1.0 if r == pointed else 0.1 for r in range(2)], relevance.labels)
        subgraph = take(name, graph, encoder, [node(graph, "a")], relevance, nodes=40, hops=1)
        count = np.bincount(subgraph.relations, minlength=2)
        assert count[pointed] > 5 * count[1 - pointed]
    without = RETRIEVERS[name](graph, np.array([node(graph, "a")]), RetrievalConfig(nodes=41, hops=1))
    assert abs(int(np.bincount(without.relations) @ [1, -1])) <= 2


@nearby
def test_a_small_topic_beside_a_hub_is_not_lost(name: str, encoder: MiniLM) -> None:
    graph = graph_of(*(f"hub p h{i}" for i in range(500)), "small p s0", "small p s1", "hub p both", "small q both")
    seeds = [node(graph, "hub"), node(graph, "small")]
    found = take(name, graph, encoder, seeds, nodes=12, hops=1).nodes
    assert {node(graph, name) for name in ("s0", "s1", "both")} <= set(found.tolist())


def test_methods_have_names() -> None:
    graph = graph_of("a p b")
    assert len(retrieve(graph, np.array([0]), RetrievalConfig(method="pagerank")).nodes) == 2
    assert retriever_named("hops") is METHODS["hops"]
    with pytest.raises(InputError, match=r"'magic'.*hops, pagerank, paths, steiner"):
        retriever_named("magic")


def test_wider_is_further_or_more() -> None:
    assert RetrievalConfig(method="hops", hops=2).wider().hops == 3
    assert RetrievalConfig(method="paths", hops=2).wider().hops == 3
    assert RetrievalConfig(method="pagerank", nodes=100).wider().nodes == 200
