"""XML by lxml: Akoma Ntoso by its own structure, anything else by its titles and where its text stands."""

from __future__ import annotations

import html
import re
from typing import Any, NamedTuple

from lxml import etree

from kgrag.config import DocumentLimits
from kgrag.documents.document import LONGEST_HEADING, Document, Outline, UnreadableError, clean

_XML = "{http://www.w3.org/XML/1998/namespace}"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_LANGUAGES = {  # ISO 639-2 and -3, which Akoma Ntoso uses, where the first two letters are not those of ISO 639-1
    "deu": "de", "ger": "de", "spa": "es", "est": "et", "gle": "ga", "ell": "el", "gre": "el", "zho": "zh", "chi": "zh",
    "pol": "pl", "por": "pt", "slk": "sk", "slo": "sk", "slv": "sl", "swe": "sv", "dan": "da", "mlt": "mt", "jpn": "ja",
    "tur": "tr", "ukr": "uk", "ces": "cs", "cze": "cs", "nld": "nl", "dut": "nl", "ron": "ro", "rum": "ro",
}  # fmt: skip

_TITLES = ("docType", "docNumber", "docTitle", "shortTitle", "longTitle", "preface")  # parts, and the whole, best first
_WORD = re.compile(r"§|[^\W\d_IVXLCDM]")  # what a number has that says itself what it is the number of
_LONGEST = 600  # characters of a title


class Dialect(NamedTuple):
    """What elements of some kind of XML are, by their names.

    Attributes:
        headings: Headings of the elements that they stand in.
        units: Elements that have a number for a heading, if nothing else.
        paragraphs: Elements that are paragraphs, even where no text of their own stands in them.
        notes: What stands in a text and is none of it; read after it.
        left_out: What is not read.
    """

    headings: frozenset[str]
    units: frozenset[str]
    paragraphs: frozenset[str]
    notes: frozenset[str]
    left_out: frozenset[str]


_AKOMA_NTOSO = Dialect(
    headings=frozenset({"heading", "subheading"}),
    units=frozenset(["article", "book", "chapter", "part", "recital", "rule", "section", "title", "tome"]),
    paragraphs=frozenset({"p", "block"}),
    notes=frozenset({"authorialNote"}),
    left_out=frozenset({"meta", "toc"}),
)
_OTHER = Dialect(
    headings=frozenset({"title", "head", "heading", "article-title"}),
    units=frozenset(),
    paragraphs=frozenset({"p", "para"}),
    notes=frozenset({"note", "footnote", "fn"}),
    left_out=frozenset({"teiHeader", "ref-list", "bibliography", "script", "style"}),
)


def parse(data: bytes, limits: DocumentLimits) -> Document:
    """Reads XML: an element with text of its own is a paragraph, one with a heading is a section."""
    root, outline = _tree(data), Outline(limits)
    is_akoma_ntoso = _name(root) == "akomaNtoso"
    if is_akoma_ntoso:
        _describe(root, outline)
    outline.language = outline.language or root.get(f"{_XML}lang") or root.get("lang") or ""
    _walk(root, _AKOMA_NTOSO if is_akoma_ntoso else _OTHER, outline)
    return outline.document()


def _tree(data: bytes) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError(f"it is no well-formed XML: {error}") from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise UnreadableError("it declares entities, which can make it endless", "Save it without a DOCTYPE.")
    return root


def _describe(root: Any, outline: Outline) -> None:
    """Title, language and metadata of Akoma Ntoso."""
    first: dict[str, Any] = {}
    for element in root.iter(etree.Element):
        first.setdefault(_name(element), element)
    texts = {name: clean(_text(first[name], _AKOMA_NTOSO, [])) for name in _TITLES if name in first}
    title = next((text for text in map(texts.get, _TITLES[2:]) if text and len(text) <= _LONGEST), "")
    if texts.get("docNumber", "") not in title:
        title = " ".join(filter(None, (texts.get("docType"), texts["docNumber"], title)))
    outline.title = title or (first["FRBRalias"].get("value", "") if "FRBRalias" in first else "")
    if "FRBRlanguage" in first:
        code = first["FRBRlanguage"].get("language", "").lower()
        outline.language = _LANGUAGES.get(code, code[:2] if len(code) == 3 else code)
    for key, name, attribute in (
        ("work", "FRBRuri", "value"),
        ("date", "FRBRdate", "date"),
        ("country", "FRBRcountry", "value"),
    ):
        if name in first and first[name].get(attribute):
            outline.metadata[key] = first[name].get(attribute)


def _walk(root: Any, dialect: Dialect, outline: Outline) -> None:
    """Goes over elements in their order; depth tells the levels of headings."""
    opened: list[int] = []
    depth, number = 0, ""
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        if event == "end":
            if opened and opened[-1] == depth:
                outline.end(opened.pop())
            depth -= 1
            continue
        depth += 1
        if not isinstance(element.tag, str) or _name(element) in dialect.left_out:
            walker.skip_subtree()
            continue
        name = _name(element)
        heading, text = _heading(element, dialect)
        if heading:
            opened.append(depth)
            outline.heading(depth, heading, _id(element))
            if text:
                outline.paragraph(text)
        if opened and opened[-1] == depth - 1 and (name in dialect.headings or name == "num"):
            walker.skip_subtree()  # it is in the heading of the section
        elif name == "num":
            number = " ".join(filter(None, (number, _text(element, dialect, []))))
            walker.skip_subtree()
        elif _has_text(element) or name in dialect.headings or name in dialect.paragraphs:
            notes: list[Any] = []
            text = " ".join(filter(None, (number, _text(element, dialect, notes))))
            outline.paragraph(text, references=_references(element))
            for note in notes:
                outline.paragraph(_text(note, dialect, []))
            number = ""
            walker.skip_subtree()


def _heading(element: Any, dialect: Dialect) -> tuple[str, str]:
    """Number and heading of an element, and a text that was marked as its heading; the first is empty where it makes no section."""
    children = list(element.iterchildren(etree.Element))
    number = clean(" ".join(_text(child, dialect, []) for child in children if _name(child) == "num"))
    heading = clean(" ".join(_text(child, dialect, []) for child in children if _name(child) in dialect.headings))
    if not heading and _name(element) not in dialect.units:
        return "", ""
    if number and _name(element) in dialect.units and not _WORD.search(number):
        number = f"{_name(element).capitalize()} {number}"
    whole = " ".join(filter(None, (number, heading)))
    return (number, heading) if number and len(whole) > LONGEST_HEADING else (whole, "")


def _has_text(element: Any) -> bool:
    """Whether text stands in it, and not only in what is within."""
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _text(element: Any, dialect: Dialect, notes: list[Any]) -> str:
    """The text of an element without its notes, which are put into the list."""
    pieces = []
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, node in walker:
        if event == "end":
            pieces.append(node.tail or "" if node is not element else "")
        elif not isinstance(node.tag, str):
            pieces.append(html.unescape(node.text or ""))  # an entity that HTML knows, such as &nbsp;
        elif node is not element and _name(node) in dialect.notes:
            notes.append(node)
            walker.skip_subtree()
        else:
            pieces.append(node.text or "")
            if _name(node) in ("eol", "br", "lb"):
                pieces.append(" ")
    return "".join(pieces)


def _references(element: Any) -> list[str]:
    found = (node.get("href") or node.get(_XLINK) for node in element.iter(etree.Element))
    return [reference for reference in found if reference]


def _id(element: Any) -> str:
    return element.get("eId") or element.get(f"{_XML}id") or element.get("id") or ""


def _name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
