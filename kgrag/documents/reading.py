"""Documents of files of any kind, named, bounded, and left out where they cannot be read and that is asked for."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from kgrag.config import DocumentLimits
from kgrag.documents.document import Document, UnreadableError
from kgrag.documents.kinds import KINDS, START, files_of, kind_of
from kgrag.documents.parsing import Parser
from kgrag.documents.records import Record, read_records
from kgrag.errors import DocumentError
from kgrag.faults import Fault, Skipped, one_line

Source = str | os.PathLike[str] | bytes | BinaryIO
_RECORDS = ("jsonl", "csv")


@dataclass(frozen=True)
class Found:
    """A document that was found, and is not parsed yet.

    Attributes:
        id: What it will be called.
        digest: SHA-256 of what it is parsed from.
        read: Parses it; gives None where it cannot be read and is left out.
        place: The file, and the line in it, as errors call it.
    """

    id: str
    digest: str
    read: Callable[[], Document | None]
    place: tuple[str, int | None]


class Reader(AbstractContextManager["Reader"]):
    """Reads documents.

    Args:
        limits: Bounds on each.
        on_error: "raise", or "skip", which leaves out what cannot be read.

    Attributes:
        skipped: What was left out.
    """

    def __init__(self, limits: DocumentLimits | None = None, on_error: str = "raise") -> None:
        if on_error not in ("raise", "skip"):
            raise DocumentError(f"on_error is {on_error!r}.", "Use 'raise' or 'skip'.")
        self.skipped = Skipped()
        self._limits = limits or DocumentLimits()
        self._raises = on_error == "raise"
        self._parser = Parser(self._limits)

    def find(self, *sources: Source, kind: str | None = None) -> Iterator[Found]:
        """The documents of sources; see `read`. Each must be read before the next is asked for."""
        if kind is not None and kind not in KINDS:
            raise DocumentError(f"The kind {kind!r} of documents is not known.", f"Known are {', '.join(KINDS)}.")
        for source in sources:
            if isinstance(source, (str, os.PathLike)):
                for id, path in files_of(source):
                    yield from self._file(id, path, kind)
            elif isinstance(source, (bytes, bytearray, memoryview)):
                yield from self._stream("data", "data", io.BytesIO(source), kind)
            elif hasattr(source, "read") and not isinstance(source, io.TextIOBase):
                name = getattr(source, "name", None)
                name = Path(name).name if isinstance(name, str) else "data"
                yield from self._stream(name, name, source, kind)
            else:
                raise DocumentError(
                    f"Documents cannot be read from a {type(source).__name__}.",
                    "Give a path, bytes or a stream opened with 'rb'.",
                )

    def fault(self, place: tuple[str, int | None], reason: str, hint: str) -> None:
        """Leaves something out, or raises what is wrong with it."""
        fault = Fault(*place, None, one_line(reason), "")
        if self._raises:
            raise DocumentError(f"{fault}.", hint)
        self.skipped.take(fault)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._parser.stop()

    def _file(self, id: str, path: Path, kind: str | None) -> Iterator[Found]:
        try:
            with open(path, "rb") as stream:
                yield from self._stream(id, str(path), stream, kind)
        except OSError as error:
            self.fault((str(path), None), f"it cannot be read: {error}", "Check the file.")

    def _stream(self, id: str, name: str, given: BinaryIO, kind: str | None) -> Iterator[Found]:
        with self._tolerant(name):
            stream = given if isinstance(given, io.BufferedReader) else io.BufferedReader(io.BytesIO(self._all(given)))
            kind = kind or kind_of(id, stream.peek(START))
            if kind in _RECORDS:
                for record in read_records(kind, stream, self._limits):
                    yield self._record(id, name, record)
            else:
                yield self._whole(id, name, kind, stream)

    def _whole(self, id: str, name: str, kind: str, stream: BinaryIO) -> Found:
        data = self._all(stream)

        def read() -> Document | None:
            with self._tolerant(name):
                return replace(self._parser.parse(kind, data), id=id, source=id)
            return None

        return Found(id, hashlib.sha256(data).hexdigest(), read, (name, None))

    def _all(self, stream: BinaryIO) -> bytes:
        try:
            data = stream.read(self._limits.file_bytes + 1)
        except OSError as error:
            raise UnreadableError(f"it cannot be read: {error}", "Check the file.") from error
        if len(data) > self._limits.file_bytes:
            raise UnreadableError(
                f"it has more than {self._limits.file_bytes:,} bytes", "Split it, or raise DocumentLimits.file_bytes."
            )
        return data

    def _record(self, file_id: str, name: str, record: Record) -> Found:
        id = record.id or f"{file_id}:{record.line}"

        def read() -> Document | None:
            with self._tolerant(name, record.line):
                document = record.document(self._limits)
                return replace(document, id=id, source=document.source or file_id)
            return None

        return Found(id, record.digest, read, (name, record.line))

    @contextmanager
    def _tolerant(self, name: str, line: int | None = None) -> Iterator[None]:
        try:
            yield
        except UnreadableError as error:
            self.fault((name, line), error.reason, error.hint)


def read(
    *sources: Source, kind: str | None = None, limits: DocumentLimits | None = None, on_error: str = "raise"
) -> Iterator[Document]:
    """Reads documents without touching the network, one after the other.

    Plain text, Markdown, HTML, PDF, Word (.docx), XML (Akoma Ntoso and others), JSON lines and CSV or TSV are read. What
    needs a library is parsed in a process of its own, with a bound on its time and memory.

    Args:
        *sources: Paths, bytes or streams opened in binary mode; of a folder, the documents in it and in its folders.
        kind: "txt", "md", "html", "pdf", "docx", "xml", "jsonl" or "csv"; by default the ending and the content decide.
        limits: Bounds on each document.
        on_error: "raise", or "skip": then documents and lines that cannot be read are left out, and logged at the end.

    Raises:
        DocumentError: A document is missing, malformed, empty or out of bounds; says which, and in which line.
        KgragError: A library is not installed.
    """
    with Reader(limits, on_error) as reader:
        for found in reader.find(*sources, kind=kind):
            document = found.read()
            if document is not None:
                yield document
        reader.skipped.report("documents")
