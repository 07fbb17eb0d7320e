"""RDF files as statements, read safely: nothing is fetched, and hostile files are refused before they are parsed."""

from __future__ import annotations

import codecs
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pyoxigraph
from pyoxigraph import Quad, RdfFormat

from kgrag.config import Limits
from kgrag.errors import GraphError

_FORMATS = {
    RdfFormat.TURTLE: ("turtle", "ttl", "n3"),
    RdfFormat.N_TRIPLES: ("n-triples", "ntriples", "nt"),
    RdfFormat.N_QUADS: ("n-quads", "nquads", "nq"),
    RdfFormat.TRIG: ("trig",),
    RdfFormat.RDF_XML: ("rdf/xml", "rdfxml", "rdf", "owl", "xml"),
    RdfFormat.JSON_LD: ("json-ld", "jsonld", "json"),
}
_BY_NAME = {name: rdf_format for rdf_format, names in _FORMATS.items() for name in names}
_VALID = "turtle, n-triples, n-quads, trig, rdf/xml or json-ld"

_BOMS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_XML_START = re.compile(rb"<(\?xml|!|([\w.-]+:)?RDF\s)")
_QUAD_LINE = re.compile(
    rb'(<\S+>|_:\S+)\s*<\S+>\s*(<\S+>|_:\S+|"(?:[^"\\]|\\.)*"(@[\w-]+|\^\^<\S+>)?)\s*(<\S+>|_:\S+)\s*\.'
)
_XML_ENCODING = re.compile(r"""^(\s*<\?xml[^>]*?)\sencoding\s*=\s*["']([^"'>]*)["']""")
_DECLARATION = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_JSON_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]', re.DOTALL)
_TURTLE_TOKEN = re.compile(
    rb'"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
    rb'|<[^<>"{}|^`\s]*>|#[^\n]*|\\.|<<|>>',
    re.DOTALL,
)
_POSITION = re.compile(r"^Parser error at line \d+ (?:column \d+|between columns \d+ and \d+): ")
_QUOTED = re.compile(r"'([^']+)'")


def format_of(name: str) -> RdfFormat | None:
    """The format that a name or a file ending ("turtle", ".ttl") stands for; None where it stands for none."""
    return _BY_NAME.get(name.lower().lstrip("."))


def parse(path: str | os.PathLike[str], format: str | None = None, limits: Limits | None = None) -> Iterator[Quad]:
    """Reads the statements of an RDF file, which may be gzipped, without touching the network.

    Relative IRIs are resolved against ``file:///`` and the file's name, so that they do not depend on its folder.

    Args:
        path: Turtle, N-Triples, N-Quads, TriG, RDF/XML or JSON-LD.
        format: Name of the format; without it, the file's ending decides, or its content where that says nothing.
        limits: Bounds on size and nesting.

    Returns:
        An iterator of `pyoxigraph.Quad`, in the order of the file.

    Raises:
        GraphError: If the file is missing, empty, too large or malformed (with line and column), if RDF/XML declares a
            DOCTYPE or an ENTITY, or if it is nested too deeply or holds triple terms. Raised while iterating.
    """
    limits = limits or Limits()
    path = Path(path)
    if format is not None and format_of(format) is None:
        raise GraphError(f"The RDF format {format!r} is not known.", f"Use {_VALID}.")
    data = _decode(path, _read(path, limits))
    if not data.strip():
        raise GraphError(f"{path} is empty.", "Give a file that holds RDF statements.")
    rdf_format = (format_of(format) if format else None) or _guess(path, data)
    text = _checked(path, data, rdf_format, limits)
    try:
        yield from _bounded(path, pyoxigraph.parse(text, rdf_format, base_iri=_base(path)), limits)
    except (SyntaxError, ValueError) as error:
        where, reason = _locate(error, text, rdf_format)
        raise GraphError(
            f"{path}{where}: not valid {rdf_format.name}: {_one_line(reason)}.", "Mend the file or name its format."
        ) from error


