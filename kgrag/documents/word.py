"""Word files (.docx) by python-docx: headings by their styles, paragraphs, and rows of tables."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import docx
from docx.oxml.ns import qn

from kgrag.config import DocumentLimits
from kgrag.documents.document import Document, Outline, UnreadableError, clean

_HARMLESS = 16 << 20  # bytes that anything may be unpacked to
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_PARAGRAPH, _ROW, _CELL, _LEVEL = qn("w:p"), qn("w:tr"), qn("w:tc"), qn("w:outlineLvl")
_TEXT, _BREAKS, _FLOATING = qn("w:t"), (qn("w:tab"), qn("w:br"), qn("w:cr")), qn("w:txbxContent")
_FIELDS = ("author", "subject", "keywords", "category")


def parse(data: bytes, limits: DocumentLimits) -> Document:
    """Reads a Word file: what was inserted is in it and what was deleted is not; text boxes and notes are left out."""
    _check(data, limits)
    outline = Outline(limits)
    file = docx.Document(io.BytesIO(data))
    properties = file.core_properties
    outline.title, outline.language = properties.title or "", properties.language or ""
    for name in _FIELDS:
        if getattr(properties, name):
            outline.metadata[name] = getattr(properties, name)
    levels = {style.style_id: _level(style) for style in file.styles}
    for element in file.element.body.iter(_PARAGRAPH, _ROW):
        if any(parent.tag in (_ROW, _FLOATING) for parent in element.iterancestors()):
            continue  # it was read with the row, or floats on the page
        if element.tag == _ROW:
            outline.paragraph(" | ".join(filter(None, (clean(_text(cell)) for cell in element.iterchildren(_CELL)))))
        else:
            level = levels.get(element.style)
            if level is None:
                outline.paragraph(_text(element))
            else:
                outline.heading(level, _text(element))
    return outline.document()


def _check(data: bytes, limits: DocumentLimits) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableError("it is no .docx file, or a damaged one") from error
    if size > min(limits.file_bytes, max(_HARMLESS, limits.unpacked_ratio * len(data))):
        raise UnreadableError(
            f"it would unpack to {size:,} bytes",
            "If you trust it, raise DocumentLimits.unpacked_ratio or DocumentLimits.file_bytes.",
        )


def _level(style: Any) -> int | None:
    """Level of the heading that a style makes; None where it makes none."""
    found = _HEADING.fullmatch(style.name or "")
    if found:
        return int(found[1])
    if style.name == "Title":
        return 0
    outline = next(style.element.iter(_LEVEL), None)
    level = int(outline.get(qn("w:val"))) if outline is not None else 9
    return level + 1 if level < 9 else None


def _text(element: Any) -> str:
    pieces = []
    for node in element.iter(_TEXT, *_BREAKS):
        if not any(parent.tag == _FLOATING for parent in node.iterancestors()):
            pieces.append(node.text or "" if node.tag == _TEXT else " ")
    return "".join(pieces)
