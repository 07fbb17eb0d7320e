"""JSON lines and tables: each line, or row, is a document of its own."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

from kgrag.config import DocumentLimits
from kgrag.documents.document import Document, Outline, Scalar, UnreadableError, clean
from kgrag.documents.plain import decode

_TEXT = ("text", "content", "contents", "body")  # what the text may be called, best first
_KNOWN = ("id", "title", "source", "language", "entities", "metadata", *_TEXT)
_SHAPE = 'Write it as {"id": "1", "text": "...", "title": "...", "source": "...", "entities": ["IRI", ...]}.'
_HEADER = 'Let the first line name the columns, one of them "text"; "id", "title" and "source" are known as well.'
_BLANK = "\n\n"
_LARGEST = 1 << 63  # what an integer of metadata is below


class Record:
    """A line that is a document.

    Attributes:
        line: From 1.
        digest: SHA-256 of what is in it.
        problem: Why it cannot be read; None where it can.
    """

    def __init__(self, line: int, content: Mapping[str, Any] | UnreadableError) -> None:
        self.line = line
        self._content: Mapping[str, Any] = {} if isinstance(content, UnreadableError) else content
        self.problem = content if isinstance(content, UnreadableError) else None
        canonical = json.dumps(self._content, sort_keys=True, default=str)
        self.digest = hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def id(self) -> str:
        """What it says to be called; empty where it says nothing."""
        given = self._content.get("id")
        return str(given).strip() if isinstance(given, (str, int)) and not isinstance(given, bool) else ""

    def document(self, limits: DocumentLimits) -> Document:
        """The document.

        Raises:
            UnreadableError: It has no text, or something that it says is of the wrong kind.
        """
        if self.problem is not None:
            raise self.problem
        values, outline = self._content, Outline(limits)
        text = next((values[key] for key in _TEXT if values.get(key)), "")
        for key, value in (("text", text), *((key, values.get(key) or "") for key in ("title", "source", "language"))):
            if not isinstance(value, str):
                raise UnreadableError(f"{key!r} must be a text; it is {value!r:.80}", _SHAPE)
        if not text.strip():
            raise UnreadableError("it has no text", _SHAPE)
        entities = values.get("entities") or []
        if not isinstance(entities, list) or not all(isinstance(iri, str) for iri in entities):
            raise UnreadableError(f"'entities' must be a list of IRIs; it is {entities!r:.80}", _SHAPE)
        given = values.get("metadata") or {}
        if not isinstance(given, dict):
            raise UnreadableError(f"'metadata' must be an object; it is {given!r:.80}", _SHAPE)
        others = {key: value for key, value in values.items() if key not in _KNOWN}
        outline.metadata = {key: value for key, value in {**others, **given}.items() if _is_scalar(value)}
        outline.title, outline.language = values.get("title") or "", values.get("language") or ""
        for paragraph in text.split(_BLANK):
            outline.paragraph(paragraph)
        source = values.get("source") or ""
        return replace(outline.document(), title=clean(outline.title), source=source, entities=tuple(entities))


def read_records(kind: str, stream: BinaryIO, limits: DocumentLimits) -> Iterator[Record]:
    """The documents of JSON lines ("jsonl") or of a table with a header ("csv"), one by one.

    Raises:
        UnreadableError: The table has no header that names a text.
    """
    yield from _json_lines(stream, limits) if kind == "jsonl" else _table(stream, limits)


def _json_lines(stream: BinaryIO, limits: DocumentLimits) -> Iterator[Record]:
    for number, line in _lines(stream, limits):
        if not line.strip():
            continue
        try:
            value = json.loads(decode(line), parse_constant=_no_constant)
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair cannot be written back
        except (ValueError, RecursionError, UnreadableError) as error:
            reason = error.reason if isinstance(error, UnreadableError) else f"it is no JSON ({error})"
            yield Record(number, UnreadableError(reason, _SHAPE))
            continue
        yield Record(number, value if isinstance(value, dict) else UnreadableError("it is no JSON object", _SHAPE))


def _table(stream: BinaryIO, limits: DocumentLimits) -> Iterator[Record]:
    numbered = _lines(stream, limits)
    at, header = next(((number, line) for number, line in numbered if line.strip()), (1, b""))

    def texts() -> Iterator[str]:
        nonlocal at
        for number, line in numbered:
            at = number
            yield decode(line)

    names, delimiter = _columns(decode(header))
    reader = csv.reader(texts(), delimiter=delimiter, strict=True)
    while True:
        line = at + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnreadableError) as error:
            reason = error.reason if isinstance(error, UnreadableError) else str(error)
            yield Record(line, UnreadableError(reason, "Mend the line; put texts of many pages in files of their own."))
            if isinstance(error, UnreadableError):  # what was to bring the lines has ended with it
                reader = csv.reader(texts(), delimiter=delimiter, strict=True)
            continue
        if not any(cells):
            continue
        if len(cells) != len(names):
            reason = f"it has {len(cells)} cells, and the header has {len(names)}"
            yield Record(line, UnreadableError(reason, "Mend the line."))
            continue
        yield Record(line, {name: cell for name, cell in zip(names, cells) if name and cell})


def _columns(header: str) -> tuple[list[str], str]:
    delimiter = max("\t;,", key=header.count)
    names = [name.strip(' "\ufeff\n').lower() for name in header.split(delimiter)]
    if not set(names) & set(_TEXT):
        raise UnreadableError(f"its header names no text: {', '.join(names)!r:.80}", _HEADER)
    return names, delimiter


def _lines(stream: BinaryIO, limits: DocumentLimits) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers."""
    number = 0
    while line := stream.readline(limits.file_bytes + 1):
        number += 1
        if len(line) > limits.file_bytes:
            raise UnreadableError(
                f"its line {number:,} has more than {limits.file_bytes:,} bytes", "Raise DocumentLimits.file_bytes."
            )
        yield number, line


def _is_scalar(value: Any) -> bool:
    if isinstance(value, (int, float)):
        return math.isfinite(value) and abs(value) < _LARGEST
    return isinstance(value, str)


def _no_constant(name: str) -> Scalar:
    raise ValueError(f"{name} is no value of JSON")
