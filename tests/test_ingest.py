"""Documents into a collection: again and again, changed, broken, with the same ids, and stopped at any moment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from document_files import ACT, HTML, JSON_LINES, TEXT

from kgrag.documents import ingest, reading
from kgrag.errors import DocumentError
from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.retrieval import PassageIndex
from kgrag.types import Passage

Write = Callable[[str, object], Path]


class Stopped(BaseException):
    """Somebody pulled the plug."""


class Frail:
    """A collection that outlives its process, which is stopped before or after a change."""

    def __init__(self) -> None:
        self.index = PassageIndex()
        self.changes, self.stop_at = 0, -1

    def __iter__(self) -> Iterator[Passage]:
        return iter(self.index)

    def __contains__(self, passage_id: object) -> bool:
        return passage_id in self.index

    def add(self, passages: Iterable[Passage]) -> None:
        self._step()
        self.index.add(passages)
        self._step()

    def remove(self, ids: Iterable[str]) -> None:
        self._step()
        self.index.remove(ids)
        self._step()

    def _step(self) -> None:
        self.changes += 1
        if self.changes == self.stop_at:
            raise Stopped


@pytest.fixture
def folder(write: Write) -> Path:
    write("box/act.xml", ACT)
    write("box/pump.html", HTML)
    write("box/pump.txt", TEXT)
    return write("box/papers.jsonl", JSON_LINES).parent


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrag.documents.ingesting._BATCH", 3)


def test_what_is_there_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = PassageIndex()
    first = ingest([folder], index)
    assert (first.added, first.updated, first.unchanged, first.skipped.count) == (5, 0, 0, 0)
    assert first.passages == len(index) == len({p.id for p in index})
    assert str(first) == f"5 documents added, 0 updated, 0 unchanged, 0 left out; {len(index)} passages"
    before = list(index)
    monkeypatch.setattr(reading.Parser, "parse", None)  # would fail
    again = ingest([folder], index)
    assert (again.added, again.unchanged, again.passages) == (0, 5, 0)
    assert list(index) == before


def test_a_changed_document_takes_the_place_of_the_old_one(folder: Path) -> None:
    index = PassageIndex()
    ingest([folder], index)
    before = {p.id: p for p in index}
    (folder / "pump.txt").write_text("The Delta pump is no more.")
    (folder / "papers.jsonl").write_text(JSON_LINES.replace("thins", "dilutes"))
    done = ingest([folder], index)
    assert (done.added, done.updated, done.unchanged) == (0, 2, 3)
    assert [p.text for p in index if p.document == "box/pump.txt"] == ["The Delta pump is no more."]
    assert index.get("p1").text == "Warfarin dilutes the blood."
    assert {p.id: p for p in index if p.document == "box/act.xml"}.items() <= before.items()


def test_other_settings_are_another_version(folder: Path) -> None:
    index = PassageIndex()
    ingest([folder], index)
    assert ingest([folder], index, budget=32).updated == 5
    assert ingest([folder], index, budget=32).unchanged == 5
    linker = EntityLinker(KnowledgeGraph.from_triples([("Delta pump", "has part", "motor")]))
    assert ingest([folder], index, linker, budget=32).updated == 5
    assert any("urn:kgrag:node:motor" in p.entities for p in index)


@pytest.mark.usefixtures("small_batches")
def test_one_that_was_stopped_at_any_moment_goes_on(folder: Path) -> None:
    def versions() -> Iterator[None]:
        for text in (TEXT, "Another text. " * 100, "A third one."):
            (folder / "pump.txt").write_text(text)
            yield

    def final(stop_at: int) -> tuple[list[Passage], int]:
        frail = Frail()
        for _ in versions():
            frail.changes, frail.stop_at = 0, stop_at
            try:
                ingest([folder], frail, budget=32)
            except Stopped:
                documents = {p.document: [q.id for q in frail if q.document == p.document] for p in frail}
                for document, ids in documents.items():  # each is there as a whole
                    assert ids in ([document], [f"{document}#{n + 1}" for n in range(len(ids))])
                frail.stop_at = -1
                ingest([folder], frail, budget=32)
        return sorted(frail, key=lambda p: p.id), frail.changes

    undisturbed, _ = final(-1)
    assert len(undisturbed) > 10
    for stop_at in range(1, 14):
        assert final(stop_at)[0] == undisturbed


# A process that reads a folder into a saved index, over and over, until it is killed; its successor goes on.
KILLED = """
import os, random, signal, sys, time
from kgrag.documents import ingest, ingesting
from kgrag.retrieval import PassageIndex

