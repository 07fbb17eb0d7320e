"""Formats of RDF: by the ending of a file, by its content, or named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyoxigraph
import pytest
from pyoxigraph import RdfFormat

from kgrag.graph import KnowledgeGraph, parse
from kgrag.graph.terms import to_oxigraph

Write = Callable[[str, object], Path]


@pytest.mark.parametrize("ending", ["ttl", "nt", "nq", "trig", "rdf", "jsonld", "txt", "owl", ""])
def test_every_format_gives_the_same_graph(write: Write, graph: KnowledgeGraph, ending: str) -> None:
    formats = {"nt": RdfFormat.N_TRIPLES, "nq": RdfFormat.N_QUADS, "rdf": RdfFormat.RDF_XML, "owl": RdfFormat.RDF_XML}
    formats |= {"jsonld": RdfFormat.JSON_LD}
    triples = [pyoxigraph.Triple(*map(to_oxigraph, row)) for row in graph.rows()]
    text = pyoxigraph.serialize(triples, format=formats.get(ending, RdfFormat.TURTLE))
    assert set(KnowledgeGraph.from_rdf(write(f"graph.{ending}", text)).rows()) == set(graph.rows())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<x:a> <x:b> <x:c> <x:g> .", "N-Quads"),
        ('{"@id": "x:a", "x:b": {"@id": "x:c"}}', "JSON-LD"),
        (' [ {"@id": "x:a", "x:b": {"@id": "x:c"}} ]', "JSON-LD"),
        ("[] <x:b> <x:c> .", "TriG"),
        ("# a comment\n@prefix x: <x:> . x:a x:b x:c .", "TriG"),
        ("<x:g> { <x:a> <x:b> <x:c> }", "TriG"),
    ],
)
def test_format_is_seen_from_the_content(write: Write, text: str, name: str) -> None:
    (quad,) = parse(write("data", text))
    assert quad.predicate.value == "x:b"
    assert name != "N-Quads" or quad.graph_name.value == "x:g"


@pytest.mark.parametrize("format", ["turtle", "TTL", ".ttl"])
def test_format_can_be_named(write: Write, format: str) -> None:
    assert len(list(parse(write("data.nt", "@prefix x: <x:> . x:a x:b x:c ."), format))) == 1
