"""Errors in files: where they are, and the line itself, short and harmless."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrag.errors import GraphError
from kgrag.faults import snippet
from kgrag.graph import KnowledgeGraph, parse

RDF_XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
    '<rdf:Description rdf:about="x:a"><e:p rdf:resource="x:b"/><e:name>A</e:name></rdf:Description></rdf:RDF>'
)
Write = Callable[[str, object], Path]


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("a.ttl", '<x:a> <x:b> <x:c> .\n<x:a> <x:b> "open\n" .', "line 2, column"),
        ("a.nt", "<x:a> <x:b> <x:c> .\n<x:a> <x:b> .", "line 2, column"),
        ("a.nt", b'<x:a> <x:b> "\xff" .', "line 1, column"),
        ("a.jsonld", '{"@id": "x:a",\n "x:b": }', "line 2, column"),
        ("a.rdf", RDF_XML.replace("</e:name>", "\n</e:nam>"), "line 2, column 3"),
        ("a.rdf", RDF_XML.replace('"x:b"', '\n"x:a b"'), "line 2, column 2"),
    ],
)
def test_malformed_files(write: Write, name: str, text: str | bytes, where: str) -> None:
    with pytest.raises(GraphError) as error:
        KnowledgeGraph.from_rdf(write(name, text))
    assert name in str(error.value) and where in str(error.value)
    assert "\n" not in str(error.value)


def test_the_line_is_shown() -> None:
    with pytest.raises(GraphError) as error:
        list(parse(b"<x:a> <x:b> <x:c> .\n<x:a> <x:b> <\x1b[31m> .\n", "nt"))
    assert "line 2, column 13" in str(error.value) and "«<x:a> <x:b> <\\x1b[31m> .»" in str(error.value)
    with pytest.raises(GraphError) as error:
        list(parse(b'{"@id": "x:a",\n "x:b": }', "json-ld"))
    assert '« "x:b": }»' in str(error.value)


@given(st.text(), st.integers(1, 300))
def test_snippets_are_short_and_harmless(line: str, column: int) -> None:
    shown = snippet(line, column)
    assert len(shown) <= 80 and shown.isprintable()


def test_snippets_show_the_column() -> None:
    line = "a" * 100 + "HERE" + "b" * 100
    assert "HERE" in snippet(line, 101) and snippet(line, 101).startswith("…") and snippet(line, 101).endswith("…")
    assert snippet("a" * 80) == "a" * 80


def test_places_in_json_ld_with_a_list_of_contexts() -> None:
    with pytest.raises(GraphError, match="line 2, column"):
        list(parse(b'{"@context": [{"@vocab": "http://e/"}],\n "p": }', "json-ld"))
