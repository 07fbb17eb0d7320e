"""Entities of RDF/XML written out within bounds: OWL files use them as short names of namespaces.

What the parser is given then declares none. Only text that stands in the file itself is written out: no other file is
read, and no declaration that holds declarations is followed.
"""

from __future__ import annotations

import contextlib
import re
from bisect import bisect_left
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import fault_at_byte
from kgrag.graph.checking import HARMLESS

# Nothing is written out in comments, CDATA sections and instructions; one without an end runs to the end of the file.
_REFERENCE = re.compile(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|&([^\s&;#<>\"']+);", re.DOTALL)
_CHAIN = 100  # entities, each in the next
_BLANKS = bytes(byte if byte == ord("\n") else ord(" ") for byte in range(256))


class WrittenOut(NamedTuple):
    """A file with its entities written out.

    Attributes:
        data: The text that takes the place of the file.
        shifts: Where stretches of it begin, and where in the file each comes from; both grow.
    """

    data: bytes
    shifts: list[tuple[int, int]]

    def origin(self, at: int) -> int:
        """Where in the file a byte of the text comes from; for one of an entity, a byte of the reference to it."""
        following = bisect_left(self.shifts, (at + 1,))
        begin, origin = self.shifts[following - 1]
        end = self.shifts[following][1] if following < len(self.shifts) else origin + len(self.data) + 1
        return min(origin + at - begin, end - 1)


def write_out(name: str, data: bytes, limits: Limits) -> WrittenOut:
    """Puts what each entity stands for in its place, and blanks in the place of the DOCTYPE.

    Args:
        name: What errors call the file.
        data: The file, in UTF-8.
        limits: Bounds on what is written out; where this is 0, nothing is, and the DOCTYPE stays.

    Raises:
        GraphError: If there are entities, or other declarations, that cannot be written out, or they are too large.
    """
    doctype = _read_doctype(name, data) if limits.entity_bytes else _NONE
    if not doctype.end:
        return WrittenOut(data, [(0, 0)])
    entities = _Entities(name, doctype.entities, limits.entity_bytes)
    pieces = [data[: doctype.start], data[doctype.start : doctype.end].translate(_BLANKS)]
    shifts, here, there = [(0, 0)], doctype.end, doctype.end
    for match in _REFERENCE.finditer(data, doctype.end):
        if match[1] in doctype.entities:
            pieces += data[there : match.start()], entities.text(match[1])
            here += match.start() - there
            shifts.append((here, match.start()))
            here, there = here + len(pieces[-1]), match.end()
            shifts.append((here, there))
    return WrittenOut(b"".join([*pieces, data[there:]]), shifts)


class _Doctype(NamedTuple):
    """Where the declarations of a file begin and end, 0 where it has none, and the entities among them."""

    start: int
    end: int
    entities: dict[bytes, bytes]


_NONE = _Doctype(0, 0, {})


def _read_doctype(name: str, data: bytes) -> _Doctype:
    """Reads what comes before the first element; what is malformed there stays as it is, and is refused later."""
    start = end = 0
    entities: dict[bytes, bytes] = {}
    parser = expat.ParserCreate("utf-8")

    def refuse(reason: str, at: int | None = None) -> NoReturn:
        fault = fault_at_byte(name, reason, data, parser.CurrentByteIndex if at is None else at)
        raise GraphError(f"{fault}.", "Write out what it stands for, or save the graph as Turtle.")

    def begin(_: str, system: str | None, public: str | None, __: int) -> None:
        nonlocal start
        start = data.rfind(b"<!DOCTYPE", 0, parser.CurrentByteIndex)
        if system is not None or public is not None:
            refuse("its DOCTYPE refers to another file, and no other file is read")

    def declare(entity: str, is_parameter: int, value: str | None, *_: str | None) -> None:
        if is_parameter:
            refuse(f"the parameter entity {entity} stands for declarations, which are not followed")
        if value is None:
            refuse(f"the entity {entity} stands for another file, and no other file is read")
        if "<" in value:
            refuse(f"the entity {entity} holds markup, and only text is written out")
        quoted = value.replace('"', "&quot;").replace("'", "&apos;")  # in an attribute, a quote would end it
        entities.setdefault(entity.encode(), quoted.encode())

    def finish() -> None:
        nonlocal end
        end = parser.CurrentByteIndex + 1
        raise StopIteration

    def stop(*_: object) -> None:
        raise StopIteration

    parser.StartDoctypeDeclHandler, parser.EndDoctypeDeclHandler = begin, finish
    parser.EntityDeclHandler, parser.StartElementHandler = declare, stop
    with contextlib.suppress(StopIteration, expat.ExpatError):
        if (defaults := data.find(b"<!ATTLIST", 0, HARMLESS)) >= 0:  # before expat writes out entities in them
            refuse("an ATTLIST gives attributes that are not written down, which are not filled in", defaults)
        parser.Parse(data[:HARMLESS], False)
    return _Doctype(start, end, entities) if end else _NONE


class _Entities:
    """What references to entities stand for, counted."""

    def __init__(self, name: str, values: dict[bytes, bytes], most: int) -> None:
        self._name, self._values = name, values
        self._most = self._left = most
        self._texts: dict[bytes, bytes] = {}

    def text(self, entity: bytes, depth: int = 1) -> bytes:
        """What a reference stands for, with the references in it written out."""
        if depth > _CHAIN:
            raise GraphError(
                f"{self._name}: its entities refer to one another without end, or in a chain of more than {_CHAIN}.",
                "Write them out, or save the graph as Turtle.",
            )
        if entity not in self._texts:
            self._texts[entity] = _REFERENCE.sub(
                lambda match: self.text(match[1], depth + 1) if match[1] in self._values else match[0],
                self._values[entity],
            )
        self._left -= len(self._texts[entity])
        if self._left < 0:
            raise GraphError(
                f"{self._name}: its entities write out more than {self._most:,} bytes.",
                "Write them out yourself if you trust the file, or raise Limits.entity_bytes.",
            )
        return self._texts[entity]
