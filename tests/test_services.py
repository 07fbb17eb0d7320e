"""SERVICE in a query: who may be asked, what they are asked, and how their answers join what the graph holds."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyoxigraph
import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad
from sparql_servers import FaultyServer, Handler, status

from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.terms import from_oxigraph, to_oxigraph

TRIPLES = [
    ("ex:aspirin", "ex:treats", "ex:headache"),
    ("ex:ibuprofen", "ex:treats", "ex:fever"),
    ("_:b0", "ex:is", "ex:x"),
]
PRICES = [
    ("ex:aspirin", "ex:costs", Literal('2 "Euro"\n', language="en")),
    ("ex:aspirin", "ex:sold", BlankNode("b0")),
    ("ex:aspirin", "ex:sold", NamedNode("ex:shop")),
    ("ex:other", "ex:costs", Literal("3")),
]


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    server = FaultyServer()
    for subject, predicate, obj in PRICES:
        server.store.add(Quad(NamedNode(subject), NamedNode(predicate), obj, DefaultGraph()))
    yield server
    server.close()


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.from_triples(TRIPLES)


def answers(graph: KnowledgeGraph, server: FaultyServer, sparql: str, **options: object) -> list[dict[str, str]]:
    found = graph.query(sparql.replace("URL", server.url), allow=[server.url], **options)  # type: ignore[arg-type]
    assert isinstance(found, list)
    return found  # type: ignore[return-value]


# What it answers


@pytest.mark.parametrize(
    "sparql",
    [
        "SELECT ?d ?c { ?d <ex:treats> ?o SERVICE <URL> { ?d <ex:costs> ?c } }",
        "PREFIX e: <ex:> SELECT * { ?d e:treats ?o . service<URL>{ ?d e:costs ?c # } SERVICE <x:y> {\n } } ORDER BY ?c",
        "BASE <ex:> SELECT * { ?d <ex:treats> ?o OPTIONAL { SERVICE SILENT <URL> { ?d <ex:costs> ?c } } }",
        "SELECT * { ?d <ex:treats> ?o MINUS { SERVICE <URL> { ?d <ex:costs> ?c } } }",
        "SELECT * { ?d <ex:treats> ?o FILTER EXISTS { SERVICE <URL> { ?d <ex:costs> ?c } } }",
        "SELECT * { { SELECT (COUNT(*) AS ?n) { SERVICE <URL> { ?d <ex:costs> ?c } } } ?d <ex:treats> ?o }",
        "SELECT * { SERVICE <URL> { SELECT ?d { ?d ?p ?c } ORDER BY ?d LIMIT 1 } ?d ?p ?o }",
        "SELECT * { SERVICE <URL> { ?d <ex:costs> ?c } SERVICE <URL> { ?d <ex:sold> <ex:shop> } }",
        "SELECT * { SERVICE <URL> { ?d <ex:costs> ?c OPTIONAL { ?d <ex:sold> ?s FILTER(isIRI(?s)) } } }",
        "SELECT * { SERVICE <URL> { <ex:aspirin> <ex:sold> <ex:shop> } ?d <ex:treats> ?o }",
        "SELECT * { SERVICE <URL> { <ex:aspirin> <ex:sold> <ex:nowhere> } ?d <ex:treats> ?o }",
        "ASK { SERVICE <URL> { ?d <ex:costs> '3' } }",
        "CONSTRUCT { ?d <ex:is> ?c } WHERE { SERVICE <URL> { ?d <ex:costs> ?c } }",
    ],
)
def test_the_answer_is_that_of_an_evaluator_that_asks_itself(
    graph: KnowledgeGraph, server: FaultyServer, sparql: str
) -> None:
    def evaluate(handler: Handler) -> None:  # with the type of its content, which that evaluator needs
        results = handler.server.store.query(handler.query)
        body = results.serialize(format=pyoxigraph.QueryResultsFormat.JSON)
        handler.reply(body, Content_Type="application/sparql-results+json")

    server.faults = [evaluate] * 20
    store = pyoxigraph.Store()
    store.extend(Quad(*map(to_oxigraph, row), DefaultGraph()) for row in graph.rows())
    sparql = sparql.replace("URL", server.url)
    found, expected = graph.query(sparql, allow=[server.url]), store.query(sparql)
    if isinstance(expected, pyoxigraph.QueryBoolean):
        assert found is bool(expected)
    elif isinstance(expected, pyoxigraph.QueryTriples):
        assert sorted(found) == sorted(tuple(map(from_oxigraph, triple)) for triple in expected)
    else:
        names = [variable.value for variable in expected.variables]
        rows = [{name: from_oxigraph(row[name]) for name in names if row[name] is not None} for row in expected]
        assert sorted(sorted(row.items()) for row in found) == sorted(sorted(row.items()) for row in rows)


def test_blank_nodes_of_a_service_are_none_of_the_graph(graph: KnowledgeGraph, server: FaultyServer) -> None:
    found = answers(graph, server, "SELECT * { ?d <ex:treats> ?o SERVICE <URL> { ?d <ex:sold> ?s } } ORDER BY ?s")
    assert [row["s"].startswith("_:") for row in found] == [True, False] and found[0]["s"] != "_:b0"
    assert answers(graph, server, "SELECT * { SERVICE <URL> { ?d <ex:sold> ?s FILTER isBlank(?s) } ?s ?p ?o }") == []
    joined = "SELECT * { SERVICE <URL> { ?d <ex:sold> ?s } FILTER(isBlank(?s)) }"
    assert len(answers(graph, server, joined)) == 1


def test_bound_values_are_told_to_the_service(graph: KnowledgeGraph, server: FaultyServer) -> None:
    sparql = "SELECT ?c { SERVICE <URL> { ?d <ex:costs> ?c } }"
    with pytest.raises(GraphError, match=r"no variable \?x"):
        answers(graph, server, sparql, bindings={"x": "ex:aspirin"})
    assert answers(
        graph, server, "SELECT ?d ?c { SERVICE <URL> { ?d <ex:costs> ?c } }", bindings={"?d": "<ex:other>"}
    ) == [{"d": "ex:other", "c": '"3"'}]
    assert "<ex:other>" in server.queries[-1]
    text = '"x\\" } SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } #"'
    assert answers(graph, server, sparql, bindings={"c": text}) == []
    assert answers(graph, server, sparql, bindings={"d": "<_:b0>"}) == [] and "b0" not in server.queries[-1]
    nested = "SELECT ?n ?d { ?d ?p ?o { SELECT (COUNT(?d) AS ?n) { SERVICE <URL> { ?d <ex:costs> ?c } } } }"
    (row,) = answers(graph, server, nested, bindings={"d": "ex:aspirin"})
    assert row["n"].startswith('"2"')  # ?d within is another variable


def test_many_answers_join_quickly(server: FaultyServer) -> None:
    graph = KnowledgeGraph.from_triples((f"ex:n{i}", "ex:next", f"ex:n{i + 1}") for i in range(20_000))
    server.store.extend(
        Quad(NamedNode(f"ex:n{i}"), NamedNode("ex:value"), Literal(i), DefaultGraph()) for i in range(20_000)
    )
    sparql = "SELECT (COUNT(*) AS ?n) { ?s <ex:next> ?o SERVICE <URL> { ?o <ex:value> ?v } }"
    (row,) = answers(graph, server, sparql, timeout=60)
    assert row["n"].startswith('"19999"')


# Who is asked


@pytest.mark.parametrize(
    "service",
    [
        "SERVICE ?who { ?s ?p ?o }",
        "SERVICE <OTHER> { ?s ?p ?o }",
        "SERVICE SILENT <OTHER> { ?s ?p ?o }",
        "SERVICE <URL/> { ?s ?p ?o }",
        "SERVICE <URL?x> { ?s ?p ?o }",
        "SERVICE <URL#x> { ?s ?p ?o }",
        "SERVICE e:sparql { ?s ?p ?o }",
        "SERVICE SILENT:x { ?s ?p ?o }",
        "SERVICE <sparql> { ?s ?p ?o }",
        "SERVICE <URL> ?s ?p ?o",
        "SERVICE <URL> { ?s ?p ?o SERVICE <OTHER> { ?s ?p ?o } }",
        "SERVICE <URL> { ?s ?p ?o } SERVICE <OTHER> { ?s ?p ?o }",
        "?s ?p 1SERVICE<URL> { ?s ?p ?o }",
        "SERVICE:e { ?s ?p ?o }",
        "SERVICE SILENTLY <URL> { ?s ?p ?o }",
    ],
)
def test_others_are_not_asked(graph: KnowledgeGraph, server: FaultyServer, service: str) -> None:
    host, port = server.server_address[:2]
    text = service.replace("URL", server.url).replace("OTHER", f"http://localhost:{port}/sparql")
    prologue = f"BASE <http://{host}:{port}/> PREFIX e: <http://{host}:{port}/> PREFIX SILENT: <http://{host}:{port}/>"
    with pytest.raises(GraphError, match="SERVICE asks another machine"):
        graph.query(f"{prologue} SELECT * {{ {text} }}", allow=[server.url])
    assert not server.queries


def test_what_is_allowed_is_one_address_or_several(graph: KnowledgeGraph, server: FaultyServer) -> None:
    sparql = f"ASK {{ SERVICE <{server.url}> {{ ?s ?p ?o }} }}"
    assert graph.query(sparql, allow=server.url) is True
    assert graph.query(sparql, allow={server.url, "http://127.0.0.1:1/"}) is True
    asked = len(server.queries)
    for allow in ((), server.url + "/more", ["http://127.0.0.1:1/"], [5]):
        with pytest.raises(GraphError, match="SERVICE asks another machine"):
            graph.query(sparql, allow=allow)  # type: ignore[arg-type]
    assert len(server.queries) == asked
    with pytest.raises(GraphError, match="no address of an endpoint"):
        graph.query("ASK { SERVICE <file:///etc/passwd> { ?s ?p ?o } }", allow=["file:///etc/passwd"])


def test_redirects_are_not_followed(graph: KnowledgeGraph, server: FaultyServer) -> None:
    server.faults = [status(302, Location=server.url + "/elsewhere")]
    with pytest.raises(GraphError, match="not followed"):
        answers(graph, server, "SELECT * { SERVICE <URL> { ?s ?p ?o } }")
    assert len(server.queries) == 1


def test_the_words_of_another_query_in_an_answer_stay_words(graph: KnowledgeGraph, server: FaultyServer) -> None:
    hostile = (
        b'{"results": {"bindings": [{"c": {"type": "literal", "value": "\\" } SERVICE <x:y> { \\n"},'
        b' "x } SELECT": {"type": "uri", "value": "ex:a"}, "d": {"type": "uri", "value": "ex:aspirin"}}]}}'
    )
    server.faults = [lambda handler: handler.reply(hostile)]
    found = answers(graph, server, "SELECT * { ?d <ex:treats> ?o SERVICE <URL> { ?d <ex:costs> ?c } }")
    assert found == [{"d": "ex:aspirin", "o": "ex:headache", "c": '"\\" } SERVICE <x:y> { \\n"'}]


# What fails


def test_a_service_that_fails_is_an_error_unless_it_is_silent(
    graph: KnowledgeGraph, server: FaultyServer, caplog: pytest.LogCaptureFixture
) -> None:
    sparql = "SELECT * { ?d <ex:treats> ?o SERVICE <URL> { ?d <ex:costs> ?c } }"
    triple_term = b'{"results": {"bindings": [{"c": {"type": "triple", "value": {}}}]}}'
    for fault in (status(400, b"mend this"), lambda handler: handler.reply(b"{}"), lambda h: h.reply(triple_term)):
        server.faults = [fault]
        with pytest.raises(GraphError):
            answers(graph, server, sparql)
        server.faults = [fault]
        assert len(answers(graph, server, sparql.replace("SERVICE", "SERVICE SILENT"))) == 2
        assert "SERVICE SILENT has no answer" in caplog.text
        caplog.clear()


def test_services_take_no_longer_than_the_query_may(graph: KnowledgeGraph, server: FaultyServer) -> None:
    server.faults = [lambda handler: time.sleep(30)] * 2
    started = time.perf_counter()
    with pytest.raises(GraphError, match="did not answer within"):
        answers(graph, server, "SELECT * { SERVICE <URL> { ?s ?p ?o } }", timeout=0.3)
    assert time.perf_counter() - started < 10


def test_a_brace_that_is_not_closed_is_an_error(graph: KnowledgeGraph, server: FaultyServer) -> None:
    with pytest.raises(GraphError, match="not closed"):
        answers(graph, server, "SELECT * { SERVICE <URL> { ?s ?p ?o ")
    assert not server.queries
