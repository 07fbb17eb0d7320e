"""A graph as an RDF file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph
from pyoxigraph import DefaultGraph, Quad, RdfFormat, Triple

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import fault_at_byte
from kgrag.graph.formats import format_of
from kgrag.graph.markup import XmlError, check_xml
from kgrag.graph.rows import graph_of
from kgrag.graph.terms import to_oxigraph
from kgrag.graph.vocabulary import PREFIXES

if TYPE_CHECKING:
    from kgrag.graph.knowledge_graph import KnowledgeGraph

_TERMS = 100_000  # that are kept, for most are met again soon
_NAMELESS = re.compile(  # of a subject, which is one tab in
    rb'^\t<oxprefix: xmlns:oxprefix="([^"]*)" ([^>]*)>$(.*?)^\t</oxprefix:>$', re.MULTILINE | re.DOTALL
)
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_rdf(graph: KnowledgeGraph, path: str | os.PathLike[str], format: str | None = None) -> None:
    """Writes all statements and labels; those that were read from named graphs go into them again.

    Turtle, N-Triples and RDF/XML have no named graphs and lose their names. Base directions of literals
    are written, but left out when JSON-LD is read again.

    Args:
        graph: The graph.
        path: A file; it is replaced when all is ready.
        format: Turtle, N-Triples, N-Quads, TriG, RDF/XML or JSON-LD; by default the file's ending decides.

    Raises:
        GraphError: If the format is another one or cannot hold the graph, or the file cannot be written.
    """
    rdf_format = format_of(format or Path(path).suffix)
    if not isinstance(rdf_format, RdfFormat):
        raise GraphError(
            f"A graph cannot be written to {path}{f' as {format}' if format else ''}.",
            "Let it end in .ttl, .nt, .nq, .trig, .rdf or .jsonld, or name one of these formats.",
        )
    statements: Iterator[Any] = _quads(graph)
    if not rdf_format.supports_datasets:
        statements = (quad.triple for quad in statements)
    if rdf_format == RdfFormat.RDF_XML:
        statements = map(_checked_for_xml, statements)
    whole = BytesIO()  # first, so that no half of a graph replaces a file
    try:
        pyoxigraph.serialize(statements, whole, rdf_format, prefixes=PREFIXES)
        data: bytes | memoryview = whole.getbuffer()
        if rdf_format == RdfFormat.RDF_XML:
            data = _described(whole.getvalue())
            _check_xml(data)
        Path(path).write_bytes(data)
    except OSError as error:
        raise GraphError(f"{path} cannot be written: {error}.", "Check the folder, or use another format.") from error


def _quads(graph: KnowledgeGraph) -> Iterator[Quad]:
    term = lru_cache(_TERMS)(to_oxigraph)
    names = lru_cache(_TERMS)(_graph_name)
    with graph.lock:
        rows = zip(graph.rows(), graph.row_sources())
    for row, sources in rows:
        for name in dict.fromkeys(map(names, sources)):
            yield Quad(*map(term, row), name)  # type: ignore[call-arg, arg-type]


def _graph_name(source: str) -> Any:
    graph = graph_of(source)
    return to_oxigraph(graph) if graph else DefaultGraph()


def _described(data: bytes) -> bytes:
    """The same RDF/XML with classes as plain statements where they would be elements without a name: their IRIs end in "/" or a number."""
    return _NAMELESS.sub(rb'\t<rdf:Description \2>\n\t\t<rdf:type rdf:resource="\1"/>\3\t</rdf:Description>', data)


def _check_xml(data: bytes) -> None:
    """A predicate is an element, whose name is taken from the end of the IRI: one that ends in "/" or a number has none."""
    try:
        check_xml(data, Limits())
    except XmlError as error:
        line = fault_at_byte("", "", data, error.at).text
        raise GraphError(f"RDF/XML cannot hold the predicate in «{line}».", "Use another format.") from None


def _checked_for_xml(triple: Triple) -> Triple:
    """XML has no way to write most control characters, escaped or not."""
    if isinstance(triple.object, pyoxigraph.Literal) and (found := _NOT_IN_XML.search(triple.object.value)):
        raise GraphError(f"RDF/XML cannot hold the character {found[0]!a} of {triple}.", "Use another format.")
    return triple
