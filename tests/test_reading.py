"""Reading RDF beyond what a parser does: sources, canonical XML, contexts of JSON-LD, packed files, tables, faults."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, Literal, NamedNode

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph, parse
from kgrag.graph.faults import snippet

LINE = b"<x:a> <x:b> <x:c> .\n"


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(
        content
        if isinstance(content, bytes)
        else (content if isinstance(content, str) else json.dumps(content)).encode()
    )
    return path


def objects(path: object, **options) -> list[str]:
    return sorted(str(obj) for _, _, obj, _ in parse(path, **options))


# Sources


def test_paths_bytes_and_streams_are_read_alike(tmp_path: Path) -> None:
    path = write(tmp_path, "a.nt", LINE)
    quads = [(NamedNode("x:a"), NamedNode("x:b"), NamedNode("x:c"), DefaultGraph())]
    with open(path, "rb") as stream:
        for source in (path, str(path), LINE, bytearray(LINE), io.BytesIO(LINE), stream):
            assert [tuple(quad) for quad in parse(source)] == quads


@pytest.mark.parametrize("source", [io.StringIO("<x:a> <x:b> <x:c> ."), 5, None])
def test_what_is_no_source(source: object) -> None:
    with pytest.raises(GraphError, match="Give a path, bytes or a stream"):
        list(parse(source))


def test_base_of_relative_iris(tmp_path: Path) -> None:
    turtle = b"<a> <x:b> <#c> ."
    path = write(tmp_path, "a.ttl", turtle)
    assert objects(path) == ["<file:///a.ttl#c>"]
    assert objects(path, base_iri="http://e/d") == objects(turtle, base_iri="http://e/d") == ["<http://e/d#c>"]
    with pytest.raises(GraphError, match="No scheme.*Give base_iri"):
        list(parse(turtle))
    with pytest.raises(GraphError, match="'no iri' is no base"):
        list(parse(turtle, base_iri="no iri"))


@pytest.mark.parametrize("format", ["ttl", "nt", "nq", "trig"])
def test_nothing_is_no_error(format: str) -> None:
    assert list(parse(b"", format)) == list(parse(b"# a comment\n", format)) == []


class Dribble(io.RawIOBase):
    """A stream that hands out two bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(2)


def test_streams_that_give_little_at_a_time() -> None:
    for data in (LINE, gzip.compress(LINE), LINE[:0]):
        assert len(list(parse(Dribble(data), "nt"))) == bool(data)


# RDF/XML


@pytest.mark.parametrize(
    ("inner", "canonical"),
    [
        ("<br />", "<br></br>"),
        ('a <e:b z="1" a="2"/> &amp; c', 'a <e:b xmlns:e="http://e/" a="2" z="1"></e:b> &amp; c'),
        ("<b>&#13;</b>", "<b>&#xD;</b>"),
        ("<a/><b/>", "<a></a><b></b>"),
        ("no element", "no element"),
    ],
)
def test_xml_literals_are_canonical(inner: str, canonical: str) -> None:
    text = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
        f'<rdf:Description rdf:about="x:a"><e:p rdf:parseType="Literal">{inner}</e:p></rdf:Description></rdf:RDF>'
    )
    ((_, _, literal, _),) = parse(text.encode())
    assert isinstance(literal, Literal) and literal.value == canonical


def test_ill_typed_xml_literals_stay_as_they_are() -> None:
    bomb = '&lt;!DOCTYPE a [&lt;!ENTITY b "b">]>&lt;a>&amp;b;'
    text = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"><rdf:Description>'
        f'<e:p rdf:datatype="http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral">{bomb}</e:p>'
        "</rdf:Description></rdf:RDF>"
    )
    ((_, _, literal, _),) = parse(text.encode())
    assert literal.value == '<!DOCTYPE a [<!ENTITY b "b">]><a>&b;'


# JSON-LD


