"""Small files of every kind, made on the spot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

LOCK = b"/ID [ <00> <00> ] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O (%s) /U (%s) >>" % (b"o" * 32, b"u" * 32)


class Written(NamedTuple):
    """A line of a page: its text, height of its letters, and where it stands, in points."""

    text: str
    size: float = 11
    y: float = 700
    x: float = 72


HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
SONG = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [ << /Type /Font "
    b"/Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> "
    b"/FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [0 -200 1000 900] /ItalicAngle 0 "
    b"/Ascent 800 /Descent -200 /CapHeight 800 /StemV 80 >> >> ] >>"
)


def pdf(
    pages: Sequence[Sequence[Written]],
    title: str = "",
    contents: Sequence[tuple[str, int]] = (),
    locked: bool = False,
) -> bytes:
    """A PDF; ``contents`` are titles with their pages, from 0; nobody has the password of a locked one."""
    objects = [b"", b"", HELVETICA, SONG]  # the first two are the catalogue and the pages
    kids = []
    for lines in pages:
        shown = b"".join(
            b"BT /F%d %g Tf %g %g Td %s Tj ET\n" % (1 if t.isascii() else 2, size, x, y, _string(t))
            for t, size, y, x in lines
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R "
            b">> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (len(kids), b" ".join(kids))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    if contents:
        first = len(objects) + 2
        objects.append(
            b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>"
            % (first, first + len(contents) - 1, len(contents))
        )
        objects[0] = b"<< /Type /Catalog /Pages 2 0 R /Outlines %d 0 R >>" % (first - 1)
        for number, (name, page) in enumerate(contents):
            after = b"/Next %d 0 R" % (first + number + 1) if number + 1 < len(contents) else b""
            objects.append(
                b"<< /Title %s /Parent %d 0 R /Dest [ %s /Fit ] %s >>" % (_string(name), first - 1, kids[page], after)
            )
    objects.append(b"<< /Title %s /Author (A. Author) >>" % _string(title))
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, content in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(
        b"trailer << /Size %d /Root 1 0 R /Info %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, len(objects), LOCK if locked else b"", table)
    )
    return out.getvalue()


def _string(text: str) -> bytes:
    if text.isascii():
        return b"(%s)" % text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode()
    return b"<%s>" % text.encode("utf-16-be").hex().encode()


def word(paragraphs: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]] = (), title: str = "") -> bytes:
    """A Word file of paragraphs, each with its style, and a table after them."""
    import docx

    document = docx.Document()
    document.core_properties.title = title
    document.core_properties.author = "A. Author"
    for text, style in paragraphs:
        document.add_paragraph(text, style=style)
    if rows:
        table = document.add_table(len(rows), len(rows[0]))
        for row, cells in zip(table.rows, rows):
            for cell, text in zip(row.cells, cells):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def padded(data: bytes, size: int) -> bytes:
    """A packed file with one part more, of so many bytes."""
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/more.bin", bytes(size))
    return out.getvalue()


def repacked(data: bytes, name: str, content: bytes) -> bytes:
    """A packed file with another content for one of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, content if entry.filename == name else old.read(entry))
    return out.getvalue()


