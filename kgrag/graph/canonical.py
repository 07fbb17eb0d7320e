"""XML literals in the one form that equal ones share."""

from __future__ import annotations

from xml.etree.ElementTree import ParseError, canonicalize

from pyoxigraph import Literal, NamedNode, Quad

_XML_LITERAL = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral")


def with_canonical_xml(quad: Quad) -> Quad:
    """The same quad; an XML literal in it is in exclusive canonical XML, as RDF/XML asks for.

    The parser declares every namespace in scope on the outermost elements; the canonical form keeps those in use.
    """
    literal = quad.object
    if not isinstance(literal, Literal) or literal.datatype != _XML_LITERAL or "<" not in literal.value:
        return quad
    text = literal.value.replace("\r", "&#13;")  # what was a reference, else an XML parser would make it a newline
    try:  # A literal may hold several elements, or text beside them: hence an element around it.
        canonical = canonicalize(f"<_>{text}</_>", with_comments=True).removeprefix("<_>").removesuffix("</_>")
    except (ParseError, ValueError):
        return quad  # ill-typed, which RDF allows
    return Quad(quad.subject, quad.predicate, Literal(canonical, datatype=_XML_LITERAL), quad.graph_name)
