"""RDF as statements, read safely: nothing is fetched, and hostile files are refused before they are parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pyoxigraph
from pyoxigraph import Quad, RdfFormat

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import Fault, Skipped, fault_of, one_line
from kgrag.graph.canonical import with_canonical_xml
from kgrag.graph.checking import bounded, check_depth, decode, has_long_word, long_term
from kgrag.graph.formats import VALID_FORMATS, format_of, guess_format
from kgrag.graph.jsonld import conformant, prepare
from kgrag.graph.lines import read_lines
from kgrag.graph.markup import XmlError, prepare_xml
from kgrag.graph.tables import Table, read_table
from kgrag.graph.unpacking import Source, unpack

_BY_LINE = (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS, Table.TSV, Table.CSV)


def parse(
    data: Source,
    format: str | None = None,
    base_iri: str | None = None,
    limits: Limits | None = None,
    on_error: str = "raise",
) -> Iterator[Quad]:
    """Reads the statements of RDF, which may be packed, without touching the network.

    Turtle, N-Triples, N-Quads, TriG and RDF/XML are read as RDF 1.1 defines them, JSON-LD as its version 1.1. XML
    literals of RDF/XML are in exclusive canonical XML. Contexts of JSON-LD are taken from the document's own folder,
    and from nowhere else. TSV and CSV need a header that names the columns subject, predicate and object, or head,
    relation and tail, or source, relation and target; their cells are read as `KnowledgeGraph.from_triples` reads
    strings, and further columns are left alone.

    Args:
        data: A path, bytes, or a stream opened in binary mode.
        format: Name of the format; without it, the ending of the file decides, or the content where that says nothing.
        base_iri: What relative IRIs are resolved against. For a file it is ``file:///`` and the file's name by default,
            so that they do not depend on its folder; else there is none, and relative IRIs are errors.
        limits: Bounds on what is read.
        on_error: "raise", or "skip": then lines of N-Triples, N-Quads, TSV and CSV that cannot be read are left out,
            and logged when all is read.

    Returns:
        An iterator of `pyoxigraph.Quad`, which unpacks into subject, predicate, object and graph, in the order of the
        data.

    Raises:
        GraphError: If the file is missing, malformed (with line and column) or out of bounds, if RDF/XML has a DOCTYPE
            and `Limits.entity_bytes` is 0, or if it holds triple terms. Raised while iterating.
    """
    skipped = skipped_for(on_error)
    yield from read(data, format, base_iri, limits, skipped)
    if skipped is not None:
        skipped.report()


def skipped_for(on_error: str) -> Skipped | None:
    """What takes faulty lines, or None where they are errors."""
    if on_error not in ("raise", "skip"):
        raise GraphError(f"on_error is {on_error!r}.", "Use 'raise' or 'skip'.")
    return Skipped() if on_error == "skip" else None


def read(
    source: Source, format: str | None, base_iri: str | None, limits: Limits | None, skipped: Skipped | None
) -> Iterator[Quad]:
    """As `parse`, with the lines that are left out in `skipped`."""
    limits = limits or Limits()
    opened = open_source(source, format, base_iri, limits, skipped)
    for number, quad in enumerate(opened.quads, start=1):
        check(opened.name, number, quad.object, limits)
        yield quad


class Opened(NamedTuple):
    """A source whose statements are ready to be parsed.

    Attributes:
        name: What errors call it.
        format: What it is read as.
        data: Its text, in UTF-8.
        quads: Its statements as the parser finds them: `check` is still to be asked.
    """

    name: str
    format: RdfFormat | Table
    data: bytes
    quads: Iterator[Quad]


def open_source(
    source: Source, format: str | None, base_iri: str | None, limits: Limits, skipped: Skipped | None
) -> Opened:
    """Reads and unpacks a source, and finds out what it is; see `parse`."""
    if format is not None and format_of(format) is None:
        raise GraphError(f"The RDF format {format!r} is not known.", f"Use {VALID_FORMATS}.")
    name, packed, path = unpack(source, limits)
    data = decode(name, packed)
    found = (format_of(format) if format else None) or guess_format(name, data)
    if skipped is not None and found not in _BY_LINE:
        raise GraphError(
            f"{name} is read as {found.name}, of which no single line can be left out.",
            "Use on_error='skip' with n-triples, n-quads, tsv or csv only, and name the format if it is one of them.",
        )
    if isinstance(found, Table):
        quads = read_table(name, data, found, skipped)
    else:
        quads = _rdf(name, data, found, base_iri, path, limits, skipped)
    return Opened(name, found, data, quads)


def open_lines(name: str, data: bytes, rdf_format: RdfFormat, limits: Limits) -> Opened:
    """As `open_source`, for a part of what that unpacked."""
    return Opened(name, rdf_format, data, _rdf(name, data, rdf_format, None, None, limits, None))


def check(name: str, number: int, term: Any, limits: Limits) -> None:
    """Asks whether a statement with this object may be read.

    Args:
        name: What errors call the source.
        number: Which of its statements it is, from 1.
        term: The object.
        limits: Bounds on both.

    Raises:
        GraphError: If not.
    """
    reason = _refusal(term, limits)
    if reason:
        raise GraphError(f"{name}, statement {number}: {reason}.", "Shorten or rewrite it.")
    if number > limits.statements:
        raise GraphError(
            f"{name} holds more than {limits.statements:,} statements.", "Split it, or raise Limits.statements."
        )


def _rdf(
    name: str,
    data: bytes,
    rdf_format: RdfFormat,
    base_iri: str | None,
    path: Path | None,
    limits: Limits,
    skipped: Skipped | None,
) -> Iterator[Quad]:
    """What the parser finds, and what a format asks for beyond it."""
    check_depth(name, data, rdf_format, limits)
    if skipped is not None:
        yield from read_lines(
            name, data, rdf_format, lambda quad: long_term(quad, limits) or _refusal(quad.object, limits), skipped
        )
        return
    if base_iri is None and path is not None:
        base_iri = "file:///" + quote(path.name, errors="replace")
    place: Callable[[Exception], Fault] = partial(fault_of, name, data=data)
    text = data
    try:
        if rdf_format is RdfFormat.RDF_XML:
            markup = prepare_xml(name, data, limits)
            text, place = markup.text.data, partial(markup.fault_of, base_iri=base_iri)
        elif rdf_format is RdfFormat.JSON_LD:
            text, iris = prepare(name, data, path.parent if path else None, limits)
            if text is not data:
                place = partial(fault_of, name, data=None)
        quads = _parser(text, rdf_format, base_iri)
        if rdf_format is RdfFormat.RDF_XML or has_long_word(text):
            quads = bounded(name, quads, len(data), limits)
        if rdf_format is RdfFormat.RDF_XML:
            quads = (with_canonical_xml(quad, limits) for quad in quads)
        elif rdf_format is RdfFormat.JSON_LD:
            quads = (conformant(quad, iris) for quad in quads)
        yield from quads
    except XmlError as error:
        raise GraphError(f"{name}: in an XML literal, {error.reason}.", error.hint) from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        fault = place(error)
        reason = fault.reason
        if "remote context" in reason:
            reason = "it refers to a context outside of its folder, and nothing is fetched"
        elif isinstance(error, MemoryError):  # of the parser, which holds no more of one word or literal
            reason = "a word, a literal or a comment has more than 16 MiB"
        fault = fault._replace(reason=f"not valid {rdf_format.name}: {reason}")
        is_relative = "No scheme" in reason and base_iri is None
        advice = "Give base_iri, which relative IRIs are resolved against." if is_relative else ""
        raise GraphError(f"{fault}.", advice or "Mend the file or name its format.") from error


def _parser(text: bytes, rdf_format: RdfFormat, base_iri: str | None) -> Iterator[Quad]:
    try:
        return pyoxigraph.parse(text, rdf_format, base_iri=base_iri)
    except ValueError as error:
        raise GraphError(
            f"{base_iri!r} is no base for relative IRIs: {one_line(str(error))}.", "Give an absolute IRI as base_iri."
        ) from error


def _refusal(term: Any, limits: Limits) -> str:
    """Why a statement with this object is not accepted; empty where it is."""
    if isinstance(term, pyoxigraph.NamedNode):  # most of them
        return ""
    if isinstance(term, pyoxigraph.Literal) and len(term.value) > limits.literal_chars:
        return (
            f"the literal has more than {limits.literal_chars:,} characters, the most that Limits.literal_chars allows"
        )
    if isinstance(term, pyoxigraph.Triple):
        return "the object is a triple term, which is not supported: describe the statement by a node of its own"
    return ""
