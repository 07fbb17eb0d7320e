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
from pyoxigraph import DefaultGraph, Literal, NamedNode

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph, parse

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
    with pytest.raises(GraphError, match="No scheme"):
        list(parse(turtle))
    with pytest.raises(GraphError, match="'no iri' is no base"):
        list(parse(turtle, base_iri="no iri"))


@pytest.mark.parametrize("format", ["ttl", "nt", "nq", "trig"])
def test_nothing_is_no_error(format: str) -> None:
    assert list(parse(b"", format)) == list(parse(b"# a comment\n", format)) == []


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
