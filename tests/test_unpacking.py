"""Packed files, streams and folders."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph, parse

LINE = b"<x:a> <x:b> <x:c> .\n"
Write = Callable[[str, object], Path]


class Dribble(io.RawIOBase):
    """A stream that hands out two bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(2)


def test_streams_that_give_little_at_a_time() -> None:
    for data in (LINE, gzip.compress(LINE), LINE[:0]):
        assert len(list(parse(Dribble(data), "nt"))) == bool(data)


def zstandard_pack(data: bytes) -> bytes:
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard_pack}


@pytest.mark.parametrize("packer", PACKERS)
def test_packed_files_are_told_by_their_content(write: Write, packer: str) -> None:
    packed = PACKERS[packer](LINE)
    for name in (f"a.nt.{packer}", "a.nt", "a"):
        assert len(list(parse(write(name, packed)))) == 1
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


def test_folders(tmp_path: Path, write: Write) -> None:
    write("b.nt", b"<x:b> <x:p> <x:c> .\n")
    write("a.ttl.gz", gzip.compress(b"<x:a> <x:p> <x:b> .\n"))
    for name in ("package.json", "notes.txt", ".hidden.nt", "within/c.nt"):
        write(name, "no RDF")
    graph = KnowledgeGraph.from_rdf(tmp_path)
    assert [graph.triple(i).source for i in range(2)] == ["a.ttl.gz", "b.nt"]
    with pytest.raises(GraphError, match="is a folder"):
        list(parse(tmp_path))
