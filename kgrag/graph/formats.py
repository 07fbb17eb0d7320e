"""Names of formats, and which one a file is in."""

from __future__ import annotations

import io
import re
from pathlib import PurePath

from pyoxigraph import RdfFormat

from kgrag.graph.tables import Table, table_of

Format = RdfFormat | Table

_FORMATS: dict[Format, tuple[str, ...]] = {
    RdfFormat.TURTLE: ("turtle", "ttl", "n3"),
    RdfFormat.N_TRIPLES: ("n-triples", "ntriples", "nt"),
    RdfFormat.N_QUADS: ("n-quads", "nquads", "nq"),
    RdfFormat.TRIG: ("trig",),
    RdfFormat.RDF_XML: ("rdf/xml", "rdfxml", "rdf", "owl", "xml"),
    RdfFormat.JSON_LD: ("json-ld", "jsonld", "json"),
    Table.TSV: ("tsv", "tab"),
    Table.CSV: ("csv",),
}
_BY_NAME = {name: rdf_format for rdf_format, names in _FORMATS.items() for name in names}
RDF_ENDINGS = (".ttl", ".n3", ".nt", ".nq", ".trig", ".rdf", ".owl", ".jsonld")
PACKED_ENDINGS = (".gz", ".bz2", ".xz", ".zst")
VALID_FORMATS = "turtle, n-triples, n-quads, trig, rdf/xml, json-ld, tsv or csv"

_XML_START = re.compile(rb"<(\?xml|!|([\w.-]+:)?RDF\s)")
_IRI, _NODE = rb"<[^<>\s]*>", rb"(?:<[^<>\s]*>|_:[^<>\s]+)"
_QUAD_LINE = re.compile(
    _NODE
    + rb"\s*"
    + _IRI
    + rb"\s*(?:"
    + _NODE
    + rb'|"(?:[^"\\]|\\.)*"(?:@[\w-]+|\^\^'
    + _IRI
    + rb")?)\s*"
    + _NODE
    + rb"\s*\."
)
_START = 1 << 16  # bytes that are looked at


def format_of(name: str) -> Format | None:
    """The format that a name or a file ending ("turtle", ".ttl") stands for; None where it stands for none."""
    return _BY_NAME.get(name.lower().lstrip("."))


def content_ending(name: str) -> str:
    """Ending of a file's name in small letters, but for that of a packed file."""
    suffixes = [suffix.lower() for suffix in PurePath(name).suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix not in PACKED_ENDINGS), "")


def guess_format(name: str, data: bytes) -> Format:
    """The format by ending; by content where the ending says nothing, or says XML and the content does not."""
    by_ending = format_of(content_ending(name))
    start = data.lstrip()[:_START]
    is_xml = _XML_START.match(start) is not None
    if by_ending is not None and (by_ending is not RdfFormat.RDF_XML or is_xml):
        return by_ending
    if is_xml:
        return RdfFormat.RDF_XML
    if re.match(rb'\{\s*["}]|\[\s*\{', start):
        return RdfFormat.JSON_LD
    table = table_of(start[:1000].partition(b"\n")[0].decode("utf-8", "replace"))
    if table is not None:
        return table
    first = next((line for line in io.BytesIO(data) if line.strip() and not line.startswith(b"#")), b"")
    return (
        RdfFormat.N_QUADS if _QUAD_LINE.match(first.strip(), 0, _START) else RdfFormat.TRIG
    )  # TriG contains Turtle and N-Triples
