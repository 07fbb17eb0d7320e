"""The SPARQL client: what it repeats, what it refuses, and what it never says."""

import gzip
import json
import threading
import traceback

import pytest
from pyoxigraph import Literal, NamedNode, Quad
from sparql_servers import FaultyServer, status

from kgrag import posting
from kgrag.config import EndpointConfig
from kgrag.errors import GraphError
from kgrag.graph.endpoint import Endpoint

ASK = "SELECT ?s ?p ?o WHERE { ?s ?p ?o }"
ROWS = [{"s": "urn:a", "p": "urn:p", "o": '"b"@en'}]


@pytest.fixture
def server():
    server = FaultyServer()
    server.store.add(Quad(NamedNode("urn:a"), NamedNode("urn:p"), Literal("b", language="en")))
    yield server
    server.close()


@pytest.fixture
def waits(monkeypatch):
    """The waits before repetitions, which take no time here."""
    waits = []
    monkeypatch.setattr(posting.time, "sleep", waits.append)
    return waits


def results(*bindings):
    return json.dumps({"head": {"vars": []}, "results": {"bindings": list(bindings)}}).encode()


def test_one_connection_serves_many_requests(server):
    endpoint = Endpoint(server.url)
    assert [endpoint.select(ASK) for _ in range(3)] == [ROWS] * 3
    assert endpoint.query("ASK { <urn:a> ?p ?o }") is True and endpoint.query("ASK { <urn:b> ?p ?o }") is False
    assert (endpoint.requests, endpoint.results) == (5, 3)
    assert len(server.connections) == 1


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(server, waits, code):
    server.faults = [status(code), status(code)]
    assert Endpoint(server.url).select(ASK) == ROWS
    assert waits == [0.5, 1.0] and len(server.queries) == 3


def test_retry_after_is_honoured(server, waits):
    server.faults = [status(503, Retry_After="3"), status(429, Retry_After="soon")]
    assert Endpoint(server.url).select(ASK) == ROWS
    assert waits == [3.0, 1.0]  # the second is no time at all


def test_what_would_come_too_late_is_not_waited_for(server, waits):
    server.faults = [status(429, Retry_After="3600")]
    with pytest.raises(GraphError, match="HTTP 429.*asks to wait 3600 seconds"):
        Endpoint(server.url).select(ASK)
    assert waits == [] and len(server.queries) == 1


def test_it_gives_up_after_some_attempts(server, waits):
    server.faults = [status(503)] * 9
    with pytest.raises(GraphError, match="busy or not available"):
        Endpoint(server.url, config=EndpointConfig(attempts=3)).select(ASK)
    assert waits == [0.5, 1.0] and len(server.queries) == 3


