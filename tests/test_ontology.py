"""OWL files as people read them, and as they are asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kgrag import KGRAG
from kgrag.graph import KnowledgeGraph, readable
from kgrag.graph.vocabulary import OWL, RDF, RDFS

EX = "http://example.org/"
REST = ("22-rdf-syntax-ns#first", "22-rdf-syntax-ns#rest")
TURTLE = f"""
@prefix : <{EX}> . @prefix owl: <{OWL}> . @prefix rdf: <{RDF}> . @prefix rdfs: <{RDFS}> .
<{EX}ontology> a owl:Ontology ; owl:versionInfo "3" .
:Drumpox a owl:Class ; rdfs:label "drumpox" ; rdfs:subClassOf :Pox ,
    [ a owl:Restriction ; owl:onProperty :hasSymptom ; owl:someValuesFrom :Fever ] ,
    [ a owl:Restriction ; owl:onProperty :hasSymptom ; owl:someValuesFrom :Rash ] .
:Pox a owl:Class ; rdfs:label "pox" ; owl:disjointUnionOf ( :Drumpox :Fifepox ) ; rdfs:subClassOf owl:Thing .
:Fifepox a owl:Class ; rdfs:label "fifepox" ; rdfs:subClassOf :Pox ,
    [ owl:onProperty :causedBy ; owl:someValuesFrom [ owl:unionOf ( :VirusA :VirusB ) ] ] .
:Fever a owl:Class ; rdfs:label "fever" . :Rash a owl:Class ; rdfs:label "rash" .
:hasSymptom a owl:ObjectProperty ; rdfs:label "has symptom" .
[] a owl:Axiom ; owl:annotatedSource :Drumpox ; owl:annotatedProperty rdfs:label ; owl:annotatedTarget "drumpox" ;
    :note [ :by "Ann" ] .
