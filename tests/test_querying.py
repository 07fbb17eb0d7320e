"""SPARQL over a graph: answers, bound values, what is refused, and a process that can be stopped and may crash."""

from __future__ import annotations

import contextlib
import copy
import gc
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.querying import _Worker
from kgrag.graph.sparql import prepare

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
SLOW = "SELECT ?a { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?l ?f LIMIT 1"
TRIPLES = [
    ("ex:aspirin", "ex:treats", "ex:headache"),
    ("ex:ibuprofen", "ex:treats", "ex:headache"),
    ("ex:aspirin", "ex:dose", f'"0100"^^<{INTEGER}>'),
    ("_:b0", "ex:treats", "ex:fever"),
    ("ex:aspirin", LABEL, '"Aspirin \\"ASA\\"\\n"@en'),
]


def make(extra: int = 0) -> KnowledgeGraph:
    chain = [(f"ex:n{i}", "ex:next", f"ex:n{i + 1}") for i in range(extra)]
    return KnowledgeGraph.from_triples([*TRIPLES, *chain])


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return make()


def pid(graph: KnowledgeGraph) -> int:
    worker = graph._engine._worker
    assert worker is not None
    return worker._process.pid


def runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


# Answers


def test_the_forms_of_a_query(graph: KnowledgeGraph) -> None:
    found = graph.query("SELECT ?drug { ?drug <ex:treats> <ex:headache> } ORDER BY ?drug")
    assert found == [{"drug": "ex:aspirin"}, {"drug": "ex:ibuprofen"}]
    assert graph.query("ASK { <ex:aspirin> ?p ?o }") is True
    assert graph.query("ASK { <ex:nothing> ?p ?o }") is False
    assert graph.query("CONSTRUCT { ?o <ex:by> ?s } WHERE { ?s <ex:treats> ?o } ORDER BY ?s LIMIT 1") == [
        ("ex:fever", "ex:by", "_:b0")
    ]
    assert graph.query("SELECT ?s { ?s <ex:cures> ?o }") == []


def test_terms_are_those_of_the_graph(graph: KnowledgeGraph) -> None:
    rows = graph.query("SELECT * { ?s ?p ?o FILTER(?p != <ex:dose>) }")
    assert {(row["s"], row["p"], row["o"]) for row in rows} == set(graph.rows()) - {TRIPLES[2]}
    assert graph.query("SELECT ?dose { ?s <ex:dose> ?dose }") == [{"dose": f'"100"^^<{INTEGER}>'}]
    assert graph.query("SELECT ?s ?l { ?s <ex:treats> <ex:fever> OPTIONAL { ?s <ex:label> ?l } }") == [{"s": "_:b0"}]


def test_answers_come_in_the_same_order(graph: KnowledgeGraph) -> None:
    assert make().query("SELECT * { ?s ?p ?o }") == graph.query("SELECT * { ?s ?p ?o }")


# Bound values


@pytest.mark.parametrize(
    ("sparql", "bindings", "expected"),
    [
        ("SELECT ?o { ?s <ex:treats> ?o }", {"s": "ex:aspirin"}, [{"o": "ex:headache"}]),
        ("SELECT ?s ?o { ?s <ex:treats> ?o }", {"?s": "<ex:aspirin>"}, [{"s": "ex:aspirin", "o": "ex:headache"}]),
        ("SELECT ?o { ?s ?p ?o }", {"s": "_:b0"}, [{"o": "ex:fever"}]),
        ("SELECT ?s { ?s ?p ?o }", {"o": TRIPLES[4][2], "p": LABEL}, [{"s": "ex:aspirin"}]),
        ("SELECT ?s { ?s ?p ?o }", {"o": TRIPLES[2][2]}, [{"s": "ex:aspirin"}]),
        ("SELECT (COUNT(?s) AS ?n) { ?s ?p ?o }", {"o": "ex:headache"}, [{"n": f'"2"^^<{INTEGER}>'}]),
        ("SELECT (EXISTS { ?o ?q ?r } AS ?e) ?s { ?s ?p ?o } LIMIT 0", {"o": "ex:fever"}, []),
        ("ASK # { ?s\n WHERE { FILTER NOT EXISTS { ?s ?p ?o } }", {"s": "ex:none"}, True),
        (
            "CONSTRUCT { ?o ?p ?s } WHERE { ?s ?p ?o }",
            {"o": "ex:fever"},
            [("ex:fever", "ex:treats", "_:b0")],
        ),
    ],
)
def test_bound_values(graph: KnowledgeGraph, sparql: str, bindings: dict[str, str], expected: object) -> None:
    assert graph.query(sparql, bindings) == expected


