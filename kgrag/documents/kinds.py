"""Kinds of documents, and which one a file is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from kgrag.documents.document import UnreadableError
from kgrag.errors import DocumentError

_ENDINGS = {
    "txt": (".txt", ".text"),
    "md": (".md", ".markdown"),
    "html": (".html", ".htm", ".xhtml"),
    "pdf": (".pdf",),
    "docx": (".docx",),
    "xml": (".xml", ".akn"),
    "jsonl": (".jsonl", ".ndjson"),
    "csv": (".csv", ".tsv"),
}
KINDS = tuple(_ENDINGS)
_BY_ENDING = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings}
_PDF, _ZIP, _OLE = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP = (
    ("html", re.compile(rb"<!doctype html|<html[\s>]", re.IGNORECASE)),
    ("xml", re.compile(rb"<\?xml|<akomaNtoso[\s>]")),
    ("jsonl", re.compile(rb'\{\s*"')),
)
START = 1_024  # bytes that tell the kind


def kind_of(name: str, start: bytes) -> str:
    """The kind by the ending of a file; by its first bytes where that says nothing, or they say something else.

    Raises:
        UnreadableError: It is of none.
    """
    kind = _BY_ENDING.get(PurePath(name).suffix.lower(), "")
    if _PDF in start[: START if kind in ("pdf", "") else len(_PDF)]:
        return "pdf"
    if start.startswith(_ZIP):
        if kind == "docx" or b"[Content_Types].xml" in start or b"word/" in start:
            return "docx"
        raise UnreadableError("it is packed", "Unpack it.")
    if start.startswith(_OLE):
        raise UnreadableError("it is a file of an old Office program", "Save it as .docx or PDF.")
    if kind in ("pdf", "docx"):
        raise UnreadableError(f"it is no {kind.upper() if kind == 'pdf' else '.docx'} file, or a damaged one")
    if kind:
        return kind
    for kind, pattern in _MARKUP:
        if pattern.match(start.removeprefix(b"\xef\xbb\xbf").lstrip()):
            return kind
    if b"\0" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        raise UnreadableError("it is of no kind that is known", f"Known are {', '.join(_BY_ENDING)}.")
    return "txt"


def files_of(path: str | os.PathLike[str]) -> Iterator[tuple[str, Path]]:
    """A file, or the documents in a folder and in the folders in it, by name, each with the id that it gets.

    An id is the path from the folder that was given on, with its name; of files in a folder, those with the ending of a
    kind are documents, and what begins with a dot is left alone.

    Raises:
        DocumentError: There is no such file, or no document in the folder.
    """
    path = Path(path)
    if not path.exists():
        raise DocumentError(f"There is no file {path}.", "Check the path.")
    if not path.is_dir():
        yield _name(path.name), path
        return
    found = 0
    top = path.resolve().name
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or PurePath(name).suffix.lower() not in _BY_ENDING:
                continue
            found += 1
            file = Path(folder, name)
            yield _name((Path(top) / file.relative_to(path)).as_posix()), file
    if not found:
        raise DocumentError(f"The folder {path} holds no document.", f"Known are {', '.join(_BY_ENDING)}.")


def _name(path: str) -> str:
    """A path as text that can be written, whatever its bytes are."""
    return os.fsencode(path).decode("utf-8", "replace")
