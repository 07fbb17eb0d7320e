"""Text that may be handed to a parser: in UTF-8, and free of what crashes a parser or keeps it busy for ever."""

from __future__ import annotations

import codecs
import re

from pyoxigraph import RdfFormat

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph.faults import one_line

_BOMS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_XML_ENCODING = re.compile(r"""^(\s*<\?xml[^>]*?)\sencoding\s*=\s*["']([^"'>]*)["']""")
_DECLARATION = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_JSON_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]', re.DOTALL)
_TURTLE_TOKEN = re.compile(
    rb'"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
    rb'|<[^<>"{}|^`\s]*>|#[^\n]*|\\.|<<|>>',
    re.DOTALL,
)


def decode(name: str, data: bytes) -> bytes:
    """The same text in UTF-8 without a byte order mark."""
    encoding = next((codec for mark, codec in _BOMS if data.startswith(mark)), None)
    if encoding is None and b"\0" in data[:4]:  # UTF-16 and UTF-32 without a mark begin with "<", "{", "@" and NULs
        wide = data[:4].count(b"\0") == 3
        big = data[:1] == b"\0"
        encoding = ("utf-32-" if wide else "utf-16-") + ("be" if big else "le")
    if encoding is None:
        return data
    try:
        return data.decode(encoding).encode()
    except UnicodeError as error:
        raise GraphError(f"{name} is not valid {encoding}: {one_line(str(error))}.", "Save it as UTF-8.") from error


def checked(name: str, data: bytes, rdf_format: RdfFormat, limits: Limits) -> bytes | str:
    """What may be handed to the parser, which crashes on, or never finishes, what is refused here."""
    if rdf_format is RdfFormat.RDF_XML:
        return _checked_xml(name, data)
    if rdf_format is RdfFormat.JSON_LD:
        depth = _depth(data, _JSON_TOKEN, (b"[", b"{"), (b"]", b"}"))
    else:
        # Triple terms are refused as statements; nested deeply they crash the parser before it says a word.
        few = data.count(b"<<") <= limits.nesting_depth
        depth = 0 if few else _depth(data, _TURTLE_TOKEN, (b"<<",), (b">>",))
    if depth > limits.nesting_depth:
        raise GraphError(
            f"{name} is nested {depth} deep, more than {limits.nesting_depth}.",
            "Flatten it, or raise Limits.nesting_depth with care: the parser crashes on a few thousand.",
        )
    return data


def _checked_xml(name: str, data: bytes) -> str:
    """RDF/XML as text, free of the declarations by which a small file becomes an endless one."""
    head = data[:1000].decode("latin-1")
    declared = _XML_ENCODING.match(head)
    encoding = declared[2] if declared else "utf-8"
    if encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        encoding = "utf-8"  # what `decode` made of it
    try:
        text = data.decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise GraphError(f"{name} is not valid {encoding}: {one_line(str(error))}.", "Save it as UTF-8.") from error
    found = _DECLARATION.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise GraphError(
            f"{name}, line {line}: RDF/XML with <!{found[1].upper()} is refused, for entities can make it endless.",
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