def test_a_bound_value_cannot_change_the_query(graph: KnowledgeGraph) -> None:
    text = '"x\\" } SELECT * { ?s ?p ?o } #"'
    assert graph.query("SELECT ?s { ?s ?p ?o }", {"o": text}) == []
    with pytest.raises(GraphError, match="no valid RDF term"):
        graph.query("SELECT ?s { ?s ?p ?o }", {"o": "ex:a> } SELECT * { ?s ?p ?o } #"})


@pytest.mark.parametrize(
    ("sparql", "bindings", "reason"),
    [
        ("SELECT ?s { ?s ?p ?o }", {"x": "ex:a"}, r"no variable \?x\. It has \?o, \?p, \?s\."),
        ("SELECT ?s { ?s ?p ?o }", {"s": 5}, "bound to 5"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", {"s": "ex:a"}, "cannot be bound"),
        ("SELECT ?s { SELECT ?s { ?s ?p ?o } }", {"s": "ex:a"}, "braces of its own"),
    ],
)
def test_values_that_cannot_be_bound(graph: KnowledgeGraph, sparql: str, bindings: dict, reason: str) -> None:
    with pytest.raises(GraphError, match=reason):
        graph.query(sparql, bindings)


# What is refused


@pytest.mark.parametrize(
    ("sparql", "reason"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * { service SILENT <x:a> { ?s ?p ?o } }", "SERVICE"),
        ("PREFIX : <x:> SELECT * { ?s ?p true.SERVICE:x { ?a ?b ?c } }", "SERVICE"),
        ("SELECT * { ?s ?p 1SERVICESILENT<x:q> { ?a ?b ?c } }", "SERVICE"),
        ("SELECT * { ?s ?p 'a'@en.SERVICE<x:q> { ?a ?b ?c } }", "SERVICE"),
        ("SELECT * FROM <x:g> { ?s ?p ?o }", r"FROM names x:g, .* has none\."),
        ("SELECT * FROM NAMED <x:g> { ?s ?p ?o }", "FROM names x:g"),
        ("PREFIX x: <x:> SELECT * FROM x:g { ?s ?p ?o }", "FROM is not followed by an IRI"),
        ("SELECT * FROM", "FROM is not followed by an IRI"),
        ("LOAD <http://example.org/>", "LOAD would change .* update, which loads a file"),
        ("INSERT DATA { <x:a> <x:b> <x:c> }", "INSERT would change"),
        ("DELETE WHERE { ?s ?p ?o }", "DELETE would change"),
        ("  ", "No SPARQL query"),
        ("SELECT ?s {", "not valid SPARQL: error at 1:12"),
        ("SELECT * { ?s ?p ?o FILTER(<x:f>(?s)) }", "cannot be answered"),
        ("SELECT * " + "{" * 4000 + "}" * 4000, "nested 4000 deep"),
        ("SELECT * { FILTER(" + "(" * 600 + "1" + ")" * 600 + ") }", "nested 602 deep"),
    ],
)
def test_refused_queries(graph: KnowledgeGraph, sparql: str, reason: str) -> None:
    with pytest.raises(GraphError, match=reason) as error:
        graph.query(sparql)
    assert "\n" not in str(error.value) and len(str(error.value)) < 500


@pytest.mark.parametrize(
    "sparql",
    [
        "SELECT * { ?s ?p 'SERVICE <x:a> {' }",
        'SELECT * { ?s ?p """a "SERVICE" \\""" FROM {{{""" }',
        "SELECT * { ?s ?p '''it's SERVICE''' }",
        "SELECT * { ?s <http://example.org/SERVICE#LOAD> ?o }",
        "SELECT * { ?s ?p ?o } # SERVICE <x:a> { LOAD FROM",
        "SELECT ?service ?from { ?service ?from $load }",
        "PREFIX x: <x:> SELECT * { ?s x:service x:from . _:service x:load ?o }",
        "SELECT * { ?s ?p ?o FILTER(?o < 5 && ?o > 3) }",
    ],
)
def test_words_in_strings_iris_comments_and_names_are_not_refused(graph: KnowledgeGraph, sparql: str) -> None:
    graph.query(sparql)


def test_the_process_can_open_no_connection_for_a_query_that_may_ask_others(graph: KnowledgeGraph) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        hidden = f"http://127.0.0.1:{server.getsockname()[1]}/"
        for service in ("S\\u0045RVICE", "\\u0053ERVICE SILENT"):  # escapes that a parser may take for letters
            with contextlib.suppress(GraphError):
                graph.query(f"SELECT * {{ {service} <{hidden}> {{ ?s ?p ?o }} }}", allow=["http://127.0.0.1:1/"])
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan"), None, "5"])
def test_time_outs_that_are_none(graph: KnowledgeGraph, timeout: float) -> None:
    with pytest.raises(GraphError, match="time-out"):
        graph.query("ASK { ?s ?p ?o }", timeout=timeout)


def test_limits(graph: KnowledgeGraph) -> None:
    query = "SELECT * { ?s ?p ?o }"
    assert len(graph.query(query, limits=Limits(query_rows=5))) == 5
    for text in (query, "CONSTRUCT WHERE { ?s ?p ?o }"):
        with pytest.raises(GraphError, match="more than 4 results"):
            graph.query(text, limits=Limits(query_rows=4))
    with pytest.raises(GraphError, match="nested 1 deep"):
        prepare(query, {}, Limits(nesting_depth=0))


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits")
def test_the_process_can_open_no_connection() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.3)
        worker = _Worker()  # without the check of the text
        with pytest.raises(GraphError):
            address = f"http://127.0.0.1:{server.getsockname()[1]}/"
            worker.ask(
                {"query": f"SELECT * {{ SERVICE <{address}> {{ ?s ?p ?o }} }}", "rows": 1, "memory": 1 << 30},
                timeout=10,
            )
        with pytest.raises(TimeoutError):
            server.accept()