ACT = """<?xml version="1.0" encoding="UTF-8"?>
<akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0"><act name="act"><meta>
  <identification source="#s"><FRBRWork><FRBRthis value="/akn/xx/act/2020/7/!main"/><FRBRuri value="/akn/xx/act/2020/7"/>
  <FRBRdate date="2020-03-01" name=""/><FRBRcountry value="xx"/></FRBRWork>
  <FRBRExpression><FRBRuri value="/akn/xx/act/2020/7/eng@"/><FRBRlanguage language="eng"/></FRBRExpression></identification>
</meta>
<preface><p><docType>Pump Act</docType> <docNumber>2020/7</docNumber> <docTitle>on pumps and valves</docTitle></p></preface>
<preamble><recitals eId="recs"><recital eId="recs__rec_1"><num>(1)</num><p>Pumps should be safe.</p></recital></recitals></preamble>
<body><chapter eId="chp_I"><num>CHAPTER I</num><heading>General provisions</heading>
  <article eId="art_1"><num>Article 1</num><heading>Scope</heading>
    <paragraph eId="art_1__para_1"><num>1.</num><content><p>This Act applies to pumps<authorialNote marker="1"><p>See the Pump
      Register.</p></authorialNote> as defined in <ref href="#art_2">Article 2</ref>.</p></content></paragraph>
    <paragraph eId="art_1__para_2"><num>2.</num><list><intro><p>It does not apply to:</p></intro>
      <point><num>(a)</num><content><p>toys;</p></content></point><point><num>(b)</num><content><p>bicycles.</p></content></point>
    </list></paragraph></article>
  <article eId="art_2"><num>Article 2</num><heading>Definitions</heading>
    <paragraph eId="art_2__para_1"><content><p>A pump moves water, see <ref href="/akn/xx/act/1999/1#art_9">Act 1999/1,
      Article 9</ref>.</p></content></paragraph></article></chapter></body>
<conclusions><p>Done at Springfield.</p></conclusions></act></akomaNtoso>
"""

HTML = """<!DOCTYPE html><html lang="en-GB"><head><title>The Delta pump</title><meta name="author" content="A. Author">
<style>p {color: red}</style><script>alert("no")</script></head><body><nav><a href="/home">Home</a></nav><main>
<h1 id="top">The Delta pump</h1><p>It moves <b>water</b>, see <a href="/valves.html">valves</a>.</p>
<h2 id="parts">Parts</h2><ul><li>One motor.</li><li>Two valves.</li></ul>
<table><tr><th>Part</th><th>Price</th></tr><tr><td>Motor</td><td>90&nbsp;€</td></tr></table>
<p>First line.<br><br>Second line.</p><p hidden>Not seen.</p></main><footer>Imprint</footer></body></html>
"""

MARKDOWN = """---
title: The Delta pump
date: 2020-03-01
---
# Overview

It moves **water**, see
[valves](valves.md).

## Parts

- One motor.
- Two `XJ-4` valves.

| Part | Price |
|---|---|
| Motor | 90 |

    pump --start
"""

TEXT = """The Delta pump moves water. It was
built in 1999.

Article 1
Scope

1. It is safe.
2. It is quiet.

第二章 阀门

第六条 阀门
应当安全。"""

JSON_LINES = (
    '{"id": "p1", "text": "Warfarin thins the blood.", "title": "Warfarin", "entities": ["urn:warfarin"], "year": 1954}\n'
    '\n{"text": "Aspirin relieves pain.", "source": "book", "metadata": {"page": 7}}\n'
)
TABLE = 'id,text,price\np2,"Two valves.\n\nThey are new, ""really"".",90\np3,One motor.,\n'


def report() -> bytes:
    """A PDF of four pages with a head and a foot on each."""
    lead = [Written("Pump report", 9, 760), Written("The Delta pump", 20, 720)]
    body = [
        Written("1 Parts", 15, 680),
        Written("The pump has a motor, which turns without end, and two val-", 11, 660),
        Written("ves that open one after the other, as long as there is water.", 11, 646),
        Written("A second paragraph stands apart from what is above it here,", 11, 616),
        Written("and it goes on from one page to the one that follows, where", 11, 602),
    ]
    pages = [[*lead, *body]]
    pages.append([Written("Pump report", 9, 760), Written("it ends.", 11, 720), Written("2 Prices", 15, 690)])
    pages[1].append(Written("All prices are in euro, and they are what they were before.", 11, 670))
    for number in (3, 4):
        pages.append([Written("Pump report", 9, 760), Written(f"Text of page {number} is short.", 11, 720)])
    for number, page in enumerate(pages, start=1):
        page.append(Written(f"Page {number} of 4", 9, 30))
    return pdf(pages, "Delta")
