"""Recipes: small files of each kind, and what is made of them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kgrag.cli import app
from kgrag.errors import GraphError, InputError
from kgrag.graph import readable
from kgrag.recipes import RECIPES, prepare
from kgrag.recipes.names import names_of, unit_of
from kgrag.recipes.references import Place, references

ACT = """<?xml version="1.0" encoding="UTF-8"?>
<akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0"><act name="act">
<meta><identification source="#us"><FRBRWork><FRBRuri value="/akn/xx/act/{year}/{number}"/><FRBRdate date="{year}-03-01" name=""/>
</FRBRWork><FRBRExpression><FRBRlanguage language="eng"/></FRBRExpression></identification></meta>
<preface><p><docType>Regulation</docType> (EU) No <docNumber>{number}/{year}</docNumber>
<docTitle>Regulation (EU) No {number}/{year} on ponds ({name})</docTitle></p></preface>
<preamble><recitals><recital eId="rec_1"><num>(1)</num><p>Ponds dry up. Article 2 is meant to help.</p></recital></recitals></preamble>
<body><chapter eId="chp_I"><num>CHAPTER I</num><heading>General provisions</heading>
<article eId="art_1"><num>Article 1</num><heading>Definitions</heading><paragraph><content>
<p>For the purposes of this Regulation:</p>
<list><point><num>(1)</num><content><p>\u2018pond\u2019 means still water that a child can wade through;</p></content></point>
<point><num>(2)</num><content><p>\u2018owner\u2019 means whoever dug it.</p></content></point></list>
</content></paragraph></article>
<article eId="art_2"><num>Article 2</num><heading>Duty of care</heading>
<paragraph><num>1.</num><content><p>Whoever owns a pond shall keep it clean. {more}</p></content></paragraph>
<paragraph><num>2.</num><content><p>Paragraph 1 does not apply in winter, as Article 1(1) has it.</p></content></paragraph>
</article></chapter></body></act></akomaNtoso>
"""

OBO_FILE = """format-version: 1.2
ontology: pets
idspace: PET http://example.org/pets/

[Term]
id: PET:1
name: animal ! the root

[Term]
id: PET:2
name: dog
def: "An animal that barks at \\"night\\", and has_colour brown." [ref:1]
synonym: "hound" EXACT []
synonym: "pooch" RELATED SLANG [x:y "z"]
xref: WD:Q144
is_a: PET:1 {source="us"} ! animal
relationship: part_of PET:4 ! pack
relationship: likes PET:3

[Term]
id: PET:3
name: bone

[Term]
id: PET:4
name: pack
comment: Not in use any more.
is_obsolete: true

[Typedef]
id: part_of
name: part of
xref: BFO:0000050

[Typedef]
id: likes
name: is fond of
"""

OWL_FILE = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY pet "http://example.org/pets/"> ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
  xmlns:owl="http://www.w3.org/2002/07/owl#" xmlns:dct="http://purl.org/dc/terms/" xmlns:skos="http://www.w3.org/2004/02/skos/core#">
<owl:Ontology rdf:about="http://example.org/pets"><rdfs:comment>About this file.</rdfs:comment></owl:Ontology>
<owl:ObjectProperty rdf:about="&pet;likes"><rdfs:label>is fond of</rdfs:label></owl:ObjectProperty>
<owl:Class rdf:about="&pet;2"><rdfs:label xml:lang="en">dog</rdfs:label><rdfs:label xml:lang="de">Hund</rdfs:label>
<skos:definition xml:lang="en">An animal that barks.</skos:definition><skos:definition xml:lang="de">Ein Tier, das bellt.</skos:definition>
<dct:creator>Somebody</dct:creator>
<rdfs:subClassOf><owl:Restriction><owl:onProperty rdf:resource="&pet;likes"/><owl:someValuesFrom rdf:resource="&pet;3"/></owl:Restriction></rdfs:subClassOf>
</owl:Class>
<owl:Class rdf:about="&pet;3"><rdfs:label>bone</rdfs:label></owl:Class>
<owl:Class rdf:about="&pet;4"><rdfs:label>pack</rdfs:label><skos:definition>Gone.</skos:definition>
<owl:deprecated rdf:datatype="http://www.w3.org/2001/XMLSchema#boolean">true</owl:deprecated></owl:Class>
</rdf:RDF>
"""