def test_a_connection_that_breaks_is_made_anew(server, waits):
    def hang_up(handler):
        handler.close_connection = True
        handler.connection.close()

    def stop_in_the_middle(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"head"')
        handler.close_connection = True

    server.faults = [hang_up, stop_in_the_middle]
    assert Endpoint(server.url).select(ASK) == ROWS
    assert waits == [0.5, 1.0]


def test_nobody_there(server, waits):
    server.close()
    with pytest.raises(GraphError, match="cannot be reached"):
        Endpoint(server.url).select(ASK)
    assert waits == [0.5, 1.0, 2.0]


def test_other_errors_are_final(server, waits):
    for code, said in ((500, "HTTP 500"), (404, "HTTP 404"), (413, "too big"), (400, "refuses the query")):
        server.faults = [status(code, b"too big")]
        with pytest.raises(GraphError, match=said):
            Endpoint(server.url).select(ASK)
    assert waits == [] and len(server.queries) == 4


def test_time_out(server):
    done = threading.Event()
    server.faults = [lambda handler: done.wait(20)]
    with pytest.raises(GraphError, match="did not answer within 0.2 seconds"):
        Endpoint(server.url, config=EndpointConfig(timeout=0.2)).select(ASK)
    done.set()


def test_time_out_of_an_answer_that_drips(server):
    done = threading.Event()

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not done.wait(0.02):
            handler.wfile.write(b" ")

    server.faults = [drip]
    with pytest.raises(GraphError, match="did not answer within 0.3 seconds"):
        Endpoint(server.url, config=EndpointConfig(timeout=0.3)).select(ASK)
    done.set()


def test_an_endless_answer_is_cut_off(server):
    done = threading.Event()

    def endless(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while not done.is_set():
            handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    server.faults = [endless]
    with pytest.raises(GraphError, match="more than 1,000,000 bytes"):
        Endpoint(server.url, config=EndpointConfig(answer_bytes=1_000_000)).select(ASK)
    done.set()


def test_packed_answers_are_bounded_unpacked(server):
    server.faults = [
        lambda handler: handler.reply(gzip.compress(results()), Content_Encoding="gzip"),
        lambda handler: handler.reply(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"),
    ]
    endpoint = Endpoint(server.url, config=EndpointConfig(answer_bytes=1_000_000))
    assert endpoint.select(ASK) == []
    with pytest.raises(GraphError, match="more than 1,000,000 bytes"):
        endpoint.select(ASK)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Welcome</html>",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"{}",
        b'{"boolean": "yes"}',
        b'{"results": []}',
        b'{"results": {"bindings": 5}}',
        b'{"results": {"bindings": [5]}}',
        b'{"results": {"bindings": [{"s": "urn:a"}]}}',
        b'{"results": {"bindings": [{"s": {"type": "uri"}}]}}',
        b'{"results": {"bindings": [{"s": {"type": "uri", "value": 5}}]}}',
        b'{"results": {"bindings": [{"s": {"type": "bnode", "value": []}}]}}',
        b'{"results": {"bindings": [{"s": {"type": "literal", "value": "a", "datatype": {}}}]}}',
        b'{"results": {"bindings": [{"s": {"type": "uri", "value": "urn:a"}}',
        b'{"a":' * 100_000,
        b"[" * 1_000_000,
    ],
    ids=lambda body: body[:60].decode("latin-1"),
)
def test_garbage(server, body):
    server.faults = [lambda handler: handler.reply(body)]
    with pytest.raises(GraphError, match="does not answer with SPARQL results"):
        Endpoint(server.url).select(ASK)


def test_terms_of_answers(server, caplog):
    solution = {
        "iri": {"type": "uri", "value": "http://example.org/é"},
        "plain": {"type": "literal", "value": 'say "hi"\n\\'},
        "tagged": {"type": "literal", "value": "fünf", "xml:lang": "de"},
        "number": {"type": "typed-literal", "value": "5", "datatype": "http://www.w3.org/2001/XMLSchema#integer"},
        "blank": {"type": "bnode", "value": "nodeID://b1"},
    }
    wrong = {
        "relative": {"type": "uri", "value": "a b"},
        "closing": {"type": "uri", "value": "urn:a> . ?s ?p ?o"},
        "language": {"type": "literal", "value": "a", "xml:lang": "no tag"},
        "surrogate": {"type": "literal", "value": "\ud800"},
        "statement": {"type": "triple", "value": {}},
    }
    server.faults = [lambda handler: handler.reply(results(solution | wrong))]
    (found,) = Endpoint(server.url).select(ASK)
    assert found == {
        "iri": "http://example.org/é",
        "plain": '"say \\"hi\\"\\n\\\\"',
        "tagged": '"fünf"@de',
        "number": '"5"^^<http://www.w3.org/2001/XMLSchema#integer>',
        "blank": "_:nodeID___b1",
    }
    assert "5 terms are not valid" in caplog.text


def test_redirects_are_not_followed(server):
    other = FaultyServer()
    for code in (301, 302, 303, 307, 308):
        server.faults = [status(code, Location=other.url)]
        with pytest.raises(GraphError, match=f"redirects to {other.url}"):
            Endpoint(server.url, token="s3cret").select(ASK)
    other.close()
    assert other.queries == []


@pytest.mark.parametrize(
    "given, sent",
    [
        ({}, None),
        ({"user": "ann", "password": "s3cret:ü"}, "Basic YW5uOnMzY3JldDrDvA=="),
        ({"token": "s3cret"}, "Bearer s3cret"),
    ],
)
def test_credentials_are_sent_and_never_shown(server, caplog, given, sent):
    caplog.set_level("DEBUG")
    endpoint = Endpoint(server.url, **given)
    assert endpoint.select(ASK) == ROWS
    assert server.headers[0].get("Authorization") == sent
    echo = [lambda handler: handler.reply(str(handler.headers).encode(), 400)]
    for faults in ([status(401)], [status(403)], echo, [status(503)] * 4, [status(302, Location=f"/?{sent}")]):
        server.faults = list(faults)
        with pytest.raises(GraphError) as caught:
            Endpoint(server.url, config=EndpointConfig(attempts=1), **given).select(ASK)
        told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(endpoint)
        assert "s3cret" not in told and "YW5u" not in told


@pytest.mark.parametrize(
    "given",
    [
        {"user": "ann"},
        {"password": "s3cret"},
        {"user": "a:b", "password": "s3cret"},
        {"user": "ann", "password": "s3cret", "token": "s3cret"},
        {"token": ""},
        {"token": "s3cret\r\nHost: other"},
        {"token": "s3cretü"},
    ],
)
def test_credentials_that_cannot_be_used(given):
    with pytest.raises(GraphError) as caught:
        Endpoint("http://127.0.0.1:9/", **given)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["", "x", "file:///etc/passwd", "ftp://h/q", "http://", "http:///q", "http://h:x/", "http://[::1", "http://h/a b"]
    + ["http://h/\n", "http://h/é", "http://ann:s3cret@h/", "//h/q", None, 5, b"http://h/"],
)
def test_addresses_that_are_none(url):
    with pytest.raises(GraphError) as caught:
        Endpoint(url)
    assert "s3cret" not in str(caught.value)


def test_parameters_of_the_address_are_sent_and_not_shown(server):
    endpoint = Endpoint(f"{server.url}?default-graph-uri=urn:g&key=s3cret#part")
    assert endpoint.name == server.url
    server.faults = [lambda handler: handler.reply(handler.path.encode(), 400)]
    with pytest.raises(GraphError, match=r"default-graph-uri=urn:g"):
        endpoint.select(ASK)
    server.close()
    lost = Endpoint(f"{server.url}?key=s3cret", config=EndpointConfig(attempts=1))
    with pytest.raises(GraphError, match="cannot be reached") as caught:
        lost.select(ASK)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_query_that_is_no_text():
    with pytest.raises(GraphError, match="Unicode"):
        Endpoint("http://127.0.0.1:9/").select("SELECT '\ud800'")
