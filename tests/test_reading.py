"""What can be read and what cannot: sources, bases of relative IRIs, limits."""

from __future__ import annotations

import dataclasses
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, NamedNode

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph, parse

LINE = b"<x:a> <x:b> <x:c> .\n"
Write = Callable[[str, object], Path]


def test_paths_bytes_and_streams_are_read_alike(write: Write) -> None:
    path = write("a.nt", LINE)
    quads = [(NamedNode("x:a"), NamedNode("x:b"), NamedNode("x:c"), DefaultGraph())]
    with open(path, "rb") as stream:
        for source in (path, str(path), LINE, bytearray(LINE), io.BytesIO(LINE), stream):
            assert [tuple(quad) for quad in parse(source)] == quads


@pytest.mark.parametrize("source", [io.StringIO("<x:a> <x:b> <x:c> ."), 5, None])
def test_what_is_no_source(source: object) -> None:
    with pytest.raises(GraphError, match="Give a path, bytes or a stream"):
        list(parse(source))


def test_base_of_relative_iris(write: Write) -> None:
    turtle = b"<a> <x:b> <#c> ."
    path = write("a.ttl", turtle)
    ((subject, _, obj, _),) = parse(path)
    assert (subject.value, obj.value) == ("file:///a", "file:///a.ttl#c")  # whatever its folder
    for source in (path, turtle):
        ((_, _, obj, _),) = parse(source, base_iri="http://e/d")
        assert obj.value == "http://e/d#c"
    with pytest.raises(GraphError, match="No scheme.*Give base_iri"):
        list(parse(turtle))
    with pytest.raises(GraphError, match="'no iri' is no base"):
        list(parse(turtle, base_iri="no iri"))


@pytest.mark.parametrize("format", ["ttl", "nt", "nq", "trig"])
def test_nothing_is_no_error(format: str) -> None:
    assert list(parse(b"", format)) == list(parse(b"# a comment\n", format)) == []


def test_files_that_cannot_be_read(tmp_path: Path, write: Write) -> None:
    (tmp_path / "empty").mkdir()
    cases = {
        tmp_path / "none.ttl": "no file",
        tmp_path / "empty": "holds no RDF file",
        write("empty.ttl", " \n"): "empty.ttl holds no statement",
        Path("https://example.org/graph.ttl"): "web address",
    }
    for path, reason in cases.items():
        with pytest.raises(GraphError, match=reason):
            KnowledgeGraph.from_rdf(path)
    with pytest.raises(GraphError, match="No RDF file"):
        KnowledgeGraph.from_rdf()
    with pytest.raises(GraphError, match="format 'docx' is not known"):
        KnowledgeGraph.from_rdf(tmp_path / "a.docx", format="docx")


LINES = b'<x:a> <x:b> "12345" .\n<x:a> <x:c> <x:d> .\n'
ENTITIES = (
    b"<!DOCTYPE a [<!ENTITY e 'x:a'>]><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description rdf:about='&e;' rdf:label='1'><rdf:value>2</rdf:value></rdf:Description></rdf:RDF>"
)
PACKED = gzip.compress(b"# " + b"a\n# " * (8 << 20) + b"\n" + LINES)
LIMITED: dict[
    str, tuple[bytes, str, int, int]
] = {  # what is read, its format, a limit that lets it in, and one too low
    "file_bytes": (LINES, "nt", len(LINES), len(LINES) - 1),
    "unpacked_ratio": (PACKED, "nt", 2_000, 100),
    "entity_bytes": (ENTITIES, "rdf", 3, 2),
    "context_bytes": (b'{"@context": ["c.jsonld", "c.jsonld"], "@id": "x:a", "b": ["v", "w"]}', "jsonld", 4096, 4095),
    "context_terms": (b'{"@context": {"b": "x:b", "c": "x:c"}, "@id": "x:a", "b": 1, "c": 2}', "jsonld", 2, 1),
    "statements": (LINES, "nt", 2, 1),
    "literal_chars": (LINES, "nt", 5, 4),
    "nesting_depth": (b"<x:a> <x:b> 1 ; <x:c> ((())) .", "ttl", 3, 2),
}


def test_every_limit_of_reading_is_tested() -> None:
    others = {"question_chars", "query_rows", "query_bytes", "derived"}
    assert {field.name for field in dataclasses.fields(Limits)} - others == set(LIMITED)


@pytest.mark.parametrize("name", LIMITED)
def test_limits(write: Write, name: str) -> None:
    data, format, enough, too_low = LIMITED[name]
    write("c.jsonld", {"@context": {"b": "x:b"}})
    path = write(f"a.{format}", data)
    assert len(list(parse(path, limits=Limits(**{name: enough})))) >= 2
    with pytest.raises(GraphError, match=rf"Limits\.{name}"):
        list(parse(path, limits=Limits(**{name: too_low})))
    with pytest.raises(GraphError, match=rf"Limits\.{name}"):
        KnowledgeGraph.from_rdf(path, limits=Limits(**{name: too_low}))


def test_triple_terms_are_refused(write: Write) -> None:
    with pytest.raises(GraphError, match="triple term"):
        list(parse(write("a.nt", "<x:a> <x:p> <<( <x:a> <x:p> <x:o> )>> .")))
