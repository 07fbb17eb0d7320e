"""Documents that are made to do harm: to hang a parser, crash it, fill the memory, or reach other files."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable

from document_files import ACT, Written, pdf, repacked, word

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_LAUGHS = "<!DOCTYPE a [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))


def _docx(body: str, before: str = "") -> bytes:
    text = f'<?xml version="1.0"?>{before}<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'
    return repacked(word([("x", "Normal")]), "word/document.xml", text.encode())


def _large_docx() -> bytes:
    return _docx("<w:p><w:r><w:t>" + "word " * (4 << 20) + "</w:t></w:r></w:p>")


def _many_parts() -> bytes:
    """A packed file whose parts all are the same stretch of it."""
    out = io.BytesIO(word([("x", "Normal")]))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/a.xml", b" " * (64 << 20))
        entry = packed.infolist()[-1]
        for number in range(200):
            copy = zipfile.ZipInfo(f"word/b{number}.xml")
            for name in ("compress_type", "header_offset", "CRC", "compress_size", "file_size"):
                setattr(copy, name, getattr(entry, name))
            packed.filelist.append(copy)
            packed.NameToInfo[copy.filename] = copy
    return out.getvalue()


def _looping_pages() -> bytes:
    return pdf([[Written("x")]]).replace(b"/Kids [ 6 0 R ]", b"/Kids [ 2 0 R ]")


def _large_stream() -> bytes:
    """A page of which each kilobyte unpacks to a megabyte, twice over."""
    shown = b"BT /F1 9 Tf 9 9 Td " + b"(words and words) Tj " * (6 << 20) + b"ET"
    packed = zlib.compress(zlib.compress(shown, 9), 9)
    whole = pdf([[Written("x")]])
    start, end = whole.index(b"<< /Length"), whole.index(b"endstream")
    stream = b"<< /Length %d /Filter [ /FlateDecode /FlateDecode ] >>\nstream\n%s\n" % (len(packed), packed)
    return whole[:start] + stream + whole[end:]


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "xml laughs": ("xml", lambda: f"{_LAUGHS}]><a>&a11;</a>".encode()),
    "xml laughs in an attribute": ("xml", lambda: f"{_LAUGHS}]><a b='&a11;'>x</a>".encode()),
    "xml file entity": (
        "xml",
        lambda: b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>root: &b;</a>",
    ),
    "xml parameter entity": (
        "xml",
        lambda: b"<!DOCTYPE a [<!ENTITY % b SYSTEM 'file:///etc/passwd'> %b;]><a>x</a>",
    ),
    "xml nested": ("xml", lambda: b"<a>" * 1_000_000),
    "xml nested and closed": ("xml", lambda: b"<a>" * 100_000 + b"x" + b"</a>" * 100_000),
    "xml attributes": ("xml", lambda: b"<a " + b" ".join(b'b%d=""' % n for n in range(300_000)) + b">"),
    "xml cut off": ("xml", lambda: ACT.encode()[:-300]),
    "html nested": ("html", lambda: b"<html><template>" + b"<div>" * 1_000_000),
    "html of another encoding": ("html", lambda: b'<meta charset="klingon"><p>x</p>'),
    "docx laughs": ("docx", lambda: _docx("<w:p><w:r><w:t>&a11;</w:t></w:r></w:p>", _LAUGHS + "]>")),
    "docx file entity": (
        "docx",
        lambda: _docx("<w:p><w:r><w:t>&b;</w:t></w:r></w:p>", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>"),
    ),
    "docx that unpacks to much": ("docx", _large_docx),
    "docx of one part many times": ("docx", _many_parts),
    "docx nested": ("docx", lambda: _docx("<w:tbl>" * 100_000)),
    "docx without a document": ("docx", lambda: repacked(word([("x", "Normal")]), "word/document.xml", b"")),
    "zip": ("docx", lambda: b"PK\x03\x04" + b"\0" * 100),
    "pdf that loops": ("pdf", _looping_pages),
    "pdf that unpacks to much": ("pdf", _large_stream),
    "pdf without text": ("pdf", lambda: pdf([[]])),
    "pdf of many pages": ("pdf", lambda: pdf([[Written("x")]] * 10_001)),
    "jsonl nested": ("jsonl", lambda: b'{"text": ' + b"[" * 1_000_000),
    "jsonl number": ("jsonl", lambda: b'{"text": "x", "id": ' + b"9" * 100_000 + b"}"),
    "csv quote": ("csv", lambda: b'text\n"' + b"a\n" * 1_000_000),
    "csv cells": ("csv", lambda: b"text\n" + b"," * 1_000_000),
    "txt of NUL": ("txt", lambda: b"\0" * 1_000_000),
    "txt that is too long": ("txt", lambda: b"word " * 5_000_000),
}
# What is large or strange, and must be read or refused in time all the same.
HEAVY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "txt in one line": ("txt", lambda: b"word " * 100_000),
    "txt without a space": ("txt", lambda: b"x" * 100_000),
    "txt of line breaks": ("txt", lambda: b"a" + b"\n" * 2_000_000 + b"b"),
    "txt of blanks": ("txt", lambda: b"a" + b" " * 2_000_000 + b"b"),
    "txt of ideographs": ("txt", lambda: ("药" * 20_000).encode()),
    "txt of articles": ("txt", lambda: b"Article 1\n\n" * 5_000),
    "txt of points": ("txt", lambda: b"." * 50_000),
    "txt of short sentences": ("txt", lambda: b"a. " * 10_000),
    "md brackets": ("md", lambda: b"[" * 40_000),
    "md stars": ("md", lambda: b"*a_" * 15_000),
    "md ticks": ("md", lambda: b"".join(b"`" * n + b" " for n in range(1, 400))),
    "md quotes": ("md", lambda: b">" * 20_000 + b" a"),
    "md table": ("md", lambda: b"|a" * 1_000 + b"\n" + b"|-" * 1_000 + b"\n" + b"|b\n" * 500),
    "html rows": ("html", lambda: b"<table><tr><td>" * 5_000 + b"x"),
    "html tags": ("html", lambda: b"<p><b>a" * 50_000),
    "html of nothing": ("html", lambda: b"<" * 100_000),
    "html laughs": ("html", lambda: f"{_LAUGHS}]><p>&a11;</p>".encode()),
    "pdf of a billion pages": ("pdf", lambda: pdf([[Written("x")]]).replace(b"/Count 1", b"/Count 999999999")),
}
