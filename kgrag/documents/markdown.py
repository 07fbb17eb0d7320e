"""Markdown by markdown-it-py: headings, paragraphs, items, code and rows of tables, without their marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from markdown_it import MarkdownIt

from kgrag.config import DocumentLimits
from kgrag.documents.document import Document, Outline
from kgrag.documents.plain import decode

_FRONT = re.compile(r"---[^\S\n]*\n((?:(?!---|\.\.\.).*\n)*?)(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)")
_FIELD = re.compile(r"^([\w-]+):[^\S\n]*([^\s\[\]{}|>&*!].*)$", re.MULTILINE)
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL)


def parse(data: bytes, limits: DocumentLimits) -> Document:
    """Reads Markdown; of the front matter, single values are its metadata, title and language."""
    text, outline = decode(data), Outline(limits)
    front = _FRONT.match(text)
    if front:
        text = text[front.end() :]
        fields = {key.lower(): value.strip(" \"'") for key, value in _FIELD.findall(front[1])}
        outline.title, outline.language = fields.pop("title", ""), fields.pop("lang", fields.pop("language", ""))
        outline.metadata.update(fields)
    tokens = iter(MarkdownIt("commonmark").enable("table").parse(text))
    for token in tokens:
        if token.type == "heading_open":
            outline.heading(int(token.tag[1:]), _text(next(tokens))[0])
        elif token.type == "tr_open":
            cells = [_text(cell) for cell in _until(tokens, "tr_close") if cell.type == "inline"]
            references = [reference for _, found in cells for reference in found]
            outline.paragraph(" | ".join(cell for cell, _ in cells), references=references)
        elif token.type == "inline":
            shown, references = _text(token)
            outline.paragraph(shown, references=references)
        elif token.type in ("fence", "code_block"):
            outline.paragraph(token.content)
        elif token.type == "html_block":
            outline.paragraph(_TAG.sub(" ", token.content))
    return outline.document()


def _until(tokens: Iterator[Any], end: str) -> Iterator[Any]:
    for token in tokens:
        if token.type == end:
            return
        yield token


def _text(inline: Any) -> tuple[str, list[str]]:
    """What is shown of a token's children, and what they link to."""
    pieces, references = [], []
    for child in inline.children or ():
        if child.type in ("text", "code_inline", "image"):  # of an image, its description
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            pieces.append("\n")
        elif child.type == "link_open" and not str(child.attrGet("href")).startswith("#"):
            references.append(str(child.attrGet("href")))
    return "".join(pieces), references
