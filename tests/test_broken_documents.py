"""Hostile and damaged documents: read or refused, in bounded time and memory, by a process that lives on."""

from __future__ import annotations

import io
import random
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from document_bombs import BOMBS, HEAVY
from document_files import ACT, HTML, JSON_LINES, MARKDOWN, TABLE, TEXT, repacked, report, word

from kgrag.config import DocumentLimits
from kgrag.documents import split
from kgrag.documents.reading import Reader
from kgrag.errors import DocumentError

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
from fuzzing import OPERATIONS

LIMITS = DocumentLimits(seconds=60, memory_bytes=256 << 20)  # a busy machine, and bombs that are small enough for tests
WORD = word([("The Delta pump", "Title"), ("Parts", "Heading 1"), ("One motor.", "Normal")], [["a", "b"]], "Delta")
FILES = {
    "txt": TEXT.encode(),
    "md": MARKDOWN.encode(),
    "html": HTML.encode(),
    "xml": ACT.encode(),
    "pdf": report(),
    "docx": WORD,
    "jsonl": JSON_LINES.encode(),
    "csv": TABLE.encode(),
}
MUTANTS = 200  # of each kind
INNER = "word/document.xml"
INNER_XML = zipfile.ZipFile(io.BytesIO(WORD)).read(INNER)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(LIMITS) as reader:
        yield reader


def passages(reader: Reader, kind: str, data: bytes) -> int:
    """How many passages a document makes."""
    documents = [found.read() for found in reader.find(data, kind=kind)]
    made = [passage for document in documents if document for passage in split(document)]
    assert all(passage.text.strip() and passage.text.encode() for passage in made)
    return len(made)


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(reader: Reader, name: str) -> None:
    kind, make = BOMBS[name]
    with pytest.raises(DocumentError) as error:
        passages(reader, kind, make())
    assert "root:" not in str(error.value) and len(str(error.value)) < 600
    assert passages(reader, "md", b"# Fine") == 1


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_documents_are_read_or_refused(reader: Reader, name: str) -> None:
    kind, make = HEAVY[name]
    try:
        assert passages(reader, kind, make()) >= 1
    except DocumentError:
        assert name in ("md quotes", "html rows")  # too deep for their parsers
    assert passages(reader, "md", b"# Fine") == 1


@pytest.mark.parametrize("kind", FILES)
def test_damaged_documents_are_read_or_refused(reader: Reader, kind: str) -> None:
    corpus = [(name, data) for name, data in FILES.items() if name != "docx"]
    outcomes = {"read": 0, "refused": 0}
    for number in range(MUTANTS):
        rng = random.Random(f"1, {kind}, {number}")
        within = kind == "docx" and rng.random() < 0.7
        data = INNER_XML if within else FILES[kind]
        for _ in range(rng.randint(1, 3)):
            data = rng.choice(OPERATIONS)(rng, data, corpus)
        try:
            passages(reader, kind, repacked(WORD, INNER, data) if within else data)
            outcomes["read"] += 1
        except DocumentError:
            outcomes["refused"] += 1
    assert sum(outcomes.values()) == MUTANTS and outcomes["refused"] > 0


def test_a_parser_that_does_not_end_is_stopped() -> None:
    with Reader(DocumentLimits(seconds=0.01)) as hurried:
        with pytest.raises(DocumentError, match=r"was not parsed within 0\.01 seconds"):
            passages(hurried, "md", b"# Fine")
        assert hurried._parser._child is not None and not hurried._parser._child.is_usable()


def test_a_process_that_died_is_replaced(reader: Reader) -> None:
    assert passages(reader, "md", b"# Fine") == 1
    child = reader._parser._child
    assert child is not None
    child.stop()
    assert passages(reader, "md", b"# Fine") == 1
    assert reader._parser._child is not child
