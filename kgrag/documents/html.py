"""HTML by lxml: what is read of a page, without what stands around it."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from kgrag.config import DocumentLimits
from kgrag.documents.document import Document, Outline, UnreadableError, clean
from kgrag.documents.plain import decode

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LEFT_OUT = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "nav",
        "aside",
        "footer",
        "button",
        "select",
        "textarea",
        "input",
        "svg",
        "canvas",
        "iframe",
        "object",
        "audio",
        "video",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
).union(_HEADINGS)
_IN_CELLS = ("table", "ul", "ol", "dl", *_HEADINGS)  # a row with these lays a page out
_CHARSET = re.compile(rb"""<meta[^<>]{0,200}?charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_DECLARED_WITHIN = 4_096  # bytes
_ENUMERATOR = re.compile(r"\W*\w{1,4}[.)]|\W")  # in a cell of its own it is that of the next one
_FIELDS = ("author", "date", "description", "keywords")


def parse(data: bytes, limits: DocumentLimits) -> Document:
    """Reads HTML, in the encoding that it declares, or in UTF-8."""
    root, outline = _tree(data), Outline(limits)
    outline.title = "".join(next(root.iter("title"), root.makeelement("title")).itertext())
    outline.language = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    for meta in root.iter("meta"):
        name = (meta.get("name") or "").lower().removeprefix("dc.").removeprefix("dcterms.")
        if name in _FIELDS and meta.get("content"):
            outline.metadata.setdefault(name, meta.get("content"))
    mains = list(root.iter("main"))
    _Walk(outline).over(mains[0] if len(mains) == 1 else root)
    return outline.document()


def _tree(data: bytes) -> Any:
    declared = _CHARSET.search(data[:_DECLARED_WITHIN])
    encoding = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    if encoding in ("iso-8859-1", "latin1", "ascii", "us-ascii"):
        encoding = "cp1252"  # what they mean in HTML: https://encoding.spec.whatwg.org/#names-and-labels
    try:
        text = decode(data, encoding)
    except LookupError as error:
        raise UnreadableError(
            f"it declares the encoding {encoding!r}, which is not known", "Save it as UTF-8."
        ) from error
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, recover=True
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser) if text.strip() else None
    if root is None:
        raise UnreadableError("it holds no text", "Leave it out.")
    return root


class _Walk:
    """Goes over elements in their order and hands on what stands between the borders of blocks."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.pieces: list[str] = []
        self.references: list[str] = []

    def over(self, root: Any) -> None:
        """Reads an element and all within."""
        walker = etree.iterwalk(root, events=("start", "end"))
        for event, element in walker:
            tag = element.tag
            if event == "start":
                if tag in _LEFT_OUT or element.get("hidden") is not None:
                    self.finish()
                    walker.skip_subtree()
                    continue
                if tag in _BLOCKS:
                    self.finish()
                if tag == "tr" and _is_row(element):
                    self.pieces.append(_row(element))
                    self.references += _targets(element)
                    walker.skip_subtree()
                    continue
                if tag == "a":
                    self.references += _targets(element)
                self.pieces.append("\n\n" if tag == "br" else element.text or "")
            else:
                if tag in _HEADINGS:
                    self.outline.heading(_HEADINGS[tag], self.taken(), element.get("id", ""))
                elif tag in _BLOCKS:
                    self.finish()
                if element is not root:
                    self.pieces.append(element.tail or "")
        self.finish()

    def finish(self) -> None:
        """Hands on what was read since the last border; two line breaks are one as well."""
        references, self.references = self.references, []
        for paragraph in self.taken().split("\n\n\n\n"):
            self.outline.paragraph(paragraph, references=references)
            references = []

    def taken(self) -> str:
        """What was read since the last border."""
        text = "".join(self.pieces)
        self.pieces = []
        return text


def _is_row(row: Any) -> bool:
    """Whether a row of a table holds values, and no parts of a page."""
    return not any(True for _ in row.iter(*_IN_CELLS)) and all(
        sum(1 for _ in cell.iter("p", "div")) <= 1 for cell in row
    )


def _row(row: Any) -> str:
    cells = [cell for cell in (clean(" ".join(cell.itertext())) for cell in row) if cell]
    if len(cells) > 1 and _ENUMERATOR.fullmatch(cells[0]):
        cells[:2] = [f"{cells[0]} {cells[1]}"]
    return " | ".join(cells)


def _targets(element: Any) -> list[str]:
    links = (link.get("href", "").strip() for link in element.iter("a"))
    return [link for link in links if link and not link.startswith(("#", "javascript:", "mailto:"))]
