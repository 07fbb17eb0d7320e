"""Entities of RDF/XML: refused, unless a limit allows them; then text stands for them, and nothing else does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import canonicalize

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import parse
from kgrag.graph.entities import write_out

ALLOWED = Limits(entity_bytes=1000)
FIBO = Path(os.environ.get("KGRAG_DATASETS", "/none")) / "fibo"
Write = Callable[[str, object], Path]


def rdf_xml(declarations: str, inner: str) -> str:
    return (
        f"<!DOCTYPE rdf:RDF [{declarations}]>\n"
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">\n'
        f"{inner}</rdf:RDF>"
    )


def canonical(quads: list[Quad]) -> Dataset:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


ONTOLOGY = rdf_xml(
    '\n  <!ENTITY e "http://e/">\n  <!ENTITY xsd "http://www.w3.org/2001/XMLSchema#" >\n  <!ENTITY part "&e;part/">\n',
    '<e:a rdf:about="&part;one"><e:b rdf:datatype="&xsd;integer">1</e:b><e:c>of &part;</e:c></e:a>',
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_namespaces_of_an_ontology(write: Write, encoding: str) -> None:
    path = write("a.owl", f'<?xml version="1.0" encoding="{encoding}"?>{ONTOLOGY}'.encode(encoding))
    quads = list(parse(path, limits=ALLOWED))
    assert {quad.subject.value for quad in quads} == {"http://e/part/one"}
    assert [str(quad.object) for quad in quads[1:]] == [
        '"1"^^<http://www.w3.org/2001/XMLSchema#integer>',
        '"of http://e/part/"',
    ]
    with pytest.raises(GraphError, match=r"<!DOCTYPE is refused.*Set Limits\.entity_bytes"):
        list(parse(path))


@pytest.mark.parametrize(
    ("declarations", "inner"),
    [
        ("", "<e:a/>"),
        ("<!ELEMENT a ANY><!NOTATION n SYSTEM 'x'><?a b?><!-- <!ENTITY c 'd'> -->", "<e:a/>"),
        ("<!ENTITY a 'it\"s'>", '<e:a e:b="&a;"><e:c>&a;</e:c></e:a>'),
        ('<!ENTITY a "it\'s">', "<e:a e:b='&a;'/>"),
        ("<!ENTITY a 'one'><!ENTITY a 'two'>", "<e:a e:b='&a;'/>"),
        ("<!ENTITY a '&#38;#60;&#38;#38;&#62;'>", "<e:a e:b='&a;'/>"),
        ("<!ENTITY lt '&#38;#60;'><!ENTITY amp '&#38;#38;'>", "<e:a e:b='&lt;&amp;'/>"),
        ("<!ENTITY a '&b;&b;'><!ENTITY b '&lt;&#xe9;é'>", "<e:a e:b='&a;'><e:c>&a;&amp;&b;</e:c></e:a>"),
        ("<!ENTITY a 'x'>", "<e:a e:b='&a;'><e:c><![CDATA[&a;]]></e:c><!-- &a; &none; --><?p &a;?></e:a>"),
        ("<!ENTITY a ''>", "<e:a e:b='1&a;2'/>"),
        ("<!ENTITY a-1.é 'x'>", "<e:a e:b='&a-1.é;'/>"),
    ],
)  # fmt: skip
def test_written_out_as_a_parser_would(declarations: str, inner: str) -> None:
    text = rdf_xml(declarations, inner)
    expected = parse(canonicalize(text).encode(), "rdf/xml")
    assert canonical(list(parse(text.encode(), limits=ALLOWED))) == canonical(list(expected))


@pytest.mark.parametrize(
    ("declarations", "inner", "reason"),
    [
        ("<!ENTITY a SYSTEM 'file:///etc/hostname'>", "<e:a>&a;</e:a>", "line 1, .*entity a stands for another file"),
        ("<!ENTITY a PUBLIC 'a' 'http://e/a'>", "<e:a/>", "line 1, .*entity a stands for another file"),
        ("<!ENTITY a SYSTEM 'a.gif' NDATA gif>", "<e:a/>", "line 1, .*entity a stands for another file"),
        ("<!ENTITY % a '<!ENTITY b \"c\">'>%a;", "<e:a>&b;</e:a>", "line 1, .*parameter entity a"),
        ("%a;<!ENTITY b 'c'>", "<e:a e:b='&b;'/>", "line 3, column 1: .*undefined entity"),
        ("<!ENTITY a '<e:b/>'>", "<e:a>&a;</e:a>", "line 1, .*entity a holds markup"),
        ("<!ATTLIST e:a e:b CDATA 'c'>", "<e:a/>", "line 1, .*ATTLIST"),
        ("<!ENTITY a '&a;'>", "<e:a e:b='&a;'/>", "refer to one another without end"),
        ("<!ENTITY a '&#38;'>", "<e:a e:b='&a;'/>", "line 3, column 1.: .*not well-formed"),
        ("<!ENTITY a '&#38;#60;!DOCTYPE b>'>", "<e:a e:b='&a;'/>&a;", "line 3, .*Unexpected text"),
        ("<!ENTITY a 'b'", "<e:a/>", "DOCTYPE is refused"),
    ],
)
def test_what_is_not_written_out(declarations: str, inner: str, reason: str) -> None:
    with pytest.raises(GraphError, match=reason):
        list(parse(rdf_xml(declarations, inner).encode(), limits=ALLOWED))


@pytest.mark.parametrize(
    "doctype", ["<!DOCTYPE rdf:RDF SYSTEM 'a.dtd'>", "<!DOCTYPE rdf:RDF PUBLIC 'a' 'http://e/a' []>"]
)
def test_declarations_of_another_file(doctype: str) -> None:
    text = rdf_xml("", "<e:a/>").replace("<!DOCTYPE rdf:RDF []>", doctype)
    with pytest.raises(GraphError, match="line 1, .*DOCTYPE refers to another file"):
        list(parse(text.encode(), "rdf/xml", limits=ALLOWED))


def test_all_that_is_written_out_counts() -> None:
    cases = {
        rdf_xml("<!ENTITY a '12345'>", "<e:a e:b='&a;'><e:c>&a;</e:c></e:a>"): 10,
        rdf_xml("<!ENTITY a '&b;&b;'><!ENTITY b '12345'>", "<e:a e:b='&a;'/>"): 20,  # those within count as well
        rdf_xml("<!ENTITY a 'éé'>", "<e:a e:b='&a;'/>"): 4,
    }
    for text, size in cases.items():
        assert len(list(parse(text.encode(), limits=Limits(entity_bytes=size)))) > 1
        with pytest.raises(GraphError, match=rf"more than {size - 1:,} bytes.*raise Limits\.entity_bytes"):
            list(parse(text.encode(), limits=Limits(entity_bytes=size - 1)))


@pytest.mark.parametrize(
    ("inner", "where"),
    [
        ("<e:a/>\n<e:b rdf:about='&a; b'/>", "line 5, column 17"),
        ("<e:a e:b='&a;'/><e:b rdf:about='x: y'/>", "line 4, column 33"),
        ("<e:a e:b='&a;'/></e:b>", "line 4, column 19"),
        ("<e:a e:b='&a;&a;'><e:c>&none;</e:c></e:a>", "line 4, column 24"),
    ],
)
def test_faults_are_where_they_are_in_the_file(inner: str, where: str) -> None:
    text = rdf_xml("<!ENTITY a 'http://e/ü\n'>", inner)
    with pytest.raises(GraphError) as error:
        list(parse(text.encode(), limits=ALLOWED))
    assert f"{where}: not valid RDF/XML" in str(error.value)
    assert f"«{inner.splitlines()[-1][:20]}" in str(error.value)


@given(st.lists(st.tuples(st.text("ab\n>é", max_size=4), st.sampled_from(["&x;", "&long;", "&none;", ""])), max_size=8))
def test_each_byte_has_its_place_in_the_file(parts: list[tuple[str, str]]) -> None:
    values = {"&x;": "1", "&long;": "2222222222"}
    text = "<!DOCTYPE a [<!ENTITY x '1'><!ENTITY long '2222222222'>]><a>"
    given = (text + "".join(map("".join, parts))).encode()
    written = write_out("a", given, ALLOWED)
    expected = "".join(plain + values.get(reference, reference) for plain, reference in parts).encode()
    assert written.data == b" " * (len(text) - 3) + b"<a>" + expected
    for at in range(len(text), len(written.data)):
        place = written.origin(at)
        if written.data[at : at + 1] in b"12":
            assert given[place : place + 1] in b"&x;long"
        else:
            assert written.data[at] == given[place]


@pytest.mark.skipif(not FIBO.is_dir(), reason="KGRAG_DATASETS names no folder that holds fibo")
def test_the_files_of_fibo() -> None:
    files = sorted(FIBO.rglob("*.rdf"))
    for file in files:
        quads = list(parse(file, base_iri="http://e/", limits=Limits(entity_bytes=1 << 20)))
        assert canonical(quads) == canonical(list(pyoxigraph.parse(path=file, base_iri="http://e/")))
    assert len(files) == 176