def test_contexts_beside_the_file(tmp_path: Path) -> None:
    write(tmp_path, "c/one.jsonld", {"@context": {"p": {"@id": "x:p", "@context": "../two.jsonld"}}})
    write(tmp_path, "two.jsonld", {"@context": ["c/one.jsonld", {"q": "x:q"}]})
    document = {"@context": ["c/one.jsonld", {"r": "x:r"}], "@id": "x:a", "p": {"q": "deep"}, "r": "flat"}
    assert '"deep"' in objects(write(tmp_path, "a.jsonld", document))
    assert '"flat"' in objects(write(tmp_path, "a.jsonld", document))


@pytest.mark.parametrize(
    "reference", ["../outside.jsonld", "none.jsonld", "/etc/hostname", "file:///etc/hostname", "http://e/c"]
)
def test_contexts_elsewhere_are_refused(tmp_path: Path, reference: str) -> None:
    write(tmp_path, "outside.jsonld", {"@context": {"p": "x:p"}})
    path = write(tmp_path, "in/a.jsonld", {"@context": reference, "p": "v"})
    for source in (path, path.read_bytes()):
        with pytest.raises(GraphError, match="nothing is fetched"):
            list(parse(source, "json-ld"))


def test_contexts_that_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, "faulty.jsonld", "{")
    for reference in ("a" * 5000, "a\0b", "faulty.jsonld"):
        with pytest.raises(GraphError, match="not valid JSON-LD"):
            list(parse(write(tmp_path, "a.jsonld", {"@context": reference, "p": "v"})))


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path, "outside.jsonld", {"@context": {"p": "x:p"}})
    path = write(tmp_path, "in/a.jsonld", {"@context": "link.jsonld", "p": "v"})
    (path.parent / "link.jsonld").symlink_to(outside)
    with pytest.raises(GraphError, match="nothing is fetched"):
        list(parse(path))


def test_contexts_that_never_end(tmp_path: Path) -> None:
    write(tmp_path, "loop.jsonld", {"@context": "loop.jsonld"})
    with pytest.raises(GraphError, match="includes itself"):
        list(parse(write(tmp_path, "a.jsonld", {"@context": "loop.jsonld", "x:p": "v"})))
    for number in range(30):  # each refers to the next twice
        part = {"@context": f"c{number + 1}.jsonld"}
        write(tmp_path, f"c{number}.jsonld", {"@context": {"a": {"@id": "x:a", **part}, "b": {"@id": "x:b", **part}}})
    write(tmp_path, "c30.jsonld", {"@context": {}})
    with pytest.raises(GraphError, match=r"Limits\.context_bytes"):
        list(parse(write(tmp_path, "b.jsonld", {"@context": "c0.jsonld"}), limits=Limits(context_bytes=100_000)))


def test_base_directions_are_left_out() -> None:
    value = {"@value": "x", "@language": "ar", "@direction": "rtl"}
    assert objects(json.dumps({"@id": "x:a", "x:p": value}).encode(), format="json-ld") == ['"x"@ar']


# Packed files and folders


def zstandard_pack(data: bytes) -> bytes:
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard_pack}


@pytest.mark.parametrize("packer", PACKERS)
def test_packed_files_are_told_by_their_content(tmp_path: Path, packer: str) -> None:
    packed = PACKERS[packer](LINE)
    for name in (f"a.nt.{packer}", "a.nt", "a"):
        assert len(list(parse(write(tmp_path, name, packed)))) == 1
    assert len(list(parse(packed + PACKERS[packer](b"<x:a> <x:b> <x:d> .\n"), "nt"))) == 2  # one after the other


