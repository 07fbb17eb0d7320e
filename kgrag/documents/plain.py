"""Plain text: bytes to characters, and lines to paragraphs."""

from __future__ import annotations

import codecs
import re

from kgrag.config import DocumentLimits
from kgrag.documents.document import Document, Outline, UnreadableError

_BOMS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_BLANK = re.compile(r"\n[^\S\n]*\n\s*")
_ITEM = re.compile(r"\s*(?:[-*•–—]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)])\s", re.IGNORECASE)
_WRAPPED_AT = 120  # characters; longer lines are paragraphs of their own


def decode(data: bytes, encoding: str = "utf-8") -> str:
    """Text of bytes in an encoding, or in the one that their byte order mark says.

    Raises:
        UnreadableError: They are not in it, or are no text.
    """
    encoding = next((codec for mark, codec in _BOMS if data.startswith(mark)), encoding)
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        raise UnreadableError(f"it is not text in {encoding} ({error})", "Save it as UTF-8.") from error
    if "\0" in text:
        raise UnreadableError("it is no text, for it holds NUL", "Leave it out, or name its kind by its ending.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(data: bytes, limits: DocumentLimits) -> Document:
    """Reads plain text: blank lines end paragraphs, and so do long lines and items of lists."""
    outline = Outline(limits)
    for block in _BLANK.split(decode(data)):
        lines = block.split("\n")
        if max(map(len, lines)) > _WRAPPED_AT:
            paragraphs = lines
        else:
            paragraphs = []
            for line in lines:
                if paragraphs and not _ITEM.match(line):
                    paragraphs[-1] += "\n" + line
                else:
                    paragraphs.append(line)
        for paragraph in paragraphs:
            outline.paragraph(paragraph)
    return outline.document()
