"""What nodes and relations are shown by, and the names they are found by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kgrag.graph import KnowledgeGraph

EX = "http://example.org/"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
Write = Callable[[str, object], Path]


def test_labels_and_aliases(graph: KnowledgeGraph) -> None:
    aspirin = graph.find(EX + "aspirin")[0]
    assert graph.label(aspirin) == "Aspirin"
    assert {alias for alias, owner in graph.aliases() if owner == aspirin} == {"Aspirin", "ASA", "Aspirin-Tablette"}
    assert [graph.label(n) for n in graph.types(aspirin)] == ["Drug"]
    for text in ("aspirin", "ASPIRIN ", "asa", "aspirin-tablette", EX + "aspirin", f"<{EX}aspirin>"):
        assert graph.find(text) == [aspirin]
    assert graph.find("ibuprofen") == graph.find("") == []
    assert set(graph.relation_labels) == {"type", "treats", "dose", "note", "description"}
    assert not graph.find("treats")  # a relation that is only named is no node


def test_preferred_language(turtle: Path) -> None:
    german = KnowledgeGraph.from_rdf(turtle, language="de")
    assert german.label(german.find(EX + "aspirin")[0]) == "Aspirin-Tablette"
    assert german.label(german.find(EX + "headache")[0]) == "headache"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([("altLabel", '"A"@en'), ("prefLabel", '"B"@de')], "A"),
        ([("altLabel", '"A"@en'), ("prefLabel", '"B"')], "B"),
        ([("altLabel", '"A"@en'), ("prefLabel", '"B"@en-GB')], "B"),
        ([("prefLabel", '"A"'), ("prefLabel", '"B"@en')], "B"),
        ([("prefLabel", '"B"@en'), ("prefLabel", '"A"@en')], "A"),
        ([("prefLabel", '"  "@en'), ("prefLabel", '"two\\n lines"@fr')], "two lines"),
    ],
)
def test_which_label_is_shown(names: list[tuple[str, str]], shown: str) -> None:
    skos = "http://www.w3.org/2004/02/skos/core#"
    for order in (names, names[::-1]):
        graph = KnowledgeGraph.from_triples(
            [("x:a", skos + name, text) for name, text in order] + [("x:a", "x:p", "x:b")]
        )
        assert graph.label(graph.find("x:a")[0]) == shown


def test_labels_of_relations_in_order() -> None:
    statement = [("ex:a", "http://purl.obolibrary.org/obo/RO_0002452", "ex:b"), ("ex:a", "ex:hasSideEffect", "ex:b")]
    own = [("ex:hasSideEffect", LABEL, '"may cause"')]
    given_labels = {"ex:hasSideEffect": "side effect", "ex:a": "the first"}
    assert KnowledgeGraph.from_triples(statement).relation_labels == ["has symptom", "has side effect"]
    user = KnowledgeGraph.from_triples(statement, labels=given_labels)
    assert user.relation_labels == ["has symptom", "side effect"]
    assert user.labels[0] == "the first" and user.find("The First") == [0]
    assert KnowledgeGraph.from_triples(statement + own, labels=given_labels).relation_labels[1] == "may cause"


def test_label_properties_of_the_user() -> None:
    triples = [("ex:a", "ex:p", "ex:b"), ("ex:a", "ex:title", '"Called so"')]
    assert KnowledgeGraph.from_triples(triples).num_statements == 2
    graph = KnowledgeGraph.from_triples(triples, label_properties=["ex:title"])
    assert graph.num_statements == 1
    assert graph.label(0) == "Called so"


def test_graph_without_labels(write: Write) -> None:
    path = write("a.nt", f"<{EX}Tom_Hanks> <{EX}starredIn> <{EX}Cast%20Away> .\n_:x <{EX}p> <{EX}Tom_Hanks> .")
    graph = KnowledgeGraph.from_rdf(path)
    assert graph.label(graph.find("tom hanks")[0]) == "Tom Hanks"
    assert graph.find("CAST_AWAY") == [1]
    assert str(graph.triple(0)) == "Tom Hanks — starred in — Cast Away"
    assert sorted(graph.aliases()) == [("Cast Away", 1), ("Tom Hanks", 0)]