GDPR_FILE = """
@prefix : <http://purl.org/adaptcentre/resources/GDPRtEXT#> .
@prefix t: <http://purl.org/adaptcentre/ontologies/GDPRtEXT#> .
@prefix g: <https://w3id.org/GDPRtEXT#> .
@prefix eli: <http://data.europa.eu/eli/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:article9 a t:Article, eli:LegalResourceSubdivision ; eli:is_part_of :GDPR ; t:hasPoint :article9-1 ; eli:title_alternative "Article 9" .
:article9-1 a t:Point ; eli:is_part_of :article9, :GDPR ; t:isPartOfArticle :article9 ; eli:description "Ponds may be dug:" .
:article9-1-a a t:SubPoint ; t:isPartOfPoint :article9-1 ; eli:description "in gardens;" ; eli:title_alternative "Article9(1)(a)" .
:article9-1-b a t:SubPoint ; t:isPartOfPoint :article9-1 ; eli:description "in parks." .
g:Digging rdfs:label "Digging" ; rdfs:comment "The making of ponds." ; rdfs:isDefinedBy <https://w3id.org/GDPRtEXT/gdpr#article9> .
"""

DPV_FILE = """
@prefix dpv: <https://w3id.org/dpv#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix schema: <https://schema.org/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
dpv:A9 a rdfs:Class, dpv:Right ; skos:prefLabel "A9 Right to Dig"@en ; skos:definition "A right to make ponds"@en ;
  skos:broader dpv:Right ; dct:source _:page ; dct:contributor _:somebody ; dct:created "2020-01-01" .
dpv:Right skos:prefLabel "Right"@en .
dpv:A8 skos:prefLabel "A8 Right to \\"Fill\\""@en ; skos:broader dpv:Right .
_:page a schema:WebPage ; schema:name "Ponds Art.9" ; schema:url "https://example.org/ponds/art_9" .
_:somebody foaf:name "Some Body" .
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def statements(graph) -> set[str]:
    return {str(graph.triple(statement)) for statement in graph.statements.tolist()}


def test_acts_become_articles_with_what_they_are_part_of_and_refer_to(tmp_path):
    pytest.importorskip("lxml")
    write(
        tmp_path, "a.akn", ACT.format(year=2020, number=7, name="Act on Still Waters", more="Articles 1 and 9 apply.")
    )
    more = "Article 2(1) of Regulation (EU) No 7/2020 and Article 1 of the Treaty apply."
    write(tmp_path, "b.akn", ACT.format(year=2021, number=8, name="Mud", more=more))
    graph, passages = prepare("akoma-ntoso", [tmp_path])
    said = statements(graph)
    assert {
        "Article 2 ASW — title — Duty of care",
        "Article 2 ASW — is part of — Chapter I ASW",
        "Chapter I ASW — is part of — ASW",
        "Article 2(1) ASW — is part of — Article 2 ASW",
        "Article 2 ASW — refers to — Article 1 ASW",
        "Article 2(2) ASW — refers to — Article 1(1) ASW",
        "Recital 1 ASW — refers to — Article 2 ASW",
        "Article 2 Mud — refers to — Article 2 ASW",
        "Article 2(1) Mud — refers to — Article 2(1) ASW",
        "Article 1(2) ASW — is part of — Article 1 ASW",
        "owner — is defined in — Article 1(2) ASW",
        "pond — is defined in — Article 1 ASW",
        "pond — description — still water that a child can wade through",
    } <= said
    assert not any("Article 9" in line or line == "Article 2 Mud — refers to — Article 1 Mud (EU)" for line in said)
    assert "Article 2(1) Mud — refers to — Article 1 Mud" not in said  # that is of the treaty
    assert {graph.triple(statement).source for statement in graph.statements.tolist()} == {"a.akn", "b.akn"}
    labels = graph.labels
    duty = next(
        passage for passage in passages if passage.text.startswith("1. Whoever") and "Treaty" not in passage.text
    )
    named = [labels[graph.node(iri)] for iri in duty.entities]
    assert named[0] == "Article 2 ASW" and {"Article 2(2) ASW", "Article 1 ASW"} <= set(named)
    assert duty.title.startswith("ASW") and duty.source == "a.akn"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Articles 2 to 4, 12(2) to (9) and 7(1)(a)", ["2", "3", "4", "12(2)", "7(1)(a)"]),
        ("Article 5 of this Regulation, Article 6 thereof", ["5", "6"]),
        ("Article 5 TFEU, Article 6 of the Treaty, Article 7(1) of Directive 95/46/EC", []),
        ("Article 5, first subparagraph, point (a), of Regulation (EU) 2016/679", ["5 there"]),
        ("Particle 5 and article number five", []),
    ],
)
def test_references_of_a_text(text, places):
    found = [
        f"{place.number}{''.join(f'({part})' for part in place.parts)}{' there' * (place.act == 'there')}"
        for place in references(text, "here", {"2016/679": "there"})
    ]
    assert found == places


def test_references_to_recitals_and_chapters():
    found = list(references("see recital (26) and Chapter IV", "here", {}))
    assert found == [Place("here", "recital", "26"), Place("here", "chapter", "IV")]


def test_names_of_acts_and_parts():
    assert names_of("REGULATION (EU) 2016/679 on data (General Data Protection Regulation)")[::2] == (
        "GDPR",
        "2016/679",
    )
    assert names_of("Regulation (EC) No 593/2008 (Rome I)").short == "Rome I"
    assert names_of("Gesetz über Teiche").short == "Gesetz über Teiche"
    assert unit_of("CHAPTER IV Controller") == ("chapter", "Chapter", "IV", "Controller")
    assert unit_of("Artikel 5a") == ("article", "Artikel", "5a", "") and unit_of("Articles of faith") is None


def test_a_document_without_articles_is_no_act(tmp_path):
    with pytest.raises(InputError, match="holds no article"):
        prepare("akoma-ntoso", [write(tmp_path, "note.txt", "Dear all,\n\nno article here.\n")])


def test_obo_and_owl_say_the_same(tmp_path):
    obo, texts = prepare("ontology", [write(tmp_path, "pets.obo", OBO_FILE)])
    said = statements(obo)
    assert {"dog — is a kind of — animal", "dog — is fond of — bone", "dog — has cross-reference — WD:Q144"} <= said
    assert obo.find("hound") == obo.find("pooch") == obo.find("dog") == obo.find("http://example.org/pets/2")
    assert any(obo.relation_iri(r).endswith("BFO_0000050") for r in range(obo.num_relations))
    text = next(passage for passage in texts if passage.title == "dog")
    assert text.text == 'An animal that barks at "night", and has colour brown.' and text.source == "pets.obo"
    assert all(passage.title != "pack" for passage in texts)  # which is obsolete
    owl, texts = prepare("ontology", [write(tmp_path, "pets.owl", OWL_FILE)])
    assert "dog — is fond of — bone" in statements(readable(owl))
    assert [(passage.title, passage.text) for passage in texts] == [("dog", "An animal that barks.")]
    assert not any("Somebody" in line or "About this file" in line for line in statements(owl))


def test_a_broken_obo_line_is_named(tmp_path):
    with pytest.raises(GraphError, match="broken.obo, line 5"):
        prepare("ontology", [write(tmp_path, "broken.obo", "format-version: 1.2\n\n[Term]\nid: X:1\nno tag here\n")])


def test_gdprtext_is_joined_with_its_glossary(tmp_path):
    graph, passages = prepare("gdprtext", [write(tmp_path, "gdpr.ttl", GDPR_FILE)])
    said = statements(graph)
    assert {"Digging — is laid down in — Article 9", "Article 9(1) — is part of article — Article 9"} <= said
    assert "Article 9(1) — is part of — Article 9" not in said  # it is said by the line above
    assert graph.find("Article 9(1)(a) GDPR")
    texts = {passage.title: passage.text for passage in passages}
    assert texts == {
        "Article 9(1) GDPR": "Ponds may be dug:\n(a) in gardens;\n(b) in parks.",
        "Digging": "The making of ponds.",
    }


def test_dpv_names_articles_and_no_people(tmp_path):
    graph, passages = prepare("dpv", [write(tmp_path, "dpv.ttl", DPV_FILE)])
    said = statements(graph)
    assert "A9 Right to Dig — is set out in — Ponds Art.9" in said
    assert (
        graph.find("Right to Dig")
        and graph.find('Right to "Fill"')
        and graph.find("Article 9 Ponds") == graph.find("https://example.org/ponds/art_9")
    )
    assert not any("Some Body" in line or "2020" in line or "WebPage" in line for line in said)
    assert [passage.title for passage in passages] == ["A9 Right to Dig"]


def test_recipes_are_named_where_one_is_not_known(tmp_path):
    with pytest.raises(InputError, match="akoma-ntoso"):
        prepare("cookies", [tmp_path])
    for recipe in RECIPES:
        with pytest.raises(InputError, match="no file"):
            prepare(recipe, [tmp_path / "absent.ttl"])


@pytest.mark.parametrize(
    "arguments", [["a.akn"], ["--recipe", "dpv"], ["a.akn", "--recipe", "dpv", "--graph", "b.ttl"], []]
)
def test_build_wants_a_recipe_with_files_or_a_graph(arguments):
    result = CliRunner().invoke(app, ["build", *arguments])
    assert result.exit_code == 2 and "--recipe" in result.output