@pytest.mark.parametrize("packer", PACKERS)
def test_damaged_packed_files(packer: str) -> None:
    packed = PACKERS[packer](b"".join(b"<x:a> <x:b> <x:%d> .\n" % number for number in range(999)))
    for damaged in (packed[:-9], packed[: len(packed) // 2], packed[:6], packed[:20] + b"no such thing" * 20):
        with pytest.raises(GraphError, match="data cannot be read"):
            list(parse(damaged, "nt"))


@pytest.mark.parametrize("packer", PACKERS)
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(packer: str) -> None:
    bomb = PACKERS[packer](bytes(256 << 20) if packer == "zst" else bytes(64 << 20))
    tracemalloc.start()
    with pytest.raises(GraphError, match=r"more than 20 times its size\..*Limits\.unpacked_ratio"):
        list(parse(bomb, limits=Limits(unpacked_ratio=20)))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 60 << 20


def test_what_unpacks_zst_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    with pytest.raises(GraphError, match=r"pip install 'kgrag\[zst\]'"):
        list(parse(b"\x28\xb5\x2f\xfd rest"))


def test_folders(tmp_path: Path) -> None:
    write(tmp_path, "b.nt", b"<x:b> <x:p> <x:c> .\n")
    write(tmp_path, "a.ttl.gz", gzip.compress(b"<x:a> <x:p> <x:b> .\n"))
    for name in ("package.json", "notes.txt", ".hidden.nt", "within/c.nt"):
        write(tmp_path, name, "no RDF")
    graph = KnowledgeGraph.from_rdf(tmp_path)
    assert [graph.triple(i).source for i in range(2)] == ["a.ttl.gz", "b.nt"]
    with pytest.raises(GraphError, match="is a folder"):
        list(parse(tmp_path))


def test_graphs_of_bytes_and_streams(tmp_path: Path) -> None:
    path = write(tmp_path, "a.nt", b"_:x <x:p> <x:c> .\n")
    with open(path, "rb") as stream:
        graph = KnowledgeGraph.from_rdf(stream, b"_:x <x:p> <x:d> .", b"<e> <x:p> _:x .", base_iri="http://e/")
    assert [graph.triple(i).source for i in range(3)] == ["a.nt", "data 2", "data 3"]
    assert set(graph.iris) == {"_:b0", "x:c", "_:b1", "x:d", "http://e/e", "_:b2"}


# Tables


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", 'subject\tpredicate\tobject\nAnna\tsibling of\tBen\nAnna\tage\t"5"\n'),
        ("a.tab", 'Object\tSubject\tPredicate\nBen\tAnna\tsibling of\n\n"5"\tAnna\tage'),
        ("a.csv", 'head,relation,tail,source\r\nAnna,sibling of,Ben,web\r\nAnna,age,"""5""",web\r\n'),
        ("a.csv", 'SOURCE;weight;RELATION;TARGET\nAnna;0.5;sibling of;Ben\nAnna;1;"age";"""5"""\n'),
        ("a.csv", '?subject\t?predicate\t?object\nAnna\tsibling of\tBen\nAnna\tage\t"5"\n'),
        ("a.txt", 'subject,relation,object\nAnna,sibling of,Ben\nAnna,age,"""5"""\n'),
        ("a", '\ufeffhead\trelation\ttail\nAnna\tsibling of\tBen\nAnna\tage\t"5"\n'),
        ("a.csv.gz", gzip.compress(b'head,relation,tail\nAnna,sibling of,Ben\nAnna,age,"""5"""\n')),
    ],
)
def test_tables(tmp_path: Path, name: str, text: str | bytes) -> None:
    graph = KnowledgeGraph.from_rdf(write(tmp_path, name, text))
    plain = KnowledgeGraph.from_triples([("Anna", "sibling of", "Ben"), ("Anna", "age", '"5"')])
    assert list(graph.rows()) == list(plain.rows())
    assert graph.triple(0).source == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "subject,verb,object\na,b,c\n",
            "a.csv, line 1: the header .*«subject,verb,object».* called subject, predicate",
        ),
        ("\nsubject,predicate,object\na,b,c\n\na,b\n", "a.csv, line 5: it has 2 cells, .* 3: «a,b»"),
        ("subject,predicate,object\na,b,\n", "a.csv, line 2: A triple holds ''"),
        ('subject,predicate,object\n"a\nb",b,c\na,b,"c" d\n', "line 4: .* expected after"),
        ('subject,predicate,object\na,b,"c\n', "line 2: unexpected end of data"),
        ('subject,predicate,object\n"""a""",b,c\n', "line 2: The literal"),
        (b"subject,predicate,object\na,b,\xff\n", "line 2: .*not valid Unicode"),
        ("subject,predicate,object\na,b,http://e/100%\n", "line 2: .*no valid RDF term"),
    ],
)
def test_faulty_tables(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(GraphError, match=reason):
        list(parse(write(tmp_path, "a.csv", text)))


def test_a_table_without_lines(tmp_path: Path) -> None:
    assert list(parse(b"", "csv")) == list(parse(b"head,relation,tail\n", "csv")) == []


# Faults


def test_the_line_is_shown() -> None:
    with pytest.raises(GraphError) as error:
        list(parse(b"<x:a> <x:b> <x:c> .\n<x:a> <x:b> <\x1b[31m> .\n", "nt"))
    assert "line 2, column 13" in str(error.value) and "«<x:a> <x:b> <\\x1b[31m> .»" in str(error.value)
    with pytest.raises(GraphError) as error:
        list(parse(b'{"@id": "x:a",\n "x:b": }', "json-ld"))
    assert '« "x:b": }»' in str(error.value)


@given(st.text(), st.integers(1, 300))
def test_snippets_are_short_and_harmless(line: str, column: int) -> None:
    shown = snippet(line, column)
    assert len(shown) <= 80 and shown.isprintable()


def test_snippets_show_the_column() -> None:
    line = "a" * 100 + "HERE" + "b" * 100
    assert "HERE" in snippet(line, 101) and snippet(line, 101).startswith("…") and snippet(line, 101).endswith("…")
    assert snippet("a" * 80) == "a" * 80


N_TRIPLES = b"""\
<x:a> <x:p> <x:b> .
<x:a> <x:p> .
rubbish "open
<x:a> <x:p> "\xff" .
<x:a> <x:p> <x:c> . <x:a> <x:p> <x:not> .
_:x <x:p> <<( <x:a> <x:p> <x:b> )>> .
# a comment

_:x <x:p> <x:d> ."""
TABLE = b"subject,predicate,object\nx:a,x:p,x:b\nx:a,x:p\nx:a,x:p,\nx:a,x:p,\xff\n_:x,x:p,x:d\n"


@pytest.mark.parametrize(
    ("data", "format", "lines"),
    [
        (N_TRIPLES, "nt", [2, 3, 4, 5, 6]),
        (N_TRIPLES, "nq", [2, 3, 4, 5, 6]),
        (TABLE, "csv", [3, 4, 5]),
        (TABLE.replace(b",", b"\t"), "tsv", [3, 4, 5]),
    ],
)
def test_faulty_lines_can_be_left_out(
    data: bytes, format: str, lines: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(GraphError):
        KnowledgeGraph.from_rdf(data, format=format)
    graph = KnowledgeGraph.from_rdf(data, format=format, on_error="skip")
    assert set(graph.rows()) == {("x:a", "x:p", "x:b"), ("_:b0", "x:p", "x:d")}
    assert graph.skipped.count == len(lines)
    assert [fault.line for fault in graph.skipped.first] == lines
    assert all(fault.reason and fault.text for fault in graph.skipped.first)
    assert f"{len(lines)} lines were left out" in caplog.text and f"data, line {lines[0]}" in caplog.text


def test_the_column_of_what_is_missing_at_the_end_of_a_line() -> None:
    graph = KnowledgeGraph.from_rdf(LINE + b"<x:a> <x:p> <x:b>\n" + LINE, format="nt", on_error="skip")
    assert [(fault.line, fault.column) for fault in graph.skipped.first] == [(2, 18)]


def test_places_in_json_ld_with_a_list_of_contexts() -> None:
    with pytest.raises(GraphError, match="line 2, column"):
        list(parse(b'{"@context": [{"@vocab": "http://e/"}],\n "p": }', "json-ld"))


def test_many_faulty_lines_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    data = b"".join(b"<x:a> <x:p> <x:%d> .\nfaulty\n" % number for number in range(3000))
    assert len(list(parse(data, "nt", on_error="skip"))) == 3000
    assert "3,000 lines were left out" in caplog.text and "and 2,990 more" in caplog.text
    caplog.clear()
    assert KnowledgeGraph.from_rdf(LINE, format="nt", on_error="skip").skipped.count == 0
    assert not caplog.text


def test_what_cannot_be_skipped() -> None:
    with pytest.raises(GraphError, match="read as Turtle, of which no single line"):
        list(parse(LINE, "ttl", on_error="skip"))
    with pytest.raises(GraphError, match="'raise' or 'skip'"):
        KnowledgeGraph.from_rdf(LINE, on_error="ignore")
