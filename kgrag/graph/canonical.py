"""XML literals in the one form that equal ones share."""

from __future__ import annotations

from xml.etree.ElementTree import ParseError, canonicalize

from pyoxigraph import Literal, NamedNode, Quad

from kgrag.config import Limits
from kgrag.graph.markup import MalformedXmlError, check_xml

_XML_LITERAL = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral")


def with_canonical_xml(quad: Quad, limits: Limits) -> Quad:
    """The same quad; an XML literal in it is in exclusive canonical XML, as RDF/XML asks for.

    The parser declares every namespace in scope on the outermost elements; the canonical form keeps those in use.

    Args:
        quad: A statement.
        limits: Bounds on the nesting, for canonical XML of what is nested takes ever longer.

    Raises:
        XmlError: If the literal is out of bounds.
    """
    literal = quad.object
    if not isinstance(literal, Literal) or literal.datatype != _XML_LITERAL or "<" not in literal.value:
        return quad
    text = literal.value.replace("\r", "&#13;")  # what was a reference, else an XML parser would make it a newline
    text = f"<_>{text}</_>"  # for there may be several elements, or text beside them
    try:
        if text.count("<") > limits.nesting_depth:  # else it cannot be nested too deeply
            check_xml(text.encode(), limits)
        canonical = canonicalize(text, with_comments=True).removeprefix("<_>").removesuffix("</_>")
    except (MalformedXmlError, ParseError, ValueError):
        return quad  # ill-typed, which RDF allows
    return Quad(quad.subject, quad.predicate, Literal(canonical, datatype=_XML_LITERAL), quad.graph_name)