folder, saved, chance = sys.argv[1], sys.argv[2], random.Random(0)
ingesting._BATCH = 2
PassageIndex().save(saved)
before, grown = 0, 0
for _ in range(4):
    (receive, send), (wait, go) = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        index = PassageIndex.load(saved)
        add = index.add
        index.add = lambda passages: (add(passages), os.write(send, b"."), os.read(wait, 1))
        ingest([folder], index, budget=32)
        os._exit(0)
    os.read(receive, 1)  # something was added
    os.write(go, b".")
    time.sleep(0.01 * chance.random())  # within what is added next
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for end in (receive, send, wait, go):
        os.close(end)
    there = [passage.id for passage in PassageIndex.load(saved)]
    assert len(there) == len(set(there)) >= before
    grown, before = grown + (len(there) > before), len(there)
index = PassageIndex.load(saved)
ingest([folder], index, budget=32)
undisturbed = PassageIndex()
ingest([folder], undisturbed, budget=32)
assert sorted(map(str, PassageIndex.load(saved))) == sorted(map(str, undisturbed)), "it did not go on"
print(len(index), grown)
"""


def test_one_whose_process_is_killed_goes_on(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs" / f"{number}.txt").write_text(f"Document {number}. " + "It has a sentence more. " * 20)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "docs"), str(tmp_path / "saved")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    count, grown = map(int, done.stdout.split())
    assert count > 100 and grown > 1


def test_the_same_id_twice(write: Write) -> None:
    path = write("a.jsonl", '{"id": "x", "text": "One."}\n{"id": "x", "text": "Two."}\n{"id": "y", "text": "Three."}\n')
    with pytest.raises(DocumentError, match=r"a\.jsonl, line 2: another document has the id 'x'"):
        ingest([path], PassageIndex())
    index = PassageIndex()
    done = ingest([path], index, on_error="skip")
    assert [p.text for p in index] == ["One.", "Three."] and done.skipped.count == 1
    with pytest.raises(DocumentError, match=r"b\.txt: another document has the id 'b.txt'"):
        ingest([write("one/b.txt", "One."), write("two/b.txt", "Two.")], PassageIndex())


def test_an_id_that_another_passage_has(write: Write) -> None:
    index = PassageIndex([Passage("x", "Mine.")])
    path = write("a.jsonl", '{"id": "x", "text": "One."}\n{"id": "y", "text": "Two."}\n')
    with pytest.raises(DocumentError, match="another passage has the id 'x'"):
        ingest([path], index)
    assert ingest([path], index, on_error="skip").skipped.count == 1
    assert {p.id: p.text for p in index} == {"x": "Mine.", "y": "Two."}
    parts = write("b.jsonl", '{"id": "z#1", "text": "One."}\n{"id": "z", "text": "%s"}\n' % ("A sentence. " * 60))
    assert ingest([parts], index, on_error="skip", budget=32).skipped.count == 1
    assert index.get("z#1").document == "z#1"


def test_broken_documents_are_left_out_and_read_when_they_are_mended(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"%PDF-1.7")
    (folder / "b.xml").write_text("<a>")
    index = PassageIndex()
    with pytest.raises(DocumentError, match=r"a\.pdf"):
        ingest([folder], index)
    done = ingest([folder], index, on_error="skip")
    assert done.skipped.count == 2 and {p.document for p in index} >= {"p1", "box/pump.txt", "box/act.xml"}
    assert [Path(fault.name).name for fault in done.skipped.first] == ["a.pdf", "b.xml"]
    (folder / "b.xml").write_text("<a>Mended.</a>")
    again = ingest([folder], index, on_error="skip")
    assert (again.added, again.skipped.count) == (1, 1)


def test_a_broken_new_version_leaves_the_old_one(folder: Path) -> None:
    index = PassageIndex()
    ingest([folder], index)
    before = list(index)
    (folder / "act.xml").write_text("<akomaNtoso>")
    assert ingest([folder], index, on_error="skip").skipped.count == 1
    assert list(index) == before
