"""From and to rdflib, networkx and pandas."""

from __future__ import annotations

import networkx
import pandas
import pytest
import rdflib

from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"


def test_rdflib_and_back(graph: KnowledgeGraph) -> None:
    graph.add([("_:x", EX + "treats", EX + "headache")])
    there = graph.to_rdflib()
    assert len(there) == len(set(graph.rows()))
    assert (rdflib.URIRef(EX + "headache"), rdflib.RDFS.label, rdflib.Literal("headache", lang="en")) in there
    back = KnowledgeGraph.from_rdflib(there)
    assert set(back.rows()) == set(graph.rows())


def test_rdflib_dataset() -> None:
    dataset = rdflib.Dataset(default_union=True)
    dataset.graph(rdflib.URIRef("x:g")).add((rdflib.URIRef("x:a"), rdflib.URIRef("x:p"), rdflib.Literal(1)))
    assert set(KnowledgeGraph.from_rdflib(dataset).rows()) == {("x:a", "x:p", f'"1"^^<{XSD}integer>')}


def test_networkx_and_back(graph: KnowledgeGraph) -> None:
    there = graph.to_networkx()
    assert there.number_of_edges() == graph.num_statements
    assert there.nodes[EX + "aspirin"]["label"] == "Aspirin"
    back = KnowledgeGraph.from_networkx(there)
    assert set(zip(back.labels, back.iris)) == set(zip(graph.labels, graph.iris))
    assert {str(back.triple(i)) for i in range(back.num_statements)} == {
        str(graph.triple(i)) for i in range(graph.num_statements)
    }
    assert back.find("ASA")


def test_plain_networkx_graphs() -> None:
    plain = networkx.Graph()
    plain.add_edge("Anna", "Ben", relation="sibling of")
    plain.add_edge("Ben", 3)
    plain.nodes["Anna"]["label"] = "Anna K."
    graph = KnowledgeGraph.from_networkx(plain)
    assert [str(graph.triple(i)) for i in range(2)] == ["Anna K. — sibling of — Ben", "Ben — related to — 3"]


def test_pandas_and_back(graph: KnowledgeGraph) -> None:
    graph.add([("_:x", EX + "treats", EX + "headache")])
    there = graph.to_pandas()
    assert list(there.columns) == ["subject", "predicate", "object", "source"]
    assert list(there[["subject", "predicate", "object"]].itertuples(index=False, name=None)) == list(graph.rows())
    assert set(there["source"]) == {"drugs.ttl", ""}
    back = KnowledgeGraph.from_pandas(there)
    assert list(back.rows()) == list(graph.rows()) and back.labels == graph.labels
    assert back.to_pandas().equals(there)


def test_plain_tables() -> None:
    table = {"object": ["Ben", "Cem"], "subject": ["Anna", "Ben"], "predicate": ["knows"] * 2, "source": ["a", None]}
    graph = KnowledgeGraph.from_pandas(pandas.DataFrame(table))
    assert [str(graph.triple(i)) for i in range(2)] == ["Anna — knows — Ben", "Ben — knows — Cem"]
    assert [graph.triple(i).source for i in range(2)] == ["a", ""]
    with pytest.raises(GraphError, match="no column predicate; it has subject, object"):
        KnowledgeGraph.from_pandas(pandas.DataFrame({"subject": ["a"], "object": ["b"]}))
    with pytest.raises(GraphError, match="A triple holds nan"):
        KnowledgeGraph.from_pandas(pandas.DataFrame(table).assign(subject=float("nan")))
