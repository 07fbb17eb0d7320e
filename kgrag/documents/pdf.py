"""PDF by PDFium: lines of pages, put together to paragraphs and headings by where and how large they stand."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any, NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium

from kgrag.config import DocumentLimits
from kgrag.documents.document import Document, Outline, UnreadableError, clean

_LARGER = 1.12  # times the size of most text, from which a line is a heading
_GAP = 1.35  # times the usual distance of lines, from which the next one begins a paragraph
_SHORT = 0.75  # share of the usual length, below which a line that ends a sentence ends a paragraph
_LONGEST = 200  # characters of a heading
_EDGE = 2  # lines at the top and at the bottom of a page that may be the same on all
_REPEATED = 0.5  # share of the pages on which such a line stands
_LEADERS = 20  # characters, from which a line that is dots for a third is one of a table of contents
_HYPHEN = "\ufffe"  # stands where a word goes on in the next line; PDFium puts a 2 there
_LETTERS = {2: _HYPHEN, 0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl"}
_ITEM = re.compile(r"[•▪◦–—*-]\s|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]\s", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?:;。！？：；”\"')\]]\Z")


class Line(NamedTuple):
    """A line of a page.

    Attributes:
        page: From 1.
        size: Size of its first letter, in points.
        y: Where it stands, in points from the bottom.
    """

    text: str
    page: int
    size: float
    y: float


def parse(data: bytes, limits: DocumentLimits) -> Document:
    """Reads the text of a PDF; its headings are those of its own table of contents, and lines of larger letters."""
    outline = Outline(limits)
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD
        raise UnreadableError(*_LOCKED if locked else ("it is no PDF, or a damaged one",)) from error
    if len(pdf) > limits.pages:
        raise UnreadableError(f"it has {len(pdf):,} pages", "Split it, or raise DocumentLimits.pages.")
    details = pdf.get_metadata_dict(skip_empty=True)
    outline.title = details.get("Title", "")
    if "Author" in details:
        outline.metadata["author"] = details["Author"]
    pages = [list(_lines(pdf, number, limits)) for number in range(len(pdf))]
    if not any(pages):
        raise UnreadableError(
            "it holds no text, only pictures of it, if any", "Let a program for text recognition read it."
        )
    _arrange(_without_edges(pages), _contents(pdf), outline)
    return outline.document()


_LOCKED = ("it asks for a password", "Save it without one.")


def _lines(pdf: Any, number: int, limits: DocumentLimits) -> Iterator[Line]:
    try:
        page = pdf[number]
        text = page.get_textpage()
    except pypdfium2.PdfiumError as error:
        raise UnreadableError(f"its page {number + 1} is damaged") from error
    count, box, matrix = text.count_chars(), pdfium.FS_RECTF(), pdfium.FS_MATRIX()
    if count > limits.characters:
        raise UnreadableError(f"its page {number + 1} has {count:,} characters", "Raise DocumentLimits.characters.")
    chars: list[str] = []
    first = -1  # a character that is seen: its place is that of the line
    for at in range(count + 1):
        code = pdfium.FPDFText_GetUnicode(text, at) if at < count else ord("\n")
        if code == ord("\n"):
            if first >= 0:
                pdfium.FPDFText_GetLooseCharBox(text, first, ctypes.byref(box))
                pdfium.FPDFText_GetMatrix(text, first, ctypes.byref(matrix))
                size = pdfium.FPDFText_GetFontSize(text, first) * math.hypot(matrix.c, matrix.d)
                line = "".join(chars).translate(_LETTERS).strip()
                if 3 * line.count(".") < len(line) - line.count(" ") or len(line) < _LEADERS:
                    yield Line(line, number + 1, round(size, 1), box.bottom)
            chars, first = [], -1
        elif code:
            chars.append(chr(code) if code < 0x110000 else "\ufffd")
            first = at if first < 0 and chars[-1].isprintable() and not chars[-1].isspace() else first
    text.close()
    page.close()


def _contents(pdf: Any) -> dict[tuple[int, str], int]:
    """Levels of headings, by page and by their letters, as the table of contents of the file says."""
    levels = {}
    try:
        for entry in pdf.get_toc(max_depth=15):
            target = entry.get_dest()
            if target is not None and target.get_index() is not None:
                levels[target.get_index() + 1, _key(entry.get_title())] = entry.level + 1
    except pypdfium2.PdfiumError:
        pass  # it is a help only
    return levels


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, clean(text).casefold()))


def _without_edges(pages: Sequence[Sequence[Line]]) -> list[Line]:
    """Lines but for those that stand at the top or the bottom of most pages, whatever the number in them."""

    def edge(lines: Sequence[Line]) -> set[tuple[str, float]]:
        ends = sorted(lines, key=lambda line: line.y)
        return {_shape(line) for line in (*ends[:_EDGE], *ends[-_EDGE:])}

    shapes = Counter(shape for lines in pages for shape in edge(lines))
    least = max(3.0, _REPEATED * len(pages))
    repeated = {shape for shape, count in shapes.items() if count >= least}
    every = [line for lines in pages for line in lines]
    kept = [line for lines in pages for here in [edge(lines) & repeated] for line in lines if _shape(line) not in here]
    return kept or every


def _shape(line: Line) -> tuple[str, float]:
    return re.sub(r"\d+", "#", clean(line.text)), line.size


def _arrange(lines: Sequence[Line], contents: dict[tuple[int, str], int], outline: Outline) -> None:
    """Puts lines together.

    Args:
        lines: In the order of reading.
        contents: Levels of known headings.
        outline: Takes headings and paragraphs.
    """
    lengths: Counter[float] = Counter()
    for line in lines:
        lengths[line.size] += len(line.text)
    usual = lengths.most_common(1)[0][0]
    sizes = sorted((size for size in lengths if size > _LARGER * usual), reverse=True)
    level_of = {size: level for level, size in enumerate(sizes, start=1)}
    words = Counter(re.findall(r"[\w-]+", " ".join(line.text for line in lines)))
    body = [line for line in lines if line.size not in level_of] or lines
    width = median(len(line.text) for line in body)
    gaps = Counter(round(a.y - b.y, 1) for a, b in zip(body, body[1:]) if a.page == b.page and a.y > b.y)
    gap = min(gaps, key=lambda gap: (-gaps[gap], gap), default=0.0)
    pending: list[Line] = []
    level = 0  # of a heading that is pending; 0 for a paragraph

    def finish() -> None:
        if pending:
            text = _joined([line.text for line in pending], words)
            outline.heading(level, text) if level else outline.paragraph(text, pending[0].page)
        pending.clear()

    for line in lines:
        is_short = len(line.text) <= _LONGEST and any(map(str.isalpha, line.text))
        new = contents.get((line.page, _key(line.text)), level_of.get(line.size, 0) if is_short else 0)
        if new != level or not pending or _begins(pending[-1], line, gap, width, bool(level)):
            finish()
        level = new
        pending.append(line)
    finish()


def _begins(above: Line, line: Line, gap: float, width: float, is_heading: bool) -> bool:
    """Whether a line begins anew, and does not go on with what stands above it."""
    ends = _SENTENCE_END.search(above.text) is not None
    if above.page != line.page or line.y > above.y + line.size:  # the next page, or column
        return is_heading or (ends and not line.text[0].islower())
    apart = abs(above.y - line.y)
    if is_heading:
        return apart > 2 * line.size
    if gap and apart > _GAP * gap:
        return True
    return _ITEM.match(line.text) is not None or (ends and len(above.text) < _SHORT * width)


def _joined(lines: Sequence[str], words: Counter[str]) -> str:
    """Lines as one; a word that was divided is put together as it is written elsewhere in the file."""
    text = "\n".join(lines)
    text = re.sub(rf"{_HYPHEN}\s*", _HYPHEN, re.sub(r"(?<=\w)[-\u2010]\n(?=[^\W\d_])", _HYPHEN, text))

    def whole(found: re.Match[str]) -> str:
        hyphenated = f"{found[1]}-{found[2]}"
        is_compound = words[hyphenated] > words[found[1] + found[2]] or not found[2][0].islower()
        return hyphenated if is_compound else found[1] + found[2]

    return re.sub(rf"(\w+){_HYPHEN}(\w+)", whole, text).replace(_HYPHEN, "")
