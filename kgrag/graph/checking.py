"""What is asked of text before a parser gets it, and of the statements that come out: nothing may be without end."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import accumulate

from pyoxigraph import Literal, Quad, RdfFormat

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import one_line

HARMLESS = 16 << 20  # bytes that anything may grow to, for a small file that repeats itself packs well

_BOMS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_ESCAPE = re.compile(rb"\\[^\n]")
# What stands between brackets where there are no escapes. What is left open runs to the end: else its end would be
# sought anew from each quote in it.
_JSON_BETWEEN = re.compile(rb'"[^"]*"?|[^"\[\]{}]+')
_TURTLE_BETWEEN = re.compile(
    rb'"""(?s:.*?)(?:"""|\Z)|\'\'\'(?s:.*?)(?:\'\'\'|\Z)|"[^"\n]*"?|\'[^\'\n]*\'?'
    rb'|<[^<>"{}|^`\s]*>|#[^\n]*|[^"\'<>#()\[\]{}]+'
)
_STEPS = {ord(char): 1 for char in "([{<"} | {ord(char): -1 for char in ")]}>"}
_WORD_END = re.compile(rb"[\s<>\"']")
_BLOCK = 512  # bytes


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


def check_depth(name: str, data: bytes, rdf_format: RdfFormat, limits: Limits) -> None:
    """Refuses brackets in brackets, too deep ones: a parser crashes on them, or fills the memory.

    Those around triple terms count as well. RDF/XML has none, see `markup`.

    Raises:
        GraphError: If they are nested more deeply than the limits allow.
    """
    if rdf_format is RdfFormat.RDF_XML:
        return
    by_line = rdf_format in (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS)
    openings = (b"<<",) if by_line else (b"[", b"{", b"(", b"<<")
    if sum(map(data.count, openings)) <= limits.nesting_depth:  # so that most files of lines are done with
        return
    between = _JSON_BETWEEN if rdf_format is RdfFormat.JSON_LD else _TURTLE_BETWEEN
    brackets = between.sub(b"", _ESCAPE.sub(b"", data) if b"\\" in data else data)
    deepest = max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)
    if deepest > limits.nesting_depth:
        raise GraphError(
            f"{name} is nested {deepest:,} deep, more than {limits.nesting_depth:,}.",
            "Flatten it, or raise Limits.nesting_depth with care: the parser crashes on a few thousand.",
        )


def has_long_word(data: bytes) -> bool:
    """Whether an IRI, a name or the like may be longer than a thousand bytes; none is where this is false.

    Each block of 512 bytes is asked for one that ends words, which takes a millisecond a megabyte.
    """
    return not all(_WORD_END.search(data, at, at + _BLOCK) for at in range(0, len(data), _BLOCK))


def bounded(name: str, quads: Iterable[Quad], size: int, limits: Limits) -> Iterator[Quad]:
    """The same statements, as long as their terms are in proportion.

    A short name in a file can stand for a long IRI, so that a small file may say more than fits into the memory.

    Args:
        name: What errors call the file.
        quads: What the parser finds in it.
        size: Bytes of the file.
        limits: Bounds on each term, and on all of them.

    Raises:
        GraphError: If a term is too long, or all are longer than the file by too much.
    """
    most, written = max(HARMLESS, limits.unpacked_ratio * size), 0
    for number, quad in enumerate(quads, start=1):
        length = len(str(quad))
        written += length
        reason = long_term(quad, limits) if length > limits.literal_chars else ""
        if written > most:
            reason = (
                f"with all IRIs written out, the file is more than {limits.unpacked_ratio} times as large, the most that "
                "Limits.unpacked_ratio allows"
            )
        if reason:
            raise GraphError(f"{name}, statement {number}: {reason}.", "Shorten IRIs, prefixes or literals.")
        yield quad


def long_term(quad: Quad, limits: Limits) -> str:
    """What is too long in a statement; empty where nothing is."""
    for term in quad:
        parts = [getattr(term, "value", "")]  # the default graph and triple terms have none
        if isinstance(term, Literal):
            parts += term.datatype.value, term.language or ""
        if max(map(len, parts)) > limits.literal_chars:
            kind = "literal" if isinstance(term, Literal) else "name"
            most = f"{limits.literal_chars:,} characters, the most that Limits.literal_chars allows"
            return f"the {kind} has more than {most}"
    return ""
