"""Graphs as RDF files: nothing is lost in any format, but for base directions in JSON-LD."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BaseDirection, CanonicalizationAlgorithm, Dataset, DefaultGraph, Literal, NamedNode, Quad

from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.terms import literal_value, to_oxigraph
from kgrag.types import Triple

XSD = "http://www.w3.org/2001/XMLSchema#"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ENDINGS = ["ttl", "nt", "nq", "trig", "rdf", "jsonld"]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
iris = st.sampled_from(
    [
        "http://example.org/a",
        "http://example.org/ä?b&c='%20'#x",
        "urn:x:日本",
        "http://example.org/a/../b/",
        RDF + "nil",
    ]
)
predicates = st.sampled_from(
    [
        "http://example.org/p",
        "http://example.org/p/",
        "http://example.org/1",
        "urn:é&x",
        RDF + "type",
        RDF + "_1",
        LABEL,
    ]
)
blanks = st.sampled_from(["_:a", "_:b0", "_:b-1.x", "_:é"])
languages = st.sampled_from(["en", "de-at", "zh-hant-tw"])
datatypes = st.sampled_from([XSD + "integer", XSD + "boolean", XSD + "double", "urn:é?&", RDF + "XMLLiteral"])
literals = st.one_of(
    texts.map(Literal),
    st.builds(lambda text, language: Literal(text, language=language), texts, languages),
    st.builds(lambda text, datatype: Literal(text, datatype=NamedNode(datatype)), texts, datatypes),
    st.sampled_from([Literal("01", datatype=NamedNode(XSD + "integer")), Literal("a\r\n\r\t \\u0041]]><!--")]),
    texts.map(lambda text: Literal(text, language="ar", direction=BaseDirection.RTL)),
).map(str)
triples = st.tuples(iris | blanks, predicates, iris | blanks | literals)
first = ("http://example.org/a", "http://example.org/p", "http://example.org/b")


def canonical(quads: Iterator[Quad]) -> Dataset:
    """The data set up to the names of its blank nodes."""
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def quads(graph: KnowledgeGraph) -> Iterator[Quad]:
    return (Quad(*map(to_oxigraph, row)) for row in graph.rows())  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=50, deadline=None)
@given(rows=st.lists(triples, max_size=8))
def test_nothing_is_lost(ending: str, rows: list[tuple[str, str, str]]) -> None:
    graph = KnowledgeGraph.from_triples([first, *rows])
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"graph.{ending}"
        not_xml = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
        if ending == "rdf" and any(
            re.search(r"[/\d]$", row[1].removesuffix("_1"))
            or (row[2][0] == '"' and re.search(not_xml, literal_value(row[2])))
            for row in graph.rows()
        ):
            with pytest.raises(GraphError, match="RDF/XML cannot hold"):
                graph.write(path)
            assert not path.exists()
            return
        graph.write(path)
        if ending == "jsonld":  # it is read without base directions, but they are in the file
            directed = {row[2] for row in graph.rows() if row[2].endswith("--rtl")}
            assert path.read_text("utf-8").count('"@direction":"rtl"') >= len(directed)
            graph = KnowledgeGraph.from_triples((s, p, o.removesuffix("--rtl")) for s, p, o in graph.rows())
        assert canonical(quads(KnowledgeGraph.from_rdf(path))) == canonical(quads(graph))


@pytest.mark.parametrize("kind", ["http://example.org/a/", "http://example.org/a/7", "http://example.org/q?a&b=c'/"])
def test_classes_without_a_name_for_an_element_are_written(tmp_path: Path, kind: str) -> None:
    text = '"a\\n\\t<oxprefix: b>\\n\\t</oxprefix:>\\n"'
    rows = [("http://example.org/s", RDF + "type", kind), ("http://example.org/s", "http://example.org/p", text)]
    graph = KnowledgeGraph.from_triples([*rows, ("_:b", RDF + "type", kind), first])
    graph.write(tmp_path / "graph.rdf")
    assert canonical(quads(KnowledgeGraph.from_rdf(tmp_path / "graph.rdf"))) == canonical(quads(graph))
    assert len(rdflib.Graph().parse(tmp_path / "graph.rdf")) == 4


@pytest.mark.parametrize("ending", ENDINGS)
def test_others_read_it_too(tmp_path: Path, ending: str) -> None:
    graph = KnowledgeGraph.from_triples([first, (first[0], LABEL, '"A & <B>\\n"@en'), ("_:x", first[1], '"5"^^<x:y>')])
    graph.write(tmp_path / f"a.{ending}")
    dataset = rdflib.Dataset(default_union=True)
    dataset.parse(
        tmp_path / f"a.{ending}", format={"rdf": "xml", "nq": "nquads", "jsonld": "json-ld"}.get(ending, ending)
    )
    assert len(dataset) == 3
    assert (rdflib.URIRef(first[0]), rdflib.RDFS.label, rdflib.Literal("A & <B>\n", lang="en")) in dataset


def test_a_source_that_only_looks_like_a_named_graph(tmp_path: Path) -> None:
    KnowledgeGraph.from_triples([Triple(*first, ("", "", ""), source="a, graph x:<y>")]).write(tmp_path / "a.nq")
    (quad,) = pyoxigraph.parse(path=tmp_path / "a.nq")
    assert quad.graph_name == DefaultGraph()


def test_writing_what_cannot_be_written(tmp_path: Path) -> None:
    graph = KnowledgeGraph.from_triples([first])
    with pytest.raises(GraphError, match=r"Let it end in \.ttl"):
        graph.write(tmp_path / "out.csv")
    with pytest.raises(GraphError, match="as csv"):
        graph.write(tmp_path / "out.nt", format="csv")
    with pytest.raises(GraphError, match="cannot be written"):
        graph.write(tmp_path / "none" / "out.nt")
    graph.write(tmp_path / "out.rdf")
    before = (tmp_path / "out.rdf").read_bytes()
    graph.add([(first[0], RDF + "Description", first[2])])
    with pytest.raises(GraphError, match="reserved syntax term"):
        graph.write(tmp_path / "out.rdf")
    assert (tmp_path / "out.rdf").read_bytes() == before
