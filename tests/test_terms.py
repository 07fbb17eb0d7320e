"""Terms as strings: names, literals, what is malformed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph, normalise
from kgrag.graph.terms import literal_parts, literal_value, local_name, read_term, relation_name

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"


def test_plain_names_and_literals() -> None:
    graph = KnowledgeGraph.from_triples(
        [
            ("Mission: Impossible", "directed_by", "Brian De Palma"),
            (EX + "film", "released", f'"1996"^^<{XSD}gYear>'),
            ("http://example.org/Tom Hanks", "said", '"""'),
        ]
    )
    assert graph.iri(0) == "urn:kgrag:node:Mission%3A%20Impossible"
    assert graph.label(0) == "Mission: Impossible"
    assert graph.relation_iri(0) == "urn:kgrag:relation:directed_by"
    assert graph.relation_labels == ["directed by", "released", "said"]
    assert graph.is_literal.tolist() == [False, False, False, True, False, False]
    assert graph.label(3) == "1996"
    assert graph.iri(4) == "http://example.org/Tom%20Hanks"
    assert graph.label(5) == '"""'
    assert graph.contains(("Mission: Impossible", "directed_by", "Brian De Palma"))


@pytest.mark.parametrize(
    "triple",
    [
        ("a", "b"),
        "abc",
        ("a", "b", ""),
        ("a", "b", 5),
        ('"a"', "b", "c"),
        ("a", '"b"', "c"),
        ("a", "_:b", "c"),
        ("a", "b", '"5"^^xsd:integer'),
        ("a", "b", "http://example.org/100%"),
        ("a", "b", "\ud800"),
        ("a", "b", '"\\uD800"'),
        ("<not an iri>", "b", "c"),
    ],
)
def test_malformed_triples(triple: tuple[str, str, str]) -> None:
    with pytest.raises(GraphError) as error:
        KnowledgeGraph.from_triples([("x", "y", "z"), triple])
    assert "\n" not in str(error.value)


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.sampled_from(["", "@en", "@de-at", f"^^<{XSD}date>"])
)
def test_literals_survive(value: str, suffix: str) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    text = read_term(f'"{escaped}"{suffix}')
    assert literal_value(text) == value
    parts = literal_parts(text)
    assert parts is not None
    assert (parts.language, parts.datatype) == (
        suffix[1:] if "@" in suffix else "",
        suffix[3:-1] if "^" in suffix else "",
    )
    assert read_term(text) == text


@pytest.mark.parametrize(
    ("iri", "label"),
    [
        (EX + "hasSymptom", "has symptom"),
        (EX + "has_symptom", "has symptom"),
        (EX + "ISBNNumber", "ISBN number"),
        (EX + "#hasDOI", "has DOI"),
        (EX + "derives%20from", "derives from"),
        (EX + "__people__person__gender", "people person gender"),
        ("http://rdf.freebase.com/ns/people.person.gender", "people person gender"),
        ("urn:kgrag:relation:was%20born%20in%20McAllen", "was born in McAllen"),
        ("ex:knows", "knows"),
        (EX, "example org"),
    ],
)
def test_names_of_unlabelled_relations(iri: str, label: str) -> None:
    assert relation_name(iri) == label


@pytest.mark.parametrize(
    ("iri", "label"),
    [
        (EX + "Richard%20Brooks", "Richard Brooks"),
        (EX + "AC%2FDC", "AC/DC"),
        (EX + "watford_FC", "watford FC"),
        (EX + "NewYork/", "NewYork"),
        ("urn:isbn:123", "123"),
        ("_:b0", "_:b0"),
        ("urn:kgrag:node:snake_case%3F", "snake_case?"),
    ],
)
def test_names_of_unlabelled_nodes(iri: str, label: str) -> None:
    assert local_name(iri) == label


@given(st.text())
def test_normalise_is_idempotent(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_normalise() -> None:
    assert normalise("  Type_2\t DIABETES ") == normalise("type 2 diabetes") == "type 2 diabetes"
    assert normalise("Straße \uff21") == "strasse a"
