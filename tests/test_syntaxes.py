"""One graph in several syntaxes: read alike from all of them, and written and read again without loss.

The published graphs are not shipped. They are read where KGRAG_DATASETS names a folder that holds ``gdprtext``
(github.com/coolharsh55/GDPRtEXT) and ``dpv`` (github.com/w3c/dpv, its folder 2.3). The small graph is ours.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph
import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, Quad, RdfFormat

from kgrag.graph import KnowledgeGraph, parse

DATASETS = Path(os.environ.get("KGRAG_DATASETS", "/none"))
GDPRTEXT, DPV = DATASETS / "gdprtext", DATASETS / "dpv"
STATEMENTS = {  # of each vocabulary of DPV, in every syntax
    "ai": 3259,
    "dpv": 14909,
    "eu-aiact": 2407,
    "eu-dga": 974,
    "eu-ehds": 1461,
    "eu-gdpr": 3873,
    "eu-nis2": 282,
    "eu-rights": 1987,
    "legal": 5313,
    "pd": 3395,
    "risk": 8030,
    "tech": 2467,
}
# The publisher's two files of version 0.7 of the ontology, gdpr.owl and gdprtext_ontology.ttl, differ in one statement,
# which stands in the first alone.
BEYOND = Quad(
    NamedNode("https://w3id.org/GDPRtEXT"),
    NamedNode("http://www.w3.org/2002/07/owl#backwardsCompatibleWith"),
    NamedNode("https://w3id.org/GDPRtEXT/v/0.6"),
)

FORMATS = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "nq": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
}
PUBLISHED = {
    "gdprtext/gdpr.ttl": GDPRTEXT,
    "gdprtext/gdpr.owl": GDPRTEXT,
    "gdprtext/dpd.ttl": GDPRTEXT,
    "gdprtext/gdpr_distributions.ttl": GDPRTEXT,
    **{f"dpv/{name}.ttl": DPV for name in STATEMENTS},
}
needs_gdprtext = pytest.mark.skipif(not GDPRTEXT.is_dir(), reason="KGRAG_DATASETS names no folder that holds gdprtext")
needs_dpv = pytest.mark.skipif(not DPV.is_dir(), reason="KGRAG_DATASETS names no folder that holds dpv")

RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
PLAIN = rf"""
<http://e/a> <http://e/p> "tab \t newline \n return \r quote \" backslash \\ nothing \\n" .
<http://e/a> <http://e/p> "\u00E9 \U0001F600 é 日本 \uFFFD" .
<http://e/a> <http://e/p> "" .
<http://e/a> <http://e/p> " <b>&amp;</b> ]]> <!-- {{ }} @en " .
<http://e/a> <http://e/p> "colour"@en .
<http://e/a> <http://e/p> "colour"@en-GB .
<http://e/a> <http://e/p> "colour" .
<http://e/a> <http://e/p> "顏色"@zh-Hant-TW .
<http://e/a> <http://e/p> "01"^^<{XSD}integer> .
<http://e/a> <http://e/p> "1"^^<{XSD}integer> .
<http://e/a> <http://e/p> "1.0"^^<{XSD}double> .
<http://e/a> <http://e/p> "no number"^^<{XSD}integer> .
<http://e/a> <http://e/p> "2024-02-30"^^<{XSD}date> .
<http://e/a> <http://e/p> "x"^^<urn:é:type> .
<http://e/ä/日本?q='%20'&r#ü> <http://e/prädikat> <urn:x:日本> .
<http://e/a/../b/> <http://e/p> <http://e/a%2Fb> .
_:b0 <http://e/knows> _:b1 .
_:b1 <http://e/knows> _:b0 .
_:b1 <http://e/knows> _:b1 .
<http://e/a> <{RDFS}label> "A \"thing\""@en .
<http://e/a> <{RDFS}label> "Ein Ding"@de .
_:b0 <{RDFS}label> "a blank node with a name" .
<http://e/only-named> <{RDFS}label> "said of nothing else" .
<http://e/p> <{RDFS}label> "a relation" .
"""
CONTROLS = r'<http://e/a> <http://e/p> "bell \u0007 backspace \b form feed \f no character \uFFFF" .'  # not in XML
DIRECTION = '<http://e/a> <http://e/p> "كتاب"@ar--rtl .'  # JSON-LD is read without it
NAMED = f"""
<http://e/a> <http://e/p> <http://e/b> .
<http://e/a> <http://e/p> <http://e/c> <http://e/g1> .
<http://e/a> <http://e/p> <http://e/d> <http://e/ü/日本?q#é> .
_:shared <http://e/p> <http://e/c> .
_:shared <http://e/q> <http://e/c> <http://e/g1> .
_:shared <http://e/q> _:other <http://e/g2> .
_:other <http://e/q> "1"^^<{XSD}integer> _:graph .
_:graph <http://e/q> <http://e/g1> .
<http://e/g1> <http://e/q> "said of the graph that it is in"@en <http://e/g1> .
<http://e/a> <{RDFS}label> "a label in a graph"@en <http://e/g1> .
<http://e/only-named> <{RDFS}label> "said of nothing else" <http://e/g2> .
"""
SEVERAL = {
    "a statement in two graphs": """
