"""Documents of every kind: what is read of each, what they are called, and what cannot be read."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from document_files import ACT, HTML, JSON_LINES, MARKDOWN, TABLE, TEXT, Written, padded, pdf, report, word

from kgrag.config import DocumentLimits
from kgrag.documents import Document, Section, read
from kgrag.documents.document import clean
from kgrag.documents.units import unit
from kgrag.errors import DocumentError, KgragError

Write = Callable[[str, object], Path]
WORD = [("The Delta pump", "Title"), ("Parts", "Heading 1"), ("One motor.", "Normal"), ("Two valves.", "List Bullet")]
AUTHOR = {"author": "A. Author"}


def one(data: bytes | str, kind: str) -> Document:
    """The document that some data is."""
    (document,) = read(data.encode() if isinstance(data, str) else data, kind=kind)
    return document


def test_plain_text() -> None:
    assert one(TEXT, "txt").sections == (
        Section((), ("The Delta pump moves water. It was built in 1999.",)),
        Section(("Article 1 Scope",), ("1. It is safe.", "2. It is quiet.")),
        Section(("第二章 阀门", "第六条"), ("阀门应当安全。",)),
    )
    long = "A line that is long is a paragraph of its own. " * 3
    assert one(f"{long}\n{long}", "txt").sections[0].paragraphs == (long.strip(), long.strip())


def test_markdown() -> None:
    document = one(MARKDOWN, "md")
    assert (document.title, document.metadata) == ("The Delta pump", {"date": "2020-03-01"})
    assert document.sections == (
        Section(("Overview",), ("It moves water, see valves.",), references=("valves.md",)),
        Section(
            ("Overview", "Parts"),
            ("One motor.", "Two XJ-4 valves.", "Part | Price", "Motor | 90", "pump --start"),
        ),
    )


def test_html() -> None:
    document = one(HTML, "html")
    assert (document.title, document.language, document.metadata) == ("The Delta pump", "en-GB", AUTHOR)
    assert document.sections == (
        Section(("The Delta pump",), ("It moves water, see valves.",), "top", references=("/valves.html",)),
        Section(
            ("The Delta pump", "Parts"),
            ("One motor.", "Two valves.", "Part | Price", "Motor | 90 €", "First line.", "Second line."),
            "parts",
        ),
    )


def test_html_without_marks_of_structure_has_that_of_its_articles() -> None:
    page = "<table><tr><td><p>Article 2</p><p>Scope of the act</p></td></tr><tr><td>(a)</td><td>toys;</td></tr></table>"
    assert one(page, "html").sections == (Section(("Article 2 Scope of the act",), ("(a) toys;",)),)


@pytest.mark.parametrize(
    ("encoding", "declared"), [("utf-8", ""), ("gb18030", "gb18030"), ("utf-16", ""), ("shift_jis", "shift_jis")]
)
def test_html_in_other_encodings(encoding: str, declared: str) -> None:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    assert one(f"<html>{meta}<p>安全</p>".encode(encoding), "html").sections[0].paragraphs == ("安全",)
    western = '<meta charset="iso-8859-1"><p>“a” – b</p>'.encode("cp1252")
    assert one(western, "html").sections[0].paragraphs == ("“a” – b",)


def test_pdf() -> None:
    document = one(report(), "pdf")
    assert (document.title, document.metadata) == ("Delta", AUTHOR)
    assert document.sections == (
        Section(
            ("The Delta pump", "1 Parts"),
            (
                "The pump has a motor, which turns without end, and two valves that open one after the other, as long as "
                "there is water.",
                "A second paragraph stands apart from what is above it here, and it goes on from one page to the one that "
                "follows, where it ends.",
            ),
            pages=(1, 1),
        ),
        Section(
            ("The Delta pump", "2 Prices"),
            (
                "All prices are in euro, and they are what they were before.",
                "Text of page 3 is short.",
                "Text of page 4 is short.",
            ),
            pages=(2, 3, 4),
        ),
    )


def test_pdf_in_chinese() -> None:
    lines = [Written("药物有效，而且很", y=700), Written("安全。", y=686)]
    assert one(pdf([lines]), "pdf").sections == (Section((), ("药物有效，而且很安全。",), pages=(1,)),)


def test_headings_of_a_pdf_by_its_own_table_of_contents() -> None:
    lines = [
        Written("Parts", y=700),
        Written("It has one motor.", y=680),
        Written("Prices", y=660),
        Written("None.", y=640),
    ]
    document = one(pdf([lines], contents=[("Parts", 0), ("PRICES", 0)]), "pdf")
    assert [section.headings for section in document.sections] == [("Parts",), ("Prices",)]


def test_divided_words_are_joined_as_they_are_written_elsewhere() -> None:
    texts = ["A long-term plan, and an-", "other one. A long-", "term plan with a pro-", "visional end."]
    lines = [Written(text, y=700 - 14 * number) for number, text in enumerate(texts)]
    assert one(pdf([lines]), "pdf").sections[0].paragraphs == (
        "A long-term plan, and another one. A long-term plan with a provisional end.",
    )


def test_columns_of_a_pdf_are_read_one_after_the_other() -> None:
    left = [Written("A sentence that begins", y=700), Written("at the left, and", y=686)]
    right = [Written("that ends at the right.", y=700, x=330), Written("Another one.", y=686, x=330)]
    assert one(pdf([[*left, *right]]), "pdf").sections[0].paragraphs == (
        "A sentence that begins at the left, and that ends at the right. Another one.",
    )


def test_word() -> None:
    document = one(word(WORD, [["Part", "Price"], ["Motor", "90"]], "Delta"), "docx")
    assert (document.title, document.metadata) == ("Delta", AUTHOR)
    assert document.sections == (
        Section(("The Delta pump", "Parts"), ("One motor.", "Two valves.", "Part | Price", "Motor | 90")),
    )


def test_akoma_ntoso() -> None:
    document = one(ACT, "xml")
    assert (document.title, document.language) == ("Pump Act 2020/7 on pumps and valves", "en")
    assert document.metadata == {"work": "/akn/xx/act/2020/7", "date": "2020-03-01", "country": "xx"}
    chapter = "CHAPTER I General provisions"
    assert document.sections == (
        Section((), ("Pump Act 2020/7 on pumps and valves",)),
        Section(("Recital (1)",), ("Pumps should be safe.",), "recs__rec_1"),
        Section(
            (chapter, "Article 1 Scope"),
            (
                "1. This Act applies to pumps as defined in Article 2.",
                "See the Pump Register.",
                "2. It does not apply to:",
                "(a) toys;",
                "(b) bicycles.",
            ),
            "art_1",
            references=("#art_2",),
        ),
        Section(
            (chapter, "Article 2 Definitions"),
            ("A pump moves water, see Act 1999/1, Article 9.",),
            "art_2",
            references=("/akn/xx/act/1999/1#art_9",),
        ),
        Section((), ("Done at Springfield.",)),
    )


def test_other_xml() -> None:
    text = (
        '<!DOCTYPE article PUBLIC "-//X" "http://x.invalid/y.dtd"><article xml:lang="fr"><front><article-title>T'
        '</article-title></front><body><sec id="s1"><title>One <i>x</i></title><p>x&nbsp;y <b>&alpha;</b>z<fn>Note.</fn></p>'
        "<sec><title>Two</title><p>b</p></sec><p>c</p></sec></body></article>"
    )
    document = one(text, "xml")
    assert (document.language, document.title) == ("fr", "T")
    assert (
        document.sections
        == (
            Section(("T",), (), "s1"),
            Section(("One x",), ("x y αz", "Note."), "s1"),
            Section(("One x", "Two"), ("b",)),
            Section(("One x",), ("c",), "s1"),
        )[1:]
    )


def test_json_lines() -> None:
    assert list(read(JSON_LINES.encode(), kind="jsonl")) == [
        Document(
            "p1",
            "Warfarin",
            "data",
            metadata={"year": 1954},
            sections=(Section((), ("Warfarin thins the blood.",)),),
            entities=("urn:warfarin",),
        ),
        Document("data:3", source="book", metadata={"page": 7}, sections=(Section((), ("Aspirin relieves pain.",)),)),
    ]


def test_metadata_is_short_and_simple() -> None:
    line = {
        "text": "A.",
        "year": 1999,
        "open": True,
        "long": "x" * 1_001,
        "list": [1],
        "huge": 10**20,
        "metadata": {"a": "b"},
    }
    assert one(json.dumps(line), "jsonl").metadata == {"year": 1999, "open": True, "a": "b"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables(delimiter: str) -> None:
    table = delimiter.join(TABLE.split(",")).replace(f"new{delimiter} ", "new, ")
    first, second = read(table.encode(), kind="csv")
    assert first.sections == (Section((), ("Two valves.", 'They are new, "really".')),)
    assert (first.id, first.metadata, second.id, second.metadata) == ("p2", {"price": "90"}, "p3", {})


# What begins an article or a chapter


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("Article 5", "Article 5"),
        ("ARTICLE 12a — Scope", "ARTICLE 12a — Scope"),
        ("§ 823 Schadensersatzpflicht", "§ 823 Schadensersatzpflicht"),
        ("Chapter IV: Pumps", "Chapter IV: Pumps"),
        ("Глава 2. Клапаны", "Глава 2. Клапаны"),
        ("第三章 罚则", "第三章 罚则"),
        ("第十二条　泵应当安全。", "第十二条"),
        ("Article 5 applies to pumps.", None),
        ("Article 5 applies to", None),
        ("Articles of this kind", None),
        ("See Article 5", None),
        ("Section 2, in part,", None),
        ("第一次测量", None),
        ("", None),
    ],
)
def test_units(text: str, heading: str | None) -> None:
    found = unit(text)
    assert (found and found.heading) == heading


# Files, folders, streams


def test_files_and_folders_and_what_their_documents_are_called(write: Write, tmp_path: Path) -> None:
    write("box/b.txt", "B.")
    write("box/a.md", "A.")
    (tmp_path / "box" / "more").mkdir()
    (tmp_path / "box" / "more" / "c.HTML").write_text("<p>C.")
    (tmp_path / "box" / "p.jsonl").write_text('{"id": "x", "text": "X."}')
    for left in (".hidden.txt", "picture.png", "more/.d.txt"):
        (tmp_path / "box" / left).write_text("no")
    found = [(d.id, d.source) for d in read(tmp_path / "box", str(tmp_path / "box" / "b.txt"))]
    assert found == [
        ("box/a.md", "box/a.md"),
        ("box/b.txt", "box/b.txt"),
        ("x", "box/p.jsonl"),
        ("box/more/c.HTML", "box/more/c.HTML"),
        ("b.txt", "b.txt"),
    ]
    os.chdir(tmp_path / "box")
    assert [d.id for d in read(".")][0] == "box/a.md"


@pytest.mark.skipif(sys.platform != "linux", reason="names are text")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("A.")
    assert [d.source for d in read(tmp_path)] == [f"{tmp_path.name}/caf\ufffd.txt"]


def test_bytes_and_streams(write: Write) -> None:
    path = write("a.txt", "A.")
    with open(path, "rb") as stream:
        assert [d.id for d in read(b"A.", bytearray(b"A."), io.BytesIO(b"A."), stream)] == ["data"] * 3 + ["a.txt"]


@pytest.mark.parametrize("source", [5, None, io.StringIO("A.")])
def test_what_is_no_source(source: object) -> None:
    with pytest.raises(DocumentError, match="Give a path, bytes or a stream"):
        list(read(source))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "data", "paragraph"),
    [
        ("a", b"<!DOCTYPE html><p>A.", "A."),
        ("a.xyz", ACT.encode(), "Pump Act 2020/7 on pumps and valves"),
        ("a", b'{"text": "A."}', "A."),
        ("a.pdf.txt", pdf([[Written("A.")]]), "A."),
        ("README", b"A.", "A."),
        ("a", "A.".encode("utf-16"), "A."),
        ("a.txt", b"\xef\xbb\xbfA.\r\nB.\rC.", "A. B. C."),
        ("a", word([("A.", "Normal")]), "A."),
    ],
)
def test_the_content_tells_where_the_ending_does_not(write: Write, name: str, data: bytes, paragraph: str) -> None:
    (document,) = read(write(name, data))
    assert document.sections[0].paragraphs[0] == paragraph


def test_what_cannot_be_seen_or_written_is_left_out() -> None:
    text = one('{"text": "a\\u0000b\\u00ad\\u001b[31m c\\u200c\\u202f d"}', "jsonl").sections[0].paragraphs[0]
    assert text == "ab[31m c\u200c d" and clean("a\ud800") == "a\ufffd"
    assert one("<p>药物\n有效 and\nsafe", "html").sections[0].paragraphs == ("药物有效 and safe",)


# What cannot be read

BROKEN = [
    ("none.txt", None, "There is no file"),
    ("a.txt", b"", "holds no text"),
    ("a.txt", b"caf\xe9", "not text in utf-8"),
    ("a.txt", b"a\0b", "is no text"),
    ("a.md", b"---\ntitle: x\n---\n", "holds no text"),
    ("a.html", b"<html><script>x</script>", "holds no text"),
    ("a.html", b"", "holds no text"),
    ("a.html", b"<p>caf\xe9", "not text in utf-8"),
    ("a.pdf", b"%PDF-1.7 and no more", "is no PDF, or a damaged one"),
    ("a.pdf", b"<html>Not found", "is no PDF"),
    ("a.pdf", pdf([[]]), "only pictures"),
    ("a.pdf", pdf([[Written("x")]], locked=True), "asks for a password"),
    ("a.docx", b"PK\x03\x04 and no more", "is no .docx file, or a damaged one"),
    ("a.docx", b"hello", "is no .docx file"),
    ("a.docx", word([]), "holds no text"),
    ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more", "old Office program"),
    ("a.zip", b"PK\x03\x04 and more", "is packed"),
    ("a.xml", b"<a>x</b>", "is no well-formed XML"),
    ("a.xml", b"<a><b/></a>", "holds no text"),
    ("a.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "declares entities"),
    ("a.bin", b"\x01\x00\x02", "no kind that is known"),
    ("a.jsonl", b'{"text": "fine"}\n{"text": \n', "a.jsonl, line 2: it is no JSON"),
    ("a.jsonl", b'{"text": "fine"}\n\n[1]\n', "a.jsonl, line 3: it is no JSON object"),
    ("a.jsonl", b'{"text": " "}\n', "line 1: it has no text"),
    ("a.jsonl", b'{"text": 5}\n', "line 1: 'text' must be a text"),
    ("a.jsonl", b'{"text": "x", "title": 5}\n', "line 1: 'title' must be a text"),
    ("a.jsonl", b'{"text": "x", "entities": "urn:x"}\n', "line 1: 'entities' must be a list"),
    ("a.jsonl", b'{"text": "x", "metadata": 5}\n', "line 1: 'metadata' must be an object"),
    ("a.jsonl", b'{"text": "x", "year": NaN}\n', "line 1: it is no JSON"),
    ("a.jsonl", b'{"text": "x", "id": "\\ud800"}\n', "line 1: it is no JSON"),
    ("a.jsonl", b'{"text": "caf\xe9"}\n', "line 1: it is not text in utf-8"),
    ("a.csv", b"name,price\nx,5\n", "its header names no text"),
    ("a.csv", b"text,price\nx,5\ny\n", "a.csv, line 3: it has 1 cells"),
    ("a.csv", b'text\n"x"y"\n', "line 2"),
    ("a.csv", b'text\n"x\n', "line 2: unexpected end of data"),
    ("a.csv", b"text\ncaf\xe9\n", "line 2: it is not text in utf-8"),
]


@pytest.mark.parametrize(("name", "data", "reason"), BROKEN)
def test_a_broken_document_is_named(write: Write, tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    path = write(name, data) if data is not None else tmp_path / name
    with pytest.raises(DocumentError, match=reason) as error:
        list(read(path))
    assert name in str(error.value) and "\n" not in str(error.value)


def test_a_folder_without_documents_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="holds no document"):
        list(read(tmp_path))


def test_what_is_broken_is_left_out_and_listed(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    write("box/a.txt", "A.")
    write("box/b.pdf", b"%PDF-1.7")
    write("box/c.xml", b"<a>")
    write("box/d.csv", b'text,n\nB.,1\nbad\n"C.",2\ncaf\xe9,3\nD.,4\n')
    path = write("box/e.jsonl", b'{"text": "E."}\n{\n{"text": "F."}\n')
    with caplog.at_level(logging.WARNING):
        documents = list(read(path.parent, on_error="skip"))
    assert [d.sections[0].paragraphs[0] for d in documents] == ["A.", "B.", "C.", "D.", "E.", "F."]
    assert "5 documents were left out" in caplog.text
    for place in ("b.pdf: it is no PDF", "c.xml: it is no", "d.csv, line 3", "d.csv, line 5", "e.jsonl, line 2"):
        assert place in caplog.text


def test_options_that_are_none() -> None:
    with pytest.raises(DocumentError, match="on_error is 'ignore'"):
        list(read(b"A.", on_error="ignore"))
    with pytest.raises(DocumentError, match="kind 'rtf'"):
        list(read(b"A.", kind="rtf"))


LIMITED: dict[str, tuple[str, bytes, float, float]] = {  # kind, what is read, a limit that lets it in, and one too low
    "file_bytes": ("txt", b"Hello.", 6, 5),
    "unpacked_ratio": ("docx", padded(word([("x", "Normal")]), 20 << 20), 1_000, 100),
    "characters": ("html", b"<h1>ab</h1><p>cde", 5, 4),
    "pages": ("pdf", pdf([[Written("x")]] * 3), 3, 2),
    "seconds": ("md", b"# Pump", 60, 1e-4),
    "memory_bytes": ("html", b"<p>a" * 300_000, 1 << 30, 1 << 20),
}


def test_every_limit_is_tested() -> None:
    assert {field.name for field in dataclasses.fields(DocumentLimits)} == set(LIMITED)


@pytest.mark.parametrize("name", LIMITED)
def test_limits(name: str) -> None:
    kind, data, enough, too_low = LIMITED[name]
    assert list(read(data, kind=kind, limits=DocumentLimits(**{name: enough})))  # type: ignore[arg-type]
    with pytest.raises(DocumentError, match=rf"DocumentLimits\.{name}"):
        list(read(data, kind=kind, limits=DocumentLimits(**{name: too_low})))  # type: ignore[arg-type]


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "docx.py").write_text("raise ImportError('none', name='docx')")
    monkeypatch.syspath_prepend(tmp_path)  # the process that parses seeks modules where this one does
    with pytest.raises(KgragError, match=r"docx must be installed. pip install 'kgrag\[documents\]'"):
        list(read(word([("A.", "Normal")]), on_error="skip"))
