"""RDF/XML: any encoding is read, what is not well-formed or out of bounds is refused, and faults are where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph, parse

RDF_XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">'
    '<rdf:Description rdf:about="http://example.org/a"><e:knows rdf:resource="http://example.org/b"/>'
    "<e:name>Zo\u00eb</e:name></rdf:Description></rdf:RDF>"
)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso-8859-1", "windows-1252"]
Write = Callable[[str, object], Path]


def declared(encoding: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n'


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_encoding(write: Write, encoding: str) -> None:
    graph = KnowledgeGraph.from_rdf(write("a.rdf", (declared(encoding) + RDF_XML).encode(encoding)))
    assert graph.find("Zoë")
    assert graph.num_statements == 2


@pytest.mark.parametrize("encoding", ["nonsense", "punycode", "idna", "unicode_escape", "zlib", "utf-8-nonsense", ""])
def test_no_encoding(encoding: str) -> None:
    with pytest.raises(GraphError, match=f"not valid {encoding.replace('_', '-')}"):
        list(parse(f'<?xml version="1.0" encoding="{encoding}"?>{RDF_XML}'.encode()))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("case", "reason"),
    [("<!DOCTYPE", "<!DOCTYPE is refused"), ("<!doctype", "not valid RDF/XML"), ("<!ENTITY", "not valid RDF/XML")],
)
def test_declarations_are_refused(write: Write, encoding: str, case: str, reason: str) -> None:
    bomb = f'{case} rdf:RDF [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    with pytest.raises(GraphError, match=rf"a\.rdf, line 2, column \d: .*{reason}.*«{case}"):
        list(parse(write("a.rdf", (declared(encoding) + bomb + RDF_XML).encode(encoding))))


def test_what_only_looks_like_a_declaration_is_read() -> None:
    inner = "<e:a><e:b><![CDATA[<!DOCTYPE html>]]></e:b><!-- <!ENTITY a 'b'> --></e:a></rdf:RDF>"
    (_, (_, _, literal, _)) = parse(RDF_XML.partition("<rdf:Desc")[0].encode() + inner.encode())
    assert literal.value == "<!DOCTYPE html>"


FAULTS = {  # what stands in the third line, and in which column the fault is
    '<e:a rdf:ID="a b"/>': 1,
    '<e:a rdf:nodeID="1a"/>': 1,
    '<e:b/><e:a rdf:li="1"/>': 7,
    "<e:b/><rdf:li>x</rdf:li>": 7,
    '<e:a rdf:aboutEach="x:b"/>': 1,
    '<e:a rdf:ID="a" rdf:about="x:b"/>': 1,
    '<e:a rdf:about="x: y"/>': 17,
    '<e:b/><e:a><e:p rdf:resource="http://e/ b"/></e:a>': 31,
    '<e:a><e:p rdf:resource="x:a"><e:b/></e:p></e:a>': 30,
    '<e:a><e:p rdf:datatype="x: y">1</e:p></e:a>': 25,
    '<e:a><e:p xml:lang="no such lang!">1</e:p></e:a>': 21,
    '<e:a xml:base="no iri"><e:b rdf:resource="c"/></e:a>': 16,
    '<e:a rdf:type="x: y"/>': 16,
    '<e:a><e:p rdf:parseType="Literal" rdf:resource="x:b"/></e:a>': 6,
    '<e:a><e:p rdf:nodeID="a" rdf:resource="x:b"/></e:a>': 6,
    "some text": 1,
    "<e:a>  some text</e:a>": 8,
    "<e:a><e:p>text<e:b/></e:p></e:a>": 15,
    "<e:a><e:p><e:b/>text</e:p></e:a>": 17,
    "<e:a><e:p><e:b/><e:c/></e:p></e:a>": 17,
    "<rdf:RDF/>": 1,
    "<e:a><rdf:Description>v</rdf:Description></e:a>": 6,
    "<a/>": 1,
    '<e:b/><e:a about="x:b"/>': 7,
    '<e:a x:b="1"/>': 1,
    "<e:b/><x:a/>": 7,
    "<e:a></e:b>": 8,
    "<e:a><e:p>&nbsp;</e:p></e:a>": 11,
    "<e:a><e:p>a & b</e:p></e:a>": 14,
    "<e:a><e:p>a < b</e:p></e:a>": 14,
    "<e:a e:p=1/>": 10,
    '<e:a e:p="1" e:p="2"/>': 14,
    '<e:a xmlns:x="http://example.org/" e:p="1" x:p="2"/>': 1,
    '<e:a e:p="\x01"/>': 11,
    '<e:a e:p="&#0;"/>': 11,
    "<!-- a -- b -->": 10,
    '<e:a><e:p rdf:parseType="Literal"><b></c></e:p></e:a>': 40,
    '<e:a><e:p rdf:parseType="Literal"><x:b/></e:p></e:a>': 35,
    '<e:a e:é="ü" e:p="a>b" rdf:about="x: y"/>': 35,
}


@pytest.mark.parametrize("text", FAULTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_faults_are_where_they_are(text: str, encoding: str) -> None:
    start, end = RDF_XML.partition("<rdf:Desc")[0], "\n<e:later/></rdf:RDF>"
    with pytest.raises(GraphError) as error:
        list(parse((declared(encoding) + start + "\n" + text + end).encode(encoding), "rdf/xml"))
    assert f"line 3, column {FAULTS[text]}: not valid RDF/XML: " in str(error.value)
    assert f"«{text[:40]}".replace("\x01", "\\x01") in str(error.value)


def test_a_name_that_is_given_twice() -> None:
    text = RDF_XML.replace("</rdf:RDF>", '\n<e:a rdf:ID="a"/>\n<e:b><e:p rdf:ID="a">1</e:p></e:b></rdf:RDF>')
    with pytest.raises(GraphError, match="line 3, column 6: .*already"):
        list(parse(text.encode(), base_iri="http://e/"))


@pytest.mark.parametrize("text", ["", " \n", '<?xml version="1.0"?>', RDF_XML[:-10], RDF_XML[:100], RDF_XML + "<e:a/>"])
def test_files_that_were_cut_off(text: str) -> None:
    with pytest.raises(GraphError, match="line 1, column .*not valid RDF/XML"):
        list(parse(text.encode(), "rdf/xml"))


def test_bounds() -> None:
    start = RDF_XML.partition("<rdf:Desc")[0]
    deep = start + "<e:a><e:b>" * 15 + "</e:b></e:a>" * 15 + "</rdf:RDF>"
    assert len(list(parse(deep.encode(), limits=Limits(nesting_depth=31)))) == 30
    wide = "<e:a " + " ".join(f'e:b{i}=""' for i in range(1001)) + "/></rdf:RDF>"
    spaces = "<e:a " + " ".join(f'xmlns:e{i}="x:{i}"' for i in range(1001)) + "/></rdf:RDF>"
    cases = {
        deep: "elements are nested more than 30 deep",
        start + wide: "more than 1,000 attributes",
        start + spaces: "more than 1,000 namespaces",
    }
    for text, reason in cases.items():
        with pytest.raises(GraphError, match=f"line 1, column .*{reason}"):
            list(parse(text.encode(), limits=Limits(nesting_depth=30)))


def test_xml_literals_are_bounded_too() -> None:
    start = RDF_XML.partition("<rdf:Desc")[0]
    datatype = "http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral"
    deep = "&lt;b>" * 40 + "&lt;/b>" * 40
    text = f'{start}<e:a><e:b rdf:datatype="{datatype}">{deep}</e:b></e:a></rdf:RDF>'
    assert len(list(parse(text.encode(), limits=Limits(nesting_depth=41)))) == 2
    with pytest.raises(GraphError, match="in an XML literal, elements are nested more than 40 deep"):
        list(parse(text.encode(), limits=Limits(nesting_depth=40)))
