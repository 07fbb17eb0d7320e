"""RDF as statements, read safely: nothing is fetched, and hostile files are refused before they are parsed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pyoxigraph
from pyoxigraph import Quad, RdfFormat

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph.canonical import with_canonical_xml
from kgrag.graph.checking import checked, decode
from kgrag.graph.faults import one_line, where
from kgrag.graph.formats import VALID_FORMATS, format_of, guess_format
from kgrag.graph.jsonld import conformant, prepare
from kgrag.graph.unpacking import Source, unpack


def parse(
    data: Source, format: str | None = None, base_iri: str | None = None, limits: Limits | None = None
) -> Iterator[Quad]:
    """Reads the statements of RDF, which may be packed, without touching the network.

    Turtle, N-Triples, N-Quads, TriG and RDF/XML are read as RDF 1.1 defines them, JSON-LD as its version 1.1. XML
    literals of RDF/XML are in exclusive canonical XML. Contexts of JSON-LD are taken from the document's own folder,
    and from nowhere else.

    Args:
        data: A path, bytes, or a stream opened in binary mode.
        format: Name of the format; without it, the ending of the file decides, or the content where that says nothing.
        base_iri: What relative IRIs are resolved against. For a file it is ``file:///`` and the file's name by default,
            so that they do not depend on its folder; else there is none, and relative IRIs are errors.
        limits: Bounds on size and nesting.

    Returns:
        An iterator of `pyoxigraph.Quad`, which unpacks into subject, predicate, object and graph, in the order of the
        data.

    Raises:
        GraphError: If the file is missing, too large or malformed (with line and column), if RDF/XML declares a DOCTYPE
            or an ENTITY, or if it is nested too deeply or holds triple terms. Raised while iterating.
    """
    limits = limits or Limits()
    if format is not None and format_of(format) is None:
        raise GraphError(f"The RDF format {format!r} is not known.", f"Use {VALID_FORMATS}.")
    name, packed, path = unpack(data, limits)
    decoded = decode(name, packed)
    rdf_format = (format_of(format) if format else None) or guess_format(name, decoded)
    text = checked(name, decoded, rdf_format, limits)
    try:
        yield from _bounded(name, _statements(name, text, rdf_format, base_iri, path, limits), limits)
    except (SyntaxError, ValueError, RecursionError) as error:
        place, reason = where(error, text)
        if "remote context" in reason:
            reason = "it refers to a context outside of its folder, and nothing is fetched"
        raise GraphError(
            f"{name}{place}: not valid {rdf_format.name}: {reason}.", "Mend the file or name its format."
        ) from error


def _statements(
    name: str, text: bytes | str, rdf_format: RdfFormat, base_iri: str | None, path: Path | None, limits: Limits
) -> Iterator[Quad]:
    """What the parser finds, and what a format asks for beyond it."""
    if base_iri is None and path is not None:
        base_iri = "file:///" + quote(path.name, errors="replace")
    iris: dict[str, str] = {}
    if isinstance(text, bytes) and rdf_format is RdfFormat.JSON_LD:
        text, iris = prepare(name, text, path.parent if path else None, limits)
    try:
        quads = pyoxigraph.parse(text, rdf_format, base_iri=base_iri)
    except ValueError as error:
        raise GraphError(
            f"{base_iri!r} is no base for relative IRIs: {one_line(str(error))}.", "Give an absolute IRI as base_iri."
        ) from error
    if rdf_format is RdfFormat.RDF_XML:
        return map(with_canonical_xml, quads)
    if rdf_format is RdfFormat.JSON_LD:
        return (conformant(quad, iris) for quad in quads)
    return quads


def _bounded(name: str, quads: Iterator[Quad], limits: Limits) -> Iterator[Quad]:
    literal, triple, longest = pyoxigraph.Literal, pyoxigraph.Triple, limits.literal_chars
    for number, quad in enumerate(quads, start=1):
        term = quad.object
        if isinstance(term, literal) and len(term.value) > longest:
            raise GraphError(
                f"{name}: the literal of statement {number} has more than {longest:,} characters.",
                "Shorten it, or raise Limits.literal_chars.",
            )
        if isinstance(term, triple):
            raise GraphError(
                f"{name}: the object of statement {number} is a triple term, which is not supported.",
                "Describe the statement by a node of its own.",
            )
        if number > limits.statements:
            raise GraphError(
                f"{name} holds more than {limits.statements:,} statements.", "Split it, or raise Limits.statements."
            )
        yield quad