:OldPox a owl:Class ; rdfs:label "obsolete oldpox" ; owl:deprecated true ; rdfs:subClassOf :Pox .
:OlderPox a owl:DeprecatedClass ; rdfs:label "olderpox" ; rdfs:subClassOf :Pox .
:Kept owl:deprecated false ; rdfs:subClassOf :Pox .
:paper :authors ( :Ann :Bea ) . _:one owl:sameAs :Ann ; :wrote :paper . :Ann a owl:NamedIndividual , :Author .
"""


@pytest.fixture
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.from_rdf(TURTLE.encode(), format="turtle")


def local(graph: KnowledgeGraph) -> set[tuple[str, str, str]]:
    return {tuple(term.rsplit("/", 1)[-1] for term in row) for row in graph.rows()}


def test_what_owl_writes_down_is_read_as_statements(graph):
    rows = {row for row in local(readable(graph)) if not {"rdf-schema#label", "note", "by"} & set(row)}
    about_lists = {row for row in rows if row[2].startswith("_:") or row[0].startswith("_:")}
    assert rows - about_lists == {
        ("Drumpox", "hasSymptom", "Fever"),
        ("Drumpox", "hasSymptom", "Rash"),
        ("Drumpox", "rdf-schema#subClassOf", "Pox"),
        ("Fifepox", "rdf-schema#subClassOf", "Pox"),
        ("Kept", "rdf-schema#subClassOf", "Pox"),
        ("Kept", "owl#deprecated", ['"false"^^<http://www.w3.org/2001', "XMLSchema#boolean>"][-1]),
        ("ontology", "owl#versionInfo", '"3"'),
        ("Ann", "22-rdf-syntax-ns#type", "Author"),
    }
    assert {p for _, p, _ in about_lists} == {"authors", *REST, "owl#sameAs", "wrote"}


def test_lists_and_nodes_that_are_data_stay(graph):
    rows = local(readable(graph))
    (start,) = (o for s, p, o in rows if (s, p) == ("paper", "authors"))
    assert (start, "22-rdf-syntax-ns#first", "Ann") in rows
    assert {("Ann", "22-rdf-syntax-ns#type", "Author")} <= rows
    assert any(p == "wrote" for _, p, _ in rows)


def test_what_is_deprecated_is_neither_found_nor_answered_with(graph):
    view = readable(graph)
    (pox,) = view.find("pox")
    below = {view.label(int(view.heads[s])) for s in view.statements_to([pox])[0]}
    assert below == {"drumpox", "fifepox", "Kept"}
    assert view.find("obsolete oldpox") == view.find("olderpox") == []
    assert graph.find("olderpox") != []


def test_the_graph_underneath_loses_nothing(graph, tmp_path):
    view = readable(graph)
    before = set(graph.rows())
    assert view.num_statements < graph.num_statements
    view.write(tmp_path / "again.nt")
    assert set(graph.rows()) == before
    again = KnowledgeGraph.from_rdf(tmp_path / "again.nt")
    assert again.num_statements == graph.num_statements and len(set(again.rows())) == len(before)


def test_a_graph_without_owl_is_asked_as_it_is():
    graph = KnowledgeGraph.from_triples(
        [("a", "knows", "b"), ("_:x", RDF + "first", "c"), ("a", RDF + "type", RDFS + "Class")]
    )
    view = readable(graph)
    assert view.iris is graph.iris and view.num_statements == 3


def test_a_view_is_read_with_its_rules(graph):
    view = readable(graph.infer("subclass"))
    assert view.rules == ("subclass", "restrictions") and readable(view).rules == view.rules
    graph.add([(EX + "Tinypox", RDFS + "subClassOf", EX + "Drumpox")])
    rows = local(view)
    assert ("Tinypox", "rdf-schema#subClassOf", "Pox") in rows and ("Tinypox", "hasSymptom", "Rash") in rows
    assert not any("Thing" in part for row in rows for part in row)


def test_an_owl_file_is_asked_and_kept_up_to_date(tmp_path):
    (tmp_path / "pox.ttl").write_text(TURTLE)
    rag = KGRAG(KnowledgeGraph.from_rdf(tmp_path / "pox.ttl"))
    answer = rag.ask("What are the symptoms of drumpox?")
    assert set(answer.answers) == {"fever", "rash"}
    assert {citation.triple.source for citation in answer.citations} == {"pox.ttl, restriction"}
    rag.graph.add([(EX + "Drumpox", EX + "hasSymptom", "cough")])
    assert set(rag.ask("What are the symptoms of drumpox?").answers) == {"fever", "rash", "cough"}
    rag.save(tmp_path / "rag")
    loaded = KGRAG.load(tmp_path / "rag")
    assert set(loaded.ask("What are the symptoms of drumpox?").answers) == {"fever", "rash", "cough"}
    assert not KnowledgeGraph.load(tmp_path / "rag" / "graph").contains(
        (EX + "Drumpox", EX + "hasSymptom", EX + "Fever")
    )


DO = Path(os.environ.get("KGRAG_DATASETS", "/none")) / "disease_ontology" / "DO_cancer_slim.owl"


@pytest.mark.skipif(not DO.is_file(), reason="KGRAG_DATASETS names no folder with disease_ontology/")
def test_a_real_ontology_is_left_with_what_people_ask():
    graph = KnowledgeGraph.from_rdf(DO)
    view = readable(graph)
    ends = {view.iri(node) for s in view.statements for node in (int(view.heads[s]), int(view.tails[s]))}
    assert not any(iri.startswith(("_:", OWL)) for iri in ends)
    assert graph.find("obsolete PTEN hamartoma tumor syndrome") and not view.find(
        "obsolete PTEN hamartoma tumor syndrome"
    )
    assert view.find("angiosarcoma") == graph.find("angiosarcoma") != []
    (node,) = view.find("angiosarcoma")
    kinds = {
        view.label(int(view.tails[s]))
        for s in view.statements_from([node])[0]
        if view.relation_label(int(view.relations[s])) == "is a kind of"
    }
    assert kinds == {"cancer"}
