"""Threads that ask a graph while another one changes it: each sees one version whole, and nobody waits for ever."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad
from sparql_servers import FaultyServer

from kgrag.graph import KnowledgeGraph

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
ROUNDS = 150


@pytest.fixture(autouse=True)
def eager_threads() -> Iterator[None]:
    """Threads take turns a thousand times as often."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(interval)


def pair(i: int) -> list[tuple[str, str, str]]:
    """What comes and goes together."""
    return [("ex:hub", "ex:left", f"ex:l{i}"), ("ex:hub", "ex:right", f"ex:r{i}"), (f"ex:l{i}", LABEL, f'"name {i}"')]


def change(graph: KnowledgeGraph, folder: Path) -> None:
    for i in range(ROUNDS):
        graph.add(pair(i))
        if i % 3 == 0:
            graph.remove(pair(i // 2))
        if i % 40 == 20:
            graph.save(folder)


def neighbours(graph: KnowledgeGraph) -> None:
    (hub,) = graph.find("ex:hub")
    found, _ = graph.neighbours([hub, hub])
    assert len(found) % 4 == 2  # the fixed one, twice


def rows(graph: KnowledgeGraph) -> None:
    found = [row for row in graph.rows() if row[1] != "ex:fixed"]
    assert len(found) % 3 == 0
    assert len(list(graph.row_sources())) % 3 == 1


def arrays(graph: KnowledgeGraph) -> None:
    with graph.lock:
        heads, tails, statements = graph.heads, graph.tails, graph.statements
        assert len(heads) == len(tails) and len(statements) == graph.num_statements
        assert all(graph.triple(statement).subject == "ex:hub" for statement in statements[-2:])


def names(graph: KnowledgeGraph) -> None:
    assert len(graph.labels) <= len(graph.iris) <= graph.num_nodes
    by_name = dict(graph.aliases())
    for name in [name for name in by_name if name.startswith("name")][-3:]:
        assert graph.iri(by_name[name]) == "ex:l" + name.split()[1]
        assert all(graph.iri(node) == "ex:l" + name.split()[1] for node in graph.find(name))


def query(graph: KnowledgeGraph) -> None:
    found = graph.query("SELECT ?p (COUNT(*) AS ?n) { <ex:hub> ?p ?o } GROUP BY ?p")
    counts = {row["p"]: row["n"] for row in found}  # type: ignore[union-attr, index]
    assert counts.get("ex:left") == counts.get("ex:right")
    with graph.lock:  # who holds it may ask as well
        version = graph.version
        assert graph.query("ASK { <ex:hub> <ex:fixed> ?o }") is True
        assert graph.version == version


def run(graph: KnowledgeGraph, writer: Callable[[], None], *readers: Callable[[KnowledgeGraph], None]) -> None:
    """Has all readers read while the writer writes."""
    done = threading.Event()

    def repeat(reader: Callable[[KnowledgeGraph], None]) -> int:
        count = 0
        while not done.is_set():
            reader(graph)
            count += 1
        return count

    with ThreadPoolExecutor(len(readers)) as pool:
        counts = [pool.submit(repeat, reader) for reader in readers]
        try:
            writer()
        finally:
            done.set()
        assert all(count.result(timeout=60) > 0 for count in counts)


def test_readers_see_each_version_whole(tmp_path: Path) -> None:
    graph = KnowledgeGraph.from_triples([("ex:hub", "ex:fixed", "ex:point")])
    run(graph, lambda: change(graph, tmp_path / "saved"), neighbours, neighbours, rows, arrays, names)


def test_queries_see_each_version_whole(tmp_path: Path) -> None:
    graph = KnowledgeGraph.from_triples([("ex:hub", "ex:fixed", "ex:point")])
    run(graph, lambda: change(graph, tmp_path / "saved"), query, query, neighbours)


def test_several_threads_change_a_graph(tmp_path: Path) -> None:
    graph = KnowledgeGraph.from_triples([("ex:hub", "ex:fixed", "ex:point")])
    graph.save(tmp_path / "saved")
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(graph.add, pair(i)) for i in range(200)]:
            done.result()
    assert len(list(graph.rows())) == 601 and graph.version == 200
    loaded = KnowledgeGraph.load(tmp_path / "saved")
    assert sorted(loaded.rows()) == sorted(graph.rows())


def test_a_view_follows_while_threads_read_it() -> None:
    axiom = ("ex:left", "http://www.w3.org/2002/07/owl#inverseOf", "ex:leftOf")
    graph = KnowledgeGraph.from_triples([axiom, *pair(0)])
    view = graph.infer("inverse")

    def derived(_: KnowledgeGraph) -> None:
        found = list(view.rows())
        relations = [row[1] for row in found]
        assert relations.count("ex:left") == relations.count("ex:leftOf") == relations.count("ex:right")

    def write() -> None:
        for i in range(1, 60):
            graph.add(pair(i))

    run(graph, write, derived, derived)


def test_a_remote_graph_is_read_by_several_threads() -> None:
    server = FaultyServer()
    nodes = [NamedNode(f"ex:n{i}") for i in range(40)]
    server.store.extend(Quad(one, NamedNode("ex:next"), other, DefaultGraph()) for one, other in zip(nodes, nodes[1:]))
    try:
        graph = KnowledgeGraph.from_sparql(server.url)

        def walk(start: int) -> int:
            (node,) = graph.find(f"ex:n{start}")
            for _ in range(20):
                following, _ = graph.statements_from([node])
                if len(following):
                    node = int(graph.tails[following[0]])
            return int(graph.iri(node).removeprefix("ex:n"))

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(walk, [0, 0, 0, 3, 3, 5, 5])) == [20, 20, 20, 23, 23, 25, 25]
        asked = [query for query in server.queries if "!isBlank(?o)" in query]
        assert len(asked) == len(set(asked))  # each node once
    finally:
        server.close()
