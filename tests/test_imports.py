"""Ontologies that import others: what is reported, what is read, and what is not."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.imports import CATALOG, Catalog, Library

EX = "http://example.org/"
OWL = "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"


def ontology(path: Path, iri: str, *imports: str, says: str = "", version: str = "") -> Path:
    """Writes an ontology that imports others, with a statement of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    said = says or f'"{path.stem}"'
    lines = [OWL, f"[] <{EX}says> {said} .\n"]
    if iri:
        lines.append(f"<{iri}> a owl:Ontology .\n")
    lines += [f"<{iri or EX + path.stem}> owl:imports <{other}> .\n" for other in imports]
    if version:
        lines.append(f"<{iri}> owl:versionIRI <{version}> .\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


def catalog(folder: Path, *entries: str) -> None:
    text = f'<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">{"".join(entries)}</catalog>'
    (folder / CATALOG).write_text('<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n' + text, encoding="utf-8")


def said(graph: KnowledgeGraph) -> set[str]:
    return {o for _, p, o in graph.rows() if p == EX + "says"}


def test_imports_are_reported_and_not_followed(tmp_path):
    root = ontology(tmp_path / "root.ttl", EX + "root", EX + "a", EX + "b")
    ontology(tmp_path / "a.ttl", EX + "a")
    graph = KnowledgeGraph.from_rdf(root)
    assert graph.imports == {EX + "a": "", EX + "b": ""} and said(graph) == {'"root"'}
    graph.add([(EX + "root", "http://www.w3.org/2002/07/owl#imports", EX + "c")])
    assert list(graph.imports) == [EX + "a", EX + "b", EX + "c"]
    both = KnowledgeGraph.from_rdf(root, tmp_path / "a.ttl")
    assert both.imports == {EX + "a": "a.ttl", EX + "b": ""}
    assert KnowledgeGraph.from_triples([("a", "b", "c")]).imports == {}


def test_imports_are_followed_through_cycles_each_once(tmp_path, caplog):
    root = ontology(tmp_path / "root.ttl", EX + "root", EX + "a/")
    ontology(tmp_path / "lib" / "first.ttl", EX + "a", EX + "v2/b")
    ontology(
        tmp_path / "lib" / "deep" / "second.ttl", EX + "b", EX + "a", EX + "root", EX + "away", version=EX + "v2/b"
    )
    ontology(tmp_path / "lib" / "other.ttl", EX + "other")
    with caplog.at_level(logging.WARNING):
        graph = KnowledgeGraph.from_rdf(root, imports=tmp_path / "lib")
    assert said(graph) == {'"root"', '"first"', '"second"'}
    assert graph.source_names == ["root.ttl", "first.ttl", "second.ttl"]
    assert graph.imports == {
        EX + "a/": "first.ttl",
        EX + "v2/b": "second.ttl",
        EX + "a": "first.ttl",
        EX + "root": "root.ttl",
        EX + "away": "",
    }
    assert EX + "away" in caplog.text and "1 imported" in caplog.text


def test_blank_nodes_of_imported_files_stay_apart(tmp_path):
    root = ontology(tmp_path / "root.ttl", EX + "root", EX + "a", says="[ <http://example.org/p> 1 ]")
    ontology(tmp_path / "a.ttl", EX + "a", says="[ <http://example.org/p> 2 ]")
    graph = KnowledgeGraph.from_rdf(root, imports=tmp_path)
    assert len({s for s, p, _ in graph.rows() if p == EX + "p"}) == 2


def test_files_of_the_same_name_are_told_apart(tmp_path):
    root = ontology(tmp_path / "x.ttl", EX + "root", EX + "a", EX + "b")
    ontology(tmp_path / "one" / "x.ttl", EX + "a", says='"one"')
    ontology(tmp_path / "two" / "x.ttl", EX + "b", says='"two"')
    graph = KnowledgeGraph.from_rdf(root, imports=tmp_path)
    assert graph.source_names == ["x.ttl", str(tmp_path / "one" / "x.ttl"), str(tmp_path / "two" / "x.ttl")]
    assert graph.imports == {EX + "a": str(tmp_path / "one" / "x.ttl"), EX + "b": str(tmp_path / "two" / "x.ttl")}


def test_the_catalog_comes_before_what_files_say(tmp_path):
    root = ontology(tmp_path / "root.ttl", EX + "root", EX + "a", EX + "far/b", EX + "c", EX + "d")
    ontology(tmp_path / "a.ttl", EX + "a")
    ontology(tmp_path / "local" / "new a.ttl", EX + "renamed", says='"new"')
    ontology(tmp_path / "mirror" / "b.ttl", "")
    ontology(tmp_path / "c.ttl", EX + "c")
    catalog(
        tmp_path,
        f'<group xml:base="local/"><uri name="{EX}a" uri="new%20a.ttl"/></group>',
        f'<rewriteURI uriStartString="{EX}" rewritePrefix="nowhere/"/>',
        f'<rewriteURI uriStartString="{EX}far/b" rewritePrefix="mirror/b.ttl"/>',
        f'<uri name="{EX}c" uri="http://example.org/c.ttl"/><uri name="{EX}d" uri="root.ttl"/>',
    )
    graph = KnowledgeGraph.from_rdf(root, imports=tmp_path)
    assert graph.imports == {EX + "a": "new a.ttl", EX + "far/b": "b.ttl", EX + "c": "c.ttl", EX + "d": "root.ttl"}
    assert said(graph) == {'"root"', '"new"', '"b"', '"c"'}


def test_a_name_counts_only_where_the_file_says_nothing(tmp_path):
    ontology(tmp_path / "taken.ttl", EX + "something-else")
    ontology(tmp_path / "free.owl.ttl", "")
    ontology(tmp_path / "one" / "twice.ttl", "")
    ontology(tmp_path / "two" / "twice.nt", "")
    (tmp_path / "two" / "twice.nt").write_text(f"<{EX}a> <{EX}b> <{EX}c> .\n")
    library = Library(tmp_path)
    assert library.find("http://other.org/onto/taken") is None
    assert library.find("http://other.org/onto/free#") == (tmp_path / "free.owl.ttl").resolve()
    assert library.find("http://other.org/onto/twice.ttl") == (tmp_path / "one" / "twice.ttl").resolve()
    assert library.find("http://other.org/onto/twice") is None  # which one?


def test_a_file_is_not_what_it_imports(tmp_path):
    root = ontology(tmp_path / "root.ttl", EX + "root", EX + "a")
    root.write_text(root.read_text() + f"<{EX}a> a owl:Ontology .\n")  # as some programs write it
    assert Library(tmp_path).find(EX + "a") is None
    assert KnowledgeGraph.from_rdf(root).imports == {EX + "a": ""}
    ontology(tmp_path / "a.ttl", EX + "a")
    assert KnowledgeGraph.from_rdf(root, imports=tmp_path).imports == {EX + "a": "a.ttl"}


def test_nothing_outside_the_folder_is_read(tmp_path):
    outside = ontology(tmp_path / "secret.ttl", EX + "secret", says='"secret"')
    folder = tmp_path / "lib"
    ontology(folder / "inside.ttl", EX + "inside")
    os.symlink(outside, folder / "link.ttl")
    os.symlink(tmp_path, folder / "up")
    ways = (
        "../secret.ttl",
        str(outside),
        outside.as_uri(),
        "link.ttl",
        "up/secret.ttl",
        "%2e%2e/secret.ttl",
        "lib/../../secret.ttl",
    )
    catalog(folder, *(f'<uri name="{EX}{number}" uri="{way}"/>' for number, way in enumerate(ways)))
    library = Library(folder)
    assert [library.find(f"{EX}{number}") for number in range(len(ways))] == [None] * len(ways)
    assert library.find(EX + "secret") is None and library.find(EX + "inside") is not None
    root = ontology(
        tmp_path / "root.ttl", EX + "root", *(f"{EX}{number}" for number in range(len(ways))), EX + "secret"
    )
    assert said(KnowledgeGraph.from_rdf(root, imports=folder)) == {'"root"'}


def test_files_that_cannot_be_read_are_named(tmp_path, caplog):
    root = ontology(tmp_path / "root.ttl", EX + "root", EX + "a")
    (tmp_path / "broken.ttl").write_text("this is no Turtle")
    ontology(tmp_path / "a.ttl", EX + "a")
    with caplog.at_level(logging.WARNING):
        assert KnowledgeGraph.from_rdf(root, imports=tmp_path).imports == {EX + "a": "a.ttl"}
    assert "broken.ttl" in caplog.text
    catalog(tmp_path, f'<uri name="{EX}a" uri="broken.ttl"/>')
    with pytest.raises(GraphError, match=r"broken\.ttl"):  # it was named, and is no guess
        KnowledgeGraph.from_rdf(root, imports=tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "<catalog>",
        "no catalog",
        '<!DOCTYPE c [<!ENTITY a "b">]><catalog/>',
        '<catalog><uri name="a" uri="http://[::bad"/></catalog>',
    ],
)
def test_a_catalog_that_cannot_be_read_is_an_error(tmp_path, text):
    (tmp_path / CATALOG).write_text(text)
    with pytest.raises(GraphError, match=CATALOG):
        Library(tmp_path)


def test_a_missing_folder_is_an_error(tmp_path):
    root = ontology(tmp_path / "root.ttl", EX + "root", EX + "a")
    with pytest.raises(GraphError, match="no folder"):
        KnowledgeGraph.from_rdf(root, imports=tmp_path / "none")


def test_other_entries_of_a_catalog_are_left_alone(tmp_path):
    catalog(tmp_path, '<public publicId="x" uri="y"/><uri name="z"/><nextCatalog catalog="../other.xml"/>')
    assert Catalog(tmp_path / CATALOG, Limits()).find("z") is None


def test_what_was_followed_is_known_after_loading_and_in_a_view(tmp_path):
    root = ontology(tmp_path / "root.ttl", EX + "root", EX + "onto/a")
    ontology(tmp_path / "lib" / "a.ttl", "")
    graph = KnowledgeGraph.from_rdf(root, imports=tmp_path / "lib")
    graph.save(tmp_path / "saved")
    for same in (KnowledgeGraph.load(tmp_path / "saved"), graph.copy(), graph.infer("subclass")):
        assert same.imports == graph.imports == {EX + "onto/a": "a.ttl"}
