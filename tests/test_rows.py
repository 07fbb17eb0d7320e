"""Where statements came from, and blank nodes of several files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kgrag.graph import KnowledgeGraph
from kgrag.graph.rows import source_name, split_source

Write = Callable[[str, object], Path]


def test_several_files_keep_blank_nodes_and_sources_apart(write: Write) -> None:
    first = write("a.nt", "_:x <x:p> <x:c> .\n<x:c> <x:p> <x:d> .")
    second = write("b.nq", "_:x <x:p> <x:d> <x:g> .\n<x:c> <x:p> <x:d> .")
    graph = KnowledgeGraph.from_rdf(first, second)
    assert set(graph.rows()) == {("_:b0", "x:p", "x:c"), ("x:c", "x:p", "x:d"), ("_:b1", "x:p", "x:d")}
    assert [graph.triple(i).source for i in range(3)] == ["a.nt", "a.nt", "b.nq, graph x:g"]
    again = KnowledgeGraph.from_rdf(first, second)
    assert list(again.rows()) == list(graph.rows())


def test_graphs_of_bytes_and_streams(write: Write) -> None:
    path = write("a.nt", b"_:x <x:p> <x:c> .\n")
    with open(path, "rb") as stream:
        graph = KnowledgeGraph.from_rdf(stream, b"_:x <x:p> <x:d> .", b"<e> <x:p> _:x .", base_iri="http://e/")
    assert [graph.triple(i).source for i in range(3)] == ["a.nt", "data 2", "data 3"]
    assert set(graph.iris) == {"_:b0", "x:c", "_:b1", "x:d", "http://e/e", "_:b2"}


def test_sources_are_split_as_they_were_joined() -> None:
    for file, graph in (("a.nq", ""), ("a.nq", "x:g"), ("a, graph b.nq", ""), ("a, graph x:y", "x:g"), ("", "_:b0")):
        assert split_source(source_name(file, graph)) == ((file, graph) if graph or "x:" not in file else ("a", "x:y"))