# The process


def test_the_next_query_sees_a_change() -> None:
    graph = make()
    assert graph.query("ASK { <ex:a> ?p ?o }") is False
    process = pid(graph)
    graph.add([("ex:a", "ex:p", "ex:b"), ("ex:a", LABEL, '"A"')])
    assert graph.query("SELECT ?o { <ex:a> ?p ?o } ORDER BY ?o") == [{"o": "ex:b"}, {"o": '"A"'}]
    graph.remove([("ex:a", "ex:p", "ex:b")])
    assert graph.query("SELECT ?o { <ex:a> ?p ?o }") == [{"o": '"A"'}]
    assert pid(graph) == process


def test_a_slow_query_is_stopped() -> None:
    graph = make(300)
    graph.query("ASK { ?s ?p ?o }")
    process, started = pid(graph), time.perf_counter()
    with pytest.raises(GraphError, match=r"stopped after 0\.3 seconds"):
        graph.query(SLOW, timeout=0.3)
    assert time.perf_counter() - started < 5
    assert not runs(process)
    assert graph.query("ASK { ?s ?p ?o }") is True


def test_a_crash_is_survived(graph: KnowledgeGraph) -> None:
    with pytest.raises(GraphError, match="crashed"):
        graph.query("SELECT * { FILTER(" + "!" * 50_000 + "1) }")
    assert graph.query("ASK { ?s ?p ?o }") is True
    os.kill(pid(graph), signal.SIGTERM)
    time.sleep(0.1)
    assert graph.query("ASK { ?s ?p ?o }") is True


