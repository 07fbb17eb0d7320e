"""The knowledge graph: reading, labels, neighbours, change, saving, bridges."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import networkx
import numpy as np
import pandas
import pyoxigraph
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph, normalise, parse
from kgrag.graph.terms import literal_parts, literal_value, local_name, read_term, relation_name, to_oxigraph
from kgrag.types import Triple

EX = "http://example.org/"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
XSD = "http://www.w3.org/2001/XMLSchema#"
TURTLE = """\
@prefix : <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:aspirin a :Drug ; rdfs:label "Aspirin"@en, "Aspirin-Tablette"@de ; skos:altLabel "ASA"@en ;
    :treats :headache ; :dose "0100"^^xsd:integer ; :note "say \\"ah\\"\\n\\u00e9"@en-GB .
:headache rdfs:label "headache"@en .
:treats rdfs:label "treats"@en .
:Drug rdfs:comment "a thing to take" .
"""
SAME = [
    (EX + "aspirin", EX + "treats", EX + "headache"),
    (EX + "aspirin", EX + "dose", f'"0100"^^<{XSD}integer>'),
    (EX + "aspirin", EX + "note", '"say \\"ah\\"\\né"@en-gb'),
]
RDF_XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">'
    '<rdf:Description rdf:about="http://example.org/a"><e:knows rdf:resource="http://example.org/b"/>'
    "<e:name>Zo\u00eb</e:name></rdf:Description></rdf:RDF>"
)


@pytest.fixture
def turtle(tmp_path: Path) -> Path:
    path = tmp_path / "drugs.ttl"
    path.write_text(TURTLE, encoding="utf-8")
    return path


@pytest.fixture
def graph(turtle: Path) -> KnowledgeGraph:
    return KnowledgeGraph.from_rdf(turtle)


def rows(graph: KnowledgeGraph) -> set[tuple[str, str, str]]:
    return set(graph.rows())


def node(graph: KnowledgeGraph, name: str) -> int:
    (found,) = graph.find(name)
    return found


def write(tmp_path: Path, name: str, text: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# Reading


@pytest.mark.parametrize("ending", ["ttl", "nt", "nq", "trig", "rdf", "jsonld", "ttl.gz", "nt.gz", "txt", "owl", ""])
def test_every_format_gives_the_same_graph(tmp_path: Path, graph: KnowledgeGraph, ending: str) -> None:
    formats = {"nt": RdfFormat.N_TRIPLES, "nq": RdfFormat.N_QUADS, "rdf": RdfFormat.RDF_XML, "owl": RdfFormat.RDF_XML}
    formats |= {"jsonld": RdfFormat.JSON_LD}
    triples = [pyoxigraph.Triple(*map(to_oxigraph, row)) for row in graph.rows()]
    text = pyoxigraph.serialize(triples, format=formats.get(ending.split(".")[0], RdfFormat.TURTLE))
    path = write(tmp_path, f"graph.{ending}", gzip.compress(text) if ending.endswith("gz") else text)
    assert rows(KnowledgeGraph.from_rdf(path)) == rows(graph)


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
def test_format_is_seen_from_the_content(tmp_path: Path, text: str, name: str) -> None:
    (quad,) = parse(write(tmp_path, "data", text))
    assert quad.predicate.value == "x:b"
    assert name != "N-Quads" or quad.graph_name.value == "x:g"


@pytest.mark.parametrize("format", ["turtle", "TTL", ".ttl"])
def test_format_can_be_named(tmp_path: Path, format: str) -> None:
    assert len(list(parse(write(tmp_path, "data.nt", "@prefix x: <x:> . x:a x:b x:c ."), format))) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"])
def test_rdf_xml_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{declared}"?>\n{RDF_XML}'
    graph = KnowledgeGraph.from_rdf(write(tmp_path, "a.rdf", text.encode(encoding)))
    assert graph.find("Zoë")
    assert graph.num_statements == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso-8859-1"])
@pytest.mark.parametrize("case", ["<!DOCTYPE", "<!doctype", "<!ENTITY"])
def test_declarations_in_rdf_xml_are_refused(tmp_path: Path, encoding: str, case: str) -> None:
    bomb = f'{case} rdf:RDF [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    declared = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{declared}"?>\n{bomb}{RDF_XML}'
    with pytest.raises(GraphError, match=r"a\.rdf, line 2: .*<!(DOCTYPE|ENTITY) is refused"):
        KnowledgeGraph.from_rdf(write(tmp_path, "a.rdf", text.encode(encoding)))


def test_unknown_xml_encoding(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="not valid nonsense"):
        list(parse(write(tmp_path, "a.rdf", f'<?xml version="1.0" encoding="nonsense"?>{RDF_XML}')))


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("a.ttl", '<x:a> <x:b> <x:c> .\n<x:a> <x:b> "open\n" .', "line 2, column"),
        ("a.nt", "<x:a> <x:b> <x:c> .\n<x:a> <x:b> .", "line 2, column"),
        ("a.nt", b'<x:a> <x:b> "\xff" .', "line 1, column"),
        ("a.jsonld", '{"@id": "x:a",\n "x:b": }', "line 2, column"),
        ("a.rdf", RDF_XML.replace("</e:name>", "\n</e:nam>"), "line 2, column 3"),
        ("a.rdf", RDF_XML.replace('"http://example.org/b"', '\n"http://a b"'), "line 2, column 2"),
        ("a.jsonld", '{"@context": "http://example.org/context", "x:b": 1}', "not valid JSON-LD"),
    ],
)
def test_malformed_files(tmp_path: Path, name: str, text: str | bytes, where: str) -> None:
    with pytest.raises(GraphError) as error:
        KnowledgeGraph.from_rdf(write(tmp_path, name, text))
    assert name in str(error.value) and where in str(error.value)
    assert "\n" not in str(error.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    cases = {
        tmp_path / "none.ttl": "no file",
        tmp_path / "empty": "holds no RDF file",
        write(tmp_path, "empty.ttl", " \n"): "empty.ttl holds no statement",
        write(tmp_path, "cut.nt.gz", gzip.compress(b"<x:a> <x:b> <x:c> .\n" * 99)[:-9]): "cannot be read",
        Path("https://example.org/graph.ttl"): "web address",
    }
    for path, reason in cases.items():
        with pytest.raises(GraphError, match=reason):
            KnowledgeGraph.from_rdf(path)
    with pytest.raises(GraphError, match="No RDF file"):
        KnowledgeGraph.from_rdf()
    with pytest.raises(GraphError, match="format 'docx' is not known"):
        KnowledgeGraph.from_rdf(tmp_path / "a.docx", format="docx")


def test_limits(tmp_path: Path) -> None:
    path = write(tmp_path, "a.nt", '<x:a> <x:b> "12345" .\n<x:a> <x:c> <x:d> .\n')
    assert len(list(parse(path, limits=Limits(file_bytes=100, statements=2, literal_chars=5)))) == 2
    for limits in (Limits(file_bytes=10), Limits(statements=1), Limits(literal_chars=4)):
        with pytest.raises(GraphError, match=r"Limits\."):
            list(parse(path, limits=limits))
    packed = write(tmp_path, "b.nt.gz", gzip.compress(path.read_bytes() * 10))
    with pytest.raises(GraphError, match=r"Limits\.file_bytes"):
        list(parse(packed, limits=Limits(file_bytes=300)))


@pytest.mark.parametrize("depth", [501, 5000])
def test_deep_nesting_is_refused(tmp_path: Path, depth: int) -> None:
    deep = {
        "a.jsonld": '{"x:p":' * depth + "1" + "}" * depth,
        "b.jsonld": '{"@context": {}, "x:p":' + "[" * depth + "]" * depth + "}",
        "a.ttl": "<x:a> <x:p> " + "<<( <x:a> <x:p> " * depth + "1" + ")>>" * depth + " .",
        "a.nt": "<x:a> <x:p> " + "<<( <x:a> <x:p> " * depth + "<x:o>" + ")>>" * depth + " .",
    }
    for name, text in deep.items():
        with pytest.raises(GraphError, match="nested"):
            list(parse(write(tmp_path, name, text)))


def test_brackets_in_strings_are_no_nesting(tmp_path: Path) -> None:
    brackets = json.dumps({"@id": "x:a", "x:p": '"' + "[{" * 1000})
    assert len(list(parse(write(tmp_path, "a.jsonld", brackets)))) == 1
    assert len(list(parse(write(tmp_path, "a.ttl", '<x:a> <x:p> "' + "<<" * 1000 + '" .')))) == 1


def test_triple_terms_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="triple term"):
        list(parse(write(tmp_path, "a.nt", "<x:a> <x:p> <<( <x:a> <x:p> <x:o> )>> .")))


def test_several_files_keep_blank_nodes_and_sources_apart(tmp_path: Path) -> None:
    first = write(tmp_path, "a.nt", "_:x <x:p> <x:c> .\n<x:c> <x:p> <x:d> .")
    second = write(tmp_path, "b.nq", "_:x <x:p> <x:d> <x:g> .\n<x:c> <x:p> <x:d> .")
    graph = KnowledgeGraph.from_rdf(first, second)
    assert rows(graph) == {("_:b0", "x:p", "x:c"), ("x:c", "x:p", "x:d"), ("_:b1", "x:p", "x:d")}
    assert [graph.triple(i).source for i in range(3)] == ["a.nt", "a.nt", "b.nq, graph x:g"]
    again = KnowledgeGraph.from_rdf(first, second)
    assert list(again.rows()) == list(graph.rows())


def test_relative_iris_do_not_depend_on_the_folder(tmp_path: Path) -> None:
    assert KnowledgeGraph.from_rdf(write(tmp_path, "a.ttl", "<#x> <#p> <y> .")).iris == ["file:///a.ttl#x", "file:///y"]


def test_no_statements_is_an_error(tmp_path: Path) -> None:
    labels_only = '<x:a> <http://www.w3.org/2000/01/rdf-schema#label> "a" .'
    with pytest.raises(GraphError, match="only labels"):
        KnowledgeGraph.from_rdf(write(tmp_path, "a.nt", labels_only))
    with pytest.raises(GraphError, match="no statement"):
        KnowledgeGraph.from_triples([])


# Labels


def test_labels_and_aliases(graph: KnowledgeGraph) -> None:
    aspirin = node(graph, EX + "aspirin")
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
    assert german.label(node(german, EX + "aspirin")) == "Aspirin-Tablette"
    assert german.label(node(german, EX + "headache")) == "headache"


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
        assert graph.label(node(graph, "x:a")) == shown


def test_labels_of_relations_in_order() -> None:
    statement = [("ex:a", "http://purl.obolibrary.org/obo/RO_0002452", "ex:b"), ("ex:a", "ex:hasSideEffect", "ex:b")]
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    own = [("ex:hasSideEffect", label, '"may cause"')]
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


def test_graph_without_labels(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a.nt", f"<{EX}Tom_Hanks> <{EX}starredIn> <{EX}Cast%20Away> .\n_:x <{EX}p> <{EX}Tom_Hanks> ."
    )
    graph = KnowledgeGraph.from_rdf(path)
    assert graph.label(node(graph, "tom hanks")) == "Tom Hanks"
    assert graph.find("CAST_AWAY") == [1]
    assert str(graph.triple(0)) == "Tom Hanks — starred in — Cast Away"
    assert sorted(graph.aliases()) == [("Cast Away", 1), ("Tom Hanks", 0)]


@given(st.text())
def test_normalise_is_idempotent(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_normalise() -> None:
    assert normalise("  Type_2\t DIABETES ") == normalise("type 2 diabetes") == "type 2 diabetes"
    assert normalise("Straße \uff21") == "strasse a"


# Triples, literals


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


# Neighbours


ids = st.integers(0, 5)


@settings(max_examples=60)
@given(st.lists(st.tuples(ids, st.integers(0, 2), ids), min_size=1, max_size=25), st.lists(ids, max_size=6))
def test_neighbours_equal_a_naive_scan(statements: list[tuple[int, int, int]], wanted: list[int]) -> None:
    graph = KnowledgeGraph.from_triples([(f"n{h}", f"r{r}", f"n{t}") for h, r, t in statements])
    assert graph.num_statements == len(set(statements))
    nodes = [n for name in wanted for n in graph.find(f"n{name}")]
    for ends, method in ((graph.heads, graph.statements_from), (graph.tails, graph.statements_to)):
        naive = [(s, i) for i, n in enumerate(nodes) for s in range(graph.num_statements) if ends[s] == n]
        found, positions = method(np.array(nodes, dtype=np.int64))
        assert list(zip(found.tolist(), positions.tolist())) == naive
        assert found.dtype == positions.dtype == np.int64


def test_neighbours_of_a_node_that_is_not_there(graph: KnowledgeGraph) -> None:
    for bad in ([-1], [graph.num_nodes]):
        with pytest.raises(GraphError, match="Valid are 0 to"):
            graph.statements_from(bad)


def test_arrays(graph: KnowledgeGraph) -> None:
    assert graph.num_nodes == len(graph.labels) == len(graph.is_literal)
    for array in (graph.heads, graph.relations, graph.tails, graph.sources):
        assert array.dtype == np.int64 and array.shape == (graph.num_statements,)
    for i in range(graph.num_statements):
        triple = graph.triple(i)
        assert triple.id == i and triple.source == "drugs.ttl" and graph.contains(triple)
    assert all(graph.contains(row) for row in SAME)


# Change


def test_added_and_removed_statements_are_visible(graph: KnowledgeGraph) -> None:
    before, version = rows(graph), graph.version
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    new = [(EX + "ibuprofen", EX + "treats", EX + "headache"), (EX + "ibuprofen", label, '"Ibuprofen"@en')]
    assert not graph.find("ibuprofen")
    graph.add(new)
    graph.add(new)
    assert graph.version == version + 2
    assert rows(graph) == before | set(new)
    ibuprofen = node(graph, "IBUPROFEN")
    assert graph.label(ibuprofen) == "Ibuprofen"
    statements, _ = graph.statements_to(graph.find("headache"))
    assert ibuprofen in graph.heads[statements]
    graph.remove([new[1]])
    assert graph.label(ibuprofen) == "ibuprofen"
    graph.remove([graph.triple(int(statements[-1])), ("not", "in", "it")])
    assert graph.version == version + 4
    assert rows(graph) == before
    assert not graph.contains(new[0])
    assert not graph.find("ibuprofen")


def test_a_malformed_triple_changes_nothing(graph: KnowledgeGraph) -> None:
    before = rows(graph)
    for change in (graph.add, graph.remove):
        with pytest.raises(GraphError):
            change([SAME[0], ("a", "b", "")])
    assert rows(graph) == before and graph.version == 0


def test_source_of_an_added_triple(graph: KnowledgeGraph) -> None:
    graph.add([Triple(EX + "a", EX + "b", EX + "c", ("", "", ""), source="by hand")])
    assert graph.triple(graph.num_statements - 1).source == "by hand"


@settings(max_examples=60)
@given(st.lists(st.tuples(ids, st.integers(0, 2), ids), min_size=1, max_size=25), st.tuples(*[st.none() | ids] * 3))
def test_removing_by_pattern_equals_a_naive_scan(
    statements: list[tuple[int, int, int]], wanted: tuple[int | None, int | None, int | None]
) -> None:
    graph = KnowledgeGraph.from_triples([(f"ex:{h}", f"ex:{r}", f"ex:{t}") for h, r, t in statements])
    pattern = [None if part is None else f"ex:{part}" for part in wanted]
    if pattern == [None] * 3:
        with pytest.raises(GraphError, match="No part"):
            graph.remove_where(*pattern)
        return
    before = rows(graph)
    left = {row for row in before if any(part not in (None, term) for part, term in zip(pattern, row))}
    assert graph.remove_where(*pattern) == len(before) - len(left)
    assert rows(graph) == left


def test_removing_by_pattern_takes_labels_along(graph: KnowledgeGraph, tmp_path: Path) -> None:
    version = graph.version
    assert graph.remove_where(subject=EX + "aspirin", object='"ASA"@en') == 1
    assert not graph.find("ASA") and graph.find("Aspirin") and graph.version == version + 1
    assert graph.remove_where(predicate="plain name") == graph.remove_where(source="other.ttl") == 0
    with pytest.raises(GraphError):
        graph.remove_where(subject="")
    assert graph.remove_where(subject=EX + "aspirin") == 6
    assert not graph.find("Aspirin")
    quads = f'<x:a> <x:p> <x:b> .\n<x:a> <x:p> <x:c> <x:g> .\n<x:a> <{LABEL}> "a" <x:g> .'
    named = KnowledgeGraph.from_rdf(write(tmp_path, "a.nq", quads), write(tmp_path, "b.nt", "<x:b> <x:p> <x:d> ."))
    assert named.remove_where(source="a.nq, graph x:g") == 2
    assert named.remove_where(source="a.nq") == 1
    assert rows(named) == {("x:b", "x:p", "x:d")}


def test_update_replaces_what_came_from_a_file(tmp_path: Path) -> None:
    first = write(tmp_path, "a.trig", f'<x:a> <x:p> <x:b>, _:x . <x:a> <{LABEL}> "old" . <x:g> {{ <x:a> <x:p> <x:c> }}')
    graph = KnowledgeGraph.from_rdf(first, write(tmp_path, "b.nt", "_:x <x:q> <x:d> ."))
    before, version = rows(graph), graph.version
    for malformed in ("<x:a> <x:p> <x:b> . <x:a>", " "):
        write(tmp_path, "a.trig", malformed)
        with pytest.raises(GraphError):
            graph.update(first)
        assert rows(graph) == before and graph.version == version
    write(tmp_path, "a.trig", f'<x:a> <x:p> <x:b>, _:x . <x:a> <{LABEL}> "new" .')
    graph.update(first)
    assert graph.version == version + 1
    assert not graph.find("old") and graph.label(graph.find("new")[0]) == "new"
    blank = {row[2] for row in graph.rows() if row[2].startswith("_:")}
    assert len(blank) == 1 and not blank & {"_:b0", "_:b1"}  # a blank node of a new file is a new one
    assert {row for row in rows(graph) if row[2] not in blank} == {
        ("x:a", "x:p", "x:b"),
        ("x:a", LABEL, '"new"'),
        ("_:b1", "x:q", "x:d"),
    }
    with pytest.raises(GraphError, match=r"came from a\.trig, b\.nt"):
        graph.update(write(tmp_path, "c.nt", "<x:a> <x:p> <x:b> ."))


def test_update_tells_files_of_one_name_apart(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    paths = [write(tmp_path, f"{folder}/a.nt", f"<x:{folder}> <x:p> <x:b> .") for folder in ("one", "two")]
    graph = KnowledgeGraph.from_rdf(*paths)
    write(tmp_path, "two/a.nt", "<x:three> <x:p> <x:b> .")
    graph.update(paths[1])
    assert rows(graph) == {("x:one", "x:p", "x:b"), ("x:three", "x:p", "x:b")}


# Bridges


def test_rdflib_and_back(graph: KnowledgeGraph) -> None:
    graph.add([("_:x", EX + "treats", EX + "headache")])
    there = graph.to_rdflib()
    assert len(there) == len(rows(graph))
    assert (rdflib.URIRef(EX + "headache"), rdflib.RDFS.label, rdflib.Literal("headache", lang="en")) in there
    back = KnowledgeGraph.from_rdflib(there)
    assert rows(back) == rows(graph)


def test_rdflib_dataset() -> None:
    dataset = rdflib.Dataset(default_union=True)
    dataset.graph(rdflib.URIRef("x:g")).add((rdflib.URIRef("x:a"), rdflib.URIRef("x:p"), rdflib.Literal(1)))
    assert rows(KnowledgeGraph.from_rdflib(dataset)) == {("x:a", "x:p", f'"1"^^<{XSD}integer>')}


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
