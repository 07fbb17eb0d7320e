"""RDF/XML before the parser gets it: in UTF-8, without a DOCTYPE, bounded and well-formed; and where in it a fault is.

The parser itself passes over much that is not well-formed, so that a file that was cut off would be taken for a whole one.
"""

from __future__ import annotations

import contextlib
import re
from typing import IO, NamedTuple, NoReturn, cast
from xml.parsers import expat

import pyoxigraph
from pyoxigraph import RdfFormat

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import Fault, fault_at_byte, one_line
from kgrag.graph.checking import HARMLESS
from kgrag.graph.entities import WrittenOut, write_out

_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?(\sencoding\s*=\s*["']([^"'>]*)["'])""")
_CHARSETS = re.compile(  # not all that Python can decode: some encodings take time without end
    r"(us-?)?ascii|utf-?(8|16|32)(-?[lb]e)?|iso-?8859-?\d+|latin-?\d+|(windows-?|cp)\d+|koi8-[rtu]|mac-?\w+"
    r"|gbk|gb\d+|big5(-?hkscs)?|shift-?jis|euc-?(jp|kr|cn)|iso-?2022-?\w+|tis-?620"
)
_QUOTED = re.compile(r"'([^']+)'")
_PIECE = 1 << 20  # bytes; for each, what is not whole yet is looked through from its start
_MANY = 1_000  # attributes of an element, and namespaces at one place: each is compared with each


class XmlError(Exception):
    """Why XML is not accepted, and at which byte."""

    def __init__(self, reason: str, hint: str, at: int) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.at = reason, hint, at


class MalformedXmlError(XmlError):
    """XML that is not well-formed."""


class Markup(NamedTuple):
    """RDF/XML that may be parsed.

    Attributes:
        name: What errors call the file.
        file: The file, in UTF-8.
        text: What takes its place.
    """

    name: str
    file: bytes
    text: WrittenOut

    def fault(self, reason: str, at: int) -> Fault:
        """A fault at a byte of the text, with its place in the file."""
        return fault_at_byte(self.name, reason, self.file, self.text.origin(at))

    def fault_of(self, error: Exception, base_iri: str | None) -> Fault:
        """An error of the parser, which does not say where it is, as a fault."""
        data, tags, reason = self.text.data, _Tags(self.text.data), str(error)
        with contextlib.suppress(SyntaxError, ValueError, MemoryError):
            for _ in pyoxigraph.parse(cast(IO[bytes], tags), RdfFormat.RDF_XML, base_iri=base_iri):
                pass
        quoted = _QUOTED.search(reason)
        shown = quoted[1].strip().encode() if quoted else b""
        at = data.find(shown, tags.start, tags.end) if shown else -1
        return self.fault(reason, at if at >= 0 else max(data.rfind(b"<", 0, tags.end), 0))


def prepare_xml(name: str, data: bytes, limits: Limits) -> Markup:
    """Makes RDF/XML ready for the parser.

    Args:
        name: What errors call the file.
        data: The file; in the encoding that it declares, or in UTF-8 where this is UTF-16 or UTF-32.
        limits: Bounds on nesting, and on entities.

    Raises:
        GraphError: If the encoding is another one, the XML is malformed or out of bounds, or declares a DOCTYPE that the
            limits do not allow.
    """
    file = _in_utf8(name, data)
    markup = Markup(name, file, write_out(name, file, limits))
    try:
        check_xml(markup.text.data, limits)
    except XmlError as error:
        raise GraphError(f"{markup.fault(error.reason, error.at)}.", error.hint) from None
    return markup


def check_xml(data: bytes, limits: Limits) -> None:
    """Reads XML to its end, if it may be.

    Raises:
        MalformedXmlError: If it is not well-formed, its namespaces included.
        XmlError: If it has a DOCTYPE or is nested too deeply, or there is too much in one place.
    """
    parser = expat.ParserCreate("utf-8", " ")  # with a character to be put between namespace and name, both are checked
    parser.ordered_attributes = True
    depth = namespaces = 0

    def refuse(reason: str, hint: str) -> NoReturn:
        raise XmlError(reason, hint, parser.CurrentByteIndex)

    def refuse_doctype(*_: object) -> NoReturn:
        raise XmlError(
            "RDF/XML with <!DOCTYPE is refused, for entities can make it endless",
            "Set Limits.entity_bytes to what its entities may write out, or save the graph as Turtle.",
            data.rfind(b"<!DOCTYPE", 0, parser.CurrentByteIndex),
        )

    def start(_: str, attributes: list[str]) -> None:
        nonlocal depth
        depth += 1
        if depth > limits.nesting_depth:
            refuse(
                f"elements are nested more than {limits.nesting_depth:,} deep",
                "Flatten it, or raise Limits.nesting_depth with care: the parser takes ever longer.",
            )
        if len(attributes) > 2 * _MANY:
            refuse(f"an element has more than {_MANY:,} attributes", "Write some of them as elements.")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def start_namespace(*_: object) -> None:
        nonlocal namespaces
        namespaces += 1
        if namespaces > _MANY:
            refuse(f"more than {_MANY:,} namespaces hold in one element", "Leave out those that are not used.")

    def end_namespace(_: str) -> None:
        nonlocal namespaces
        namespaces -= 1

    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartNamespaceDeclHandler, parser.EndNamespaceDeclHandler = start_namespace, end_namespace
    try:
        for at in range(0, len(data), _PIECE):
            parser.Parse(memoryview(data)[at : at + _PIECE], False)
            if at - min(parser.CurrentByteIndex, data.rfind(b"<", 0, at)) > HARMLESS:
                refuse("a tag, a text or a comment has more than 16 MiB", "Shorten it.")
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        reason, at = expat.ErrorString(error.code), parser.ErrorByteIndex
        if reason == expat.errors.XML_ERROR_NO_ELEMENTS:
            reason, at = "it ends before its first element does", len(data.rstrip())
        raise MalformedXmlError(f"not valid RDF/XML: {reason}", "Mend the file or name its format.", at) from error


def _in_utf8(name: str, data: bytes) -> bytes:
    """The same text in UTF-8; blanks take the place of another encoding that is declared."""
    declared = _ENCODING.match(data[:1000])
    encoding = declared[2].decode("latin-1").lower().replace("_", "-") if declared else "utf-8"
    if declared is None or encoding == "utf-8":
        return data
    start, end = declared.span(1)
    data = data[:start] + b" " * (end - start) + data[end:]
    if encoding.startswith(("utf-16", "utf-32")):
        return data  # what `decode` made of it
    try:
        if not _CHARSETS.fullmatch(encoding):
            raise LookupError("there is no such encoding")
        return data.decode(encoding).encode()
    except (LookupError, UnicodeError) as error:
        reason = one_line(str(error))
        raise GraphError(f"{name} is not valid {one_line(encoding)}: {reason}.", "Save it as UTF-8.") from error


class _Tags:
    """A file handed out tag by tag, for the place where a parser stops reading is near its fault.

    Attributes:
        start: Where the last tag, or the text before it, begins.
        end: Where it ends.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.start = self.end = 0

    def read(self, size: int) -> bytes:
        """What is left of a tag; no more than that many bytes."""
        begin = self.end
        if not begin or self._data[begin - 1] == ord(">"):
            self.start = begin
        self.end = self._data.find(b">", begin, begin + size) + 1 or min(begin + size, len(self._data))
        return self._data[begin : self.end]