<http://e/a> <http://e/p> <http://e/b> <http://e/g1> .
<http://e/a> <http://e/p> <http://e/b> <http://e/g2> .
""",
    "a statement in two graphs and in none": """
<http://e/a> <http://e/p> <http://e/b> .
<http://e/a> <http://e/p> <http://e/b> <http://e/g1> .
_:b <http://e/p> "x"@en _:g .
<http://e/a> <http://e/p> <http://e/b> _:g .
""",
    "a blank node and a literal in two graphs": """
_:b <http://e/p> "x"@en <http://e/g1> .
_:b <http://e/p> "x"@en <http://e/g2> .
_:b <http://e/q> _:c <http://e/g2> .
_:b <http://e/q> _:c .
""",
    "a label in two graphs and in none": f"""
<http://e/a> <http://e/p> <http://e/b> .
<http://e/a> <{RDFS}label> "A"@en .
<http://e/a> <{RDFS}label> "A"@en <http://e/g1> .
<http://e/a> <{RDFS}label> "A"@en <http://e/g2> .
""",
}


def canonical(quads: Iterable[Quad]) -> set[Quad]:
    """The quads, with blank nodes named by where they stand."""
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return set(dataset)


def merged(quads: Iterable[Quad]) -> list[Quad]:
    """The same statements outside of named graphs."""
    return [Quad(quad.subject, quad.predicate, quad.object) for quad in quads]


def expect_round_trip(graph: KnowledgeGraph, quads: list[Quad], folder: Path, ending: str) -> None:
    """Fails unless what is written holds the quads, as another parser reads it and as a graph that is made of it does."""
    right = canonical(quads if FORMATS[ending].supports_datasets else merged(quads))
    path, again = folder / f"out.{ending}", folder / "again.nq"
    graph.write(path)
    assert canonical(pyoxigraph.parse(path=path)) == right
    KnowledgeGraph.from_rdf(path).write(again)
    assert canonical(pyoxigraph.parse(path=again)) == right


def expect_text_to_return(text: str, folder: Path, ending: str) -> None:
    """As `expect_round_trip`, for a graph in N-Quads."""
    quads = list(pyoxigraph.parse(text, RdfFormat.N_QUADS))
    expect_round_trip(KnowledgeGraph.from_rdf(text.encode(), format="nq"), quads, folder, ending)


# One graph in several syntaxes


@needs_gdprtext
def test_gdprtext_is_the_same_in_all_syntaxes() -> None:
    graphs = {ending: canonical(parse(GDPRTEXT / f"gdpr.{ending}")) for ending in ("nt", "ttl", "n3", "rdf", "jsonld")}
    assert {ending: len(graph) for ending, graph in graphs.items()} == dict.fromkeys(graphs, 12831)
    assert all(graph == graphs["nt"] for graph in graphs.values())


@needs_gdprtext
def test_the_ontology_of_gdprtext_is_the_same_in_owl_but_for_one_statement() -> None:
    turtle, owl = canonical(parse(GDPRTEXT / "gdprtext_ontology.ttl")), canonical(parse(GDPRTEXT / "gdpr.owl"))
    assert len(turtle) == 1644
    assert owl - turtle == {BEYOND} and turtle - owl == set()


@needs_dpv
@pytest.mark.parametrize("name", STATEMENTS)
def test_dpv_is_the_same_in_all_syntaxes(name: str) -> None:
    turtle, xml, json_ld = (canonical(parse(DPV / f"{name}.{ending}")) for ending in ("ttl", "rdf", "jsonld"))
    assert len(turtle) == STATEMENTS[name]
    assert turtle == xml == json_ld


@needs_dpv
def test_no_vocabulary_of_dpv_is_left_out() -> None:
    assert {path.stem for path in DPV.iterdir() if path.suffix != ".txt"} == set(STATEMENTS)


# Written and read again


@pytest.mark.parametrize(
    "file",
    [pytest.param(f, marks=needs_gdprtext if f.startswith("gdprtext") else needs_dpv) for f in PUBLISHED],
)
def test_published_graphs_lose_nothing(tmp_path: Path, file: str) -> None:
    graph, quads = KnowledgeGraph.from_rdf(DATASETS / file), list(parse(DATASETS / file))
    for ending in FORMATS:
        expect_round_trip(graph, quads, tmp_path, ending)


@pytest.mark.parametrize("ending", FORMATS)
def test_hostile_terms_lose_nothing(tmp_path: Path, ending: str) -> None:
    lines = [PLAIN, CONTROLS if ending != "rdf" else "", DIRECTION if ending != "jsonld" else ""]
    expect_text_to_return("\n".join(lines), tmp_path, ending)


@pytest.mark.parametrize("ending", FORMATS)
def test_named_graphs_lose_nothing(tmp_path: Path, ending: str) -> None:
    expect_text_to_return(NAMED, tmp_path, ending)


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("text", SEVERAL.values(), ids=SEVERAL)
def test_what_is_in_several_graphs_stays_in_each(tmp_path: Path, text: str, ending: str) -> None:
    expect_text_to_return(text, tmp_path, ending)
