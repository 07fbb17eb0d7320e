"""XML literals of RDF/XML in canonical form."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal

from kgrag.graph import parse


@pytest.mark.parametrize(
    ("inner", "canonical"),
    [
        ("<br />", "<br></br>"),
        ('a <e:b z="1" a="2"/> &amp; c', 'a <e:b xmlns:e="http://e/" a="2" z="1"></e:b> &amp; c'),
        ("<b>&#13;</b>", "<b>&#xD;</b>"),
        ("<a/><b/>", "<a></a><b></b>"),
        ("no element", "no element"),
    ],
)
def test_xml_literals_are_canonical(inner: str, canonical: str) -> None:
    text = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
        f'<rdf:Description rdf:about="x:a"><e:p rdf:parseType="Literal">{inner}</e:p></rdf:Description></rdf:RDF>'
    )
    ((_, _, literal, _),) = parse(text.encode())
    assert isinstance(literal, Literal) and literal.value == canonical


def test_ill_typed_xml_literals_stay_as_they_are() -> None:
    bomb = '&lt;!DOCTYPE a [&lt;!ENTITY b "b">]>&lt;a>&amp;b;'
    text = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"><rdf:Description>'
        f'<e:p rdf:datatype="http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral">{bomb}</e:p>'
        "</rdf:Description></rdf:RDF>"
    )
    ((_, _, literal, _),) = parse(text.encode())
    assert literal.value == '<!DOCTYPE a [<!ENTITY b "b">]><a>&b;'
