"""Text before it is parsed: any encoding is read, and what never ends is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph, parse

RDF_XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">'
    '<rdf:Description rdf:about="http://example.org/a"><e:knows rdf:resource="http://example.org/b"/>'
    "<e:name>Zo\u00eb</e:name></rdf:Description></rdf:RDF>"
)
Write = Callable[[str, object], Path]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"])
def test_rdf_xml_in_any_encoding(write: Write, encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{declared}"?>\n{RDF_XML}'
    graph = KnowledgeGraph.from_rdf(write("a.rdf", text.encode(encoding)))
    assert graph.find("Zoë")
    assert graph.num_statements == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso-8859-1"])
@pytest.mark.parametrize(
    ("case", "reason"),
    [("<!DOCTYPE", "<!DOCTYPE is refused"), ("<!doctype", "not valid RDF/XML"), ("<!ENTITY", "not valid RDF/XML")],
)
def test_declarations_in_rdf_xml_are_refused(write: Write, encoding: str, case: str, reason: str) -> None:
    bomb = f'{case} rdf:RDF [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    declared = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{declared}"?>\n{bomb}{RDF_XML}'
    with pytest.raises(GraphError, match=rf"a\.rdf, line 2, column \d+: .*{reason}.*«{case}"):
        KnowledgeGraph.from_rdf(write("a.rdf", text.encode(encoding)))


def test_unknown_xml_encoding(write: Write) -> None:
    with pytest.raises(GraphError, match="not valid nonsense"):
        list(parse(write("a.rdf", f'<?xml version="1.0" encoding="nonsense"?>{RDF_XML}')))


@pytest.mark.parametrize("depth", [501, 5000])
def test_deep_nesting_is_refused(write: Write, depth: int) -> None:
    deep = {
        "a.jsonld": '{"x:p":' * depth + "1" + "}" * depth,
        "b.jsonld": '{"@context": {}, "x:p":' + "[" * depth + "]" * depth + "}",
        "a.ttl": "<x:a> <x:p> " + "<<( <x:a> <x:p> " * depth + "1" + ")>>" * depth + " .",
        "a.nt": "<x:a> <x:p> " + "<<( <x:a> <x:p> " * depth + "<x:o>" + ")>>" * depth + " .",
    }
    for name, text in deep.items():
        with pytest.raises(GraphError, match="nested"):
            list(parse(write(name, text)))


def test_brackets_in_strings_are_no_nesting(write: Write) -> None:
    brackets = json.dumps({"@id": "x:a", "x:p": '"' + "[{" * 1000})
    assert len(list(parse(write("a.jsonld", brackets)))) == 1
    assert len(list(parse(write("a.ttl", '<x:a> <x:p> "' + "<<" * 1000 + '" .')))) == 1