def _read(path: Path, limits: Limits) -> bytes:
    """All bytes of a file, unpacked."""
    if re.match(r"https?:/", str(path)):
        raise GraphError(f"{path} is a web address, and nothing is fetched.", "Download the file and give its path.")
    if not path.exists():
        raise GraphError(f"There is no file {path}.", "Check the path.")
    if path.is_dir():
        raise GraphError(f"{path} is a folder.", "Give the RDF files in it one by one.")
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else open(path, "rb") as stream:
            data = stream.read(limits.file_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise GraphError(f"{path} cannot be read: {_one_line(str(error))}.", "Check the file.") from error
    if len(data) > limits.file_bytes:
        raise GraphError(f"{path} is larger than {limits.file_bytes:,} bytes.", "Split it, or raise Limits.file_bytes.")
    return data


def _decode(path: Path, data: bytes) -> bytes:
    """The same text in UTF-8 without a byte order mark."""
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    if encoding is None and b"\0" in data[:4]:  # UTF-16 and UTF-32 without a mark begin with "<", "{", "@" and NULs
        wide = data[:4].count(b"\0") == 3
        big = data[:1] == b"\0"
        encoding = ("utf-32-" if wide else "utf-16-") + ("be" if big else "le")
    if encoding is None:
        return data
    try:
        return data.decode(encoding).encode()
    except UnicodeError as error:
        raise GraphError(f"{path} is not valid {encoding}: {_one_line(str(error))}.", "Save it as UTF-8.") from error


def _guess(path: Path, data: bytes) -> RdfFormat:
    """The format by ending; by content where the ending says nothing, or says XML and the content does not."""
    suffixes = [suffix for suffix in path.suffixes if suffix.lower() != ".gz"]
    by_ending = format_of(suffixes[-1]) if suffixes else None
    start = data.lstrip()
    is_xml = _XML_START.match(start) is not None
    if by_ending is not None and (by_ending is not RdfFormat.RDF_XML or is_xml):
        return by_ending
    if is_xml:
        return RdfFormat.RDF_XML
    if re.match(rb'\{\s*["}]|\[\s*\{', start):
        return RdfFormat.JSON_LD
    first = next((line for line in start.splitlines() if line.strip() and not line.startswith(b"#")), b"")
    return RdfFormat.N_QUADS if _QUAD_LINE.match(first) else RdfFormat.TRIG  # TriG contains Turtle and N-Triples


def _checked(path: Path, data: bytes, rdf_format: RdfFormat, limits: Limits) -> bytes | str:
    """What may be handed to the parser, which crashes on, or never finishes, what is refused here."""
    if rdf_format is RdfFormat.RDF_XML:
        return _checked_xml(path, data)
    if rdf_format is RdfFormat.JSON_LD:
        depth = _depth(data, _JSON_TOKEN, (b"[", b"{"), (b"]", b"}"))
    else:
        # Triple terms are refused as statements; nested deeply they crash the parser before it says a word.
        few = data.count(b"<<") <= limits.nesting_depth
        depth = 0 if few else _depth(data, _TURTLE_TOKEN, (b"<<",), (b">>",))
    if depth > limits.nesting_depth:
        raise GraphError(
            f"{path} is nested {depth} deep, more than {limits.nesting_depth}.",
            "Flatten it, or raise Limits.nesting_depth with care: the parser crashes on a few thousand.",
        )
    return data


def _checked_xml(path: Path, data: bytes) -> str:
    """RDF/XML as text, free of the declarations by which a small file becomes an endless one."""
    head = data[:1000].decode("latin-1")
    declared = _XML_ENCODING.match(head)
    encoding = declared[2] if declared else "utf-8"
    if encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        encoding = "utf-8"  # what _decode made of it
    try:
        text = data.decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise GraphError(f"{path} is not valid {encoding}: {_one_line(str(error))}.", "Save it as UTF-8.") from error
    found = _DECLARATION.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise GraphError(
            f"{path}, line {line}: RDF/XML with <!{found[1].upper()} is refused, for entities can make it endless.",
            "Write the entities out, or save the graph as Turtle.",
        )
    return _XML_ENCODING.sub(r"\1", text, count=1)  # it is text now; the parser accepts UTF-8 alone


def _depth(data: bytes, token: re.Pattern[bytes], opening: tuple[bytes, ...], closing: tuple[bytes, ...]) -> int:
    depth = deepest = 0
    for match in token.finditer(data):
        text = match[0]
        if text in opening:
            depth += 1
            deepest = max(deepest, depth)
        elif text in closing:
            depth = max(depth - 1, 0)
    return deepest


def _bounded(path: Path, quads: Iterator[Quad], limits: Limits) -> Iterator[Quad]:
    literal, triple, longest = pyoxigraph.Literal, pyoxigraph.Triple, limits.literal_chars
    for number, quad in enumerate(quads, start=1):
        term = quad.object
        if isinstance(term, literal) and len(term.value) > longest:
            raise GraphError(
                f"{path}: the literal of statement {number} has more than {longest:,} characters.",
                "Shorten it, or raise Limits.literal_chars.",
            )
        if isinstance(term, triple):
            raise GraphError(
                f"{path}: the object of statement {number} is a triple term, which is not supported.",
                "Describe the statement by a node of its own.",
            )
        if number > limits.statements:
            raise GraphError(
                f"{path} holds more than {limits.statements:,} statements.", "Split it, or raise Limits.statements."
            )
        yield quad


def _base(path: Path) -> str:
    return "file:///" + quote(path.name, errors="replace")


def _locate(error: Exception, text: bytes | str, rdf_format: RdfFormat) -> tuple[str, str]:
    """Where a file is malformed, as ", line l, column c", and the reason without its position."""
    reason = str(getattr(error, "msg", None) or error)
    line, column = getattr(error, "lineno", None), getattr(error, "offset", None)
    if line is None and isinstance(text, str):
        line, column = _xml_position(text, reason)
    where = "" if line is None else f", line {line}, column {column}"
    return where, _POSITION.sub("", reason)


def _xml_position(text: str, reason: str) -> tuple[int | None, int | None]:
    """The RDF/XML parser gives no position: ask expat, else look for what the reason quotes."""
    from xml.parsers import expat

    try:
        expat.ParserCreate("utf-8").Parse(text.encode(), True)
    except expat.ExpatError as error:
        return error.lineno, error.offset + 1
    quoted = _QUOTED.search(reason)
    at = text.find(quoted[1]) if quoted else -1
    return (None, None) if at < 0 else (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def _one_line(message: str) -> str:
    message = " ".join(message.split()).rstrip(".")
    return message if len(message) <= 300 else message[:297] + "..."