@pytest.mark.skipif(sys.platform != "linux", reason="no bound on memory")
def test_memory_is_bounded() -> None:
    graph = make(3000)
    with pytest.raises(GraphError, match="too much memory"):
        graph.query(SLOW, timeout=60, limits=Limits(query_bytes=64 << 20))
    assert len(graph.query("SELECT * { ?s ?p ?o }", limits=Limits(query_bytes=64 << 20))) == 3005
    graph.add([("ex:a", "ex:p", "ex:b")])
    assert graph.query("ASK { <ex:a> ?p ?o }") is True


def test_the_process_ends_with_the_graph() -> None:
    graph = make()
    graph.query("ASK { ?s ?p ?o }")
    other = copy.deepcopy(graph)
    assert other.query("ASK { ?s ?p ?o }") is True
    process, second = pid(graph), pid(other)
    assert process != second
    del graph
    gc.collect()
    assert not runs(process) and runs(second)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
def test_the_process_ends_with_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "ask.py"  # without a guard around its main part
    script.write_text(
        "from kgrag.graph import KnowledgeGraph\n"
        "graph = KnowledgeGraph.from_triples((f'n{i}', 'next', f'n{i + 1}') for i in range(300))\n"
        "graph.query('ASK { ?s ?p ?o }')\n"
        "print(graph._engine._worker._process.pid, flush=True)\n"
        f"graph.query({SLOW!r}, timeout=60)\n"
    )
    path = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
    ) as parent:
        assert parent.stdout is not None
        process = int(parent.stdout.readline())
        time.sleep(0.3)
        assert runs(process)
        parent.kill()
    deadline = time.monotonic() + 5
    while runs(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(process)


def test_changes_are_followed_without_taking_the_graph_in_again(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = KnowledgeGraph.from_triples([("ex:a", "ex:q", "ex:b"), ("ex:a", "ex:q", '"text"@en')])
    every = "SELECT ?s ?p ?o { ?s ?p ?o }"

    def same() -> bool:
        return sorted(tuple(row.values()) for row in graph.query(every)) == sorted(graph.rows())

    assert same()
    monkeypatch.setattr("kgrag.graph.querying._Worker.take", None)  # would fail
    graph.add([("ex:a", "ex:p", "_:b"), ("ex:a", "http://www.w3.org/2000/01/rdf-schema#label", '"A"@en')])
    assert same()
    graph.add([("_:b", "ex:p", "ex:a"), ("ex:a", "ex:p", "_:b")])
    graph.remove([("ex:a", "ex:p", "_:b")])
    assert same()
    graph.remove_where(subject="ex:a")
    assert same()
    monkeypatch.undo()
    graph.add([("ex:n", "ex:p", '"01"^^<http://www.w3.org/2001/XMLSchema#integer>'), ("ex:n", "ex:p", "ex:m")])
    graph.add([("ex:n", "ex:p", '"1"^^<http://www.w3.org/2001/XMLSchema#integer>')])
    assert len(graph.query("SELECT ?o { <ex:n> ?p ?o }")) == 2  # the store takes them for the same
    graph.remove([("ex:n", "ex:p", '"01"^^<http://www.w3.org/2001/XMLSchema#integer>')])
    assert len(graph.query("SELECT ?o { <ex:n> ?p ?o }")) == 2
    graph.add([(f"ex:{i}", "ex:p", f"ex:{i + 1}") for i in range(2_000)])  # too many to follow
    assert len(graph.query(every)) == len(list(graph.rows()))


# Named graphs

QUADS = b"""
<x:a> <x:p> <x:b> .
<x:a> <x:p> <x:c> <x:g> .
<x:a> <x:p> <x:c> <x:h> .
<x:d> <http://www.w3.org/2000/01/rdf-schema#label> "D"@en <x:h> .
<x:e> <x:p> <x:f> _:g .
"""


@pytest.fixture
def quads() -> KnowledgeGraph:
    return KnowledgeGraph.from_rdf(QUADS, b"<x:a> <x:p> <x:b> .\n<x:a> <x:p> <x:i> .", format="nq")


@pytest.mark.parametrize(
    ("sparql", "expected"),
    [
        ("SELECT ?o { <x:a> <x:p> ?o }", "b c i"),
        ("SELECT ?o FROM <x:g> { ?s ?p ?o }", "c"),
        ("SELECT DISTINCT ?o FROM <x:g> FROM<x:h> { ?s <x:p> ?o }", "c"),
        ("SELECT ?o FROM NAMED <x:g> { ?s ?p ?o }", ""),
        ("SELECT ?o FROM NAMED <x:h> { GRAPH ?g { ?s <x:p> ?o } }", "c"),
        ("SELECT ?o { GRAPH <x:h> { ?s <x:p> ?o } }", "c"),
        ("PREFIX graph: <x:> SELECT ?o { GRAPH graph:g { ?s <x:p> ?o } }", "c"),
        ("SELECT ?o { GRAPH <x:none> { ?s <x:p> ?o } }", ""),
        ("SELECT (?g AS ?o) { GRAPH ?g { ?s <x:p> <x:c> } }", "g h"),
        ("SELECT ?o { GRAPH ?g { ?s ?p ?o } FILTER isBlank(?g) }", "f"),
        ("SELECT ?o { <x:a> <x:p> ?o MINUS { GRAPH ?g { ?s ?p ?o } } }", "b i"),
    ],
)
def test_named_graphs(quads: KnowledgeGraph, sparql: str, expected: str) -> None:
    assert sorted(row["o"] for row in quads.query(sparql)) == [f"x:{name}" for name in expected.split()]


def test_named_graphs_follow_changes(quads: KnowledgeGraph, tmp_path: Path) -> None:
    def graphs() -> list[str]:
        rows = quads.query("SELECT ?g ?o { GRAPH ?g { ?s ?p ?o } FILTER isIRI(?g) }")
        return sorted(f"{row['g']} {row['o']}" for row in rows)

    assert graphs() == ["x:g x:c", 'x:h "D"@en', "x:h x:c"]
    with pytest.raises(GraphError, match=r"names x:none, .* has x:g, x:h\."):
        quads.query("ASK FROM <x:none> { ?s ?p ?o }")
    assert quads.query("ASK FROM <x:g> { <x:a> <x:p> <x:c> }", bindings={}) is True
    quads.remove_where(source="x:g")
    assert quads.query("ASK { <x:a> <x:p> <x:c> }") is True and graphs() == ['x:h "D"@en', "x:h x:c"]
    quads.add([("x:new", "x:p", "x:o")])
    quads.remove([("x:a", "x:p", "x:c")])
    assert graphs() == ['x:h "D"@en']
    os.kill(pid(quads), signal.SIGKILL)
    time.sleep(0.1)
    assert graphs() == ['x:h "D"@en']
    quads.save(tmp_path / "saved")
    quads = KnowledgeGraph.load(tmp_path / "saved")
    assert graphs() == ['x:h "D"@en']


def test_plain_queries_take_no_named_graphs_along(quads: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrag.graph.querying._Worker.take_graphs", None)  # would fail
    assert len(quads.query("SELECT * { ?s ?p ?o }")) == 5
    with pytest.raises(TypeError):
        quads.query("SELECT * { GRAPH ?g { ?s ?p ?o } }")
