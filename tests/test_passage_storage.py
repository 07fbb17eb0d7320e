"""Saved indexes of passages: the same when they are opened again, refused when damaged, and whole after every crash."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from letters import LetterEncoder

from kgrag.errors import ModelError, PassageError, SavedFolderError
from kgrag.journal import NAME
from kgrag.persistence import write_folder
from kgrag.retrieval import PassageIndex
from kgrag.retrieval.passages import vectors
from kgrag.types import Passage

TEXTS = [
    "Warfarin thins the blood.",
    "Aspirin relieves pain.",
    "The code was XJ-4471.",
    "Influenza brings fever.",
    "药物",
]
QUESTIONS = ("thin blood", "XJ-4471", "药物", "pain and fever", "zzz")


def passages(count: int = 40) -> list[Passage]:
    return [
        Passage(
            f"p{i}",
            f"{TEXTS[i % 5]} {i} “naïve”",
            title=f"Title {i}" if i % 2 else "",
            source=f"file {i % 3}",
            entities=(f"urn:{i % 4}",),
            document=f"d{i // 10}",
            metadata={"third": i % 3, "even": i % 2 == 0, "share": i / 8, "name": TEXTS[i % 5]},
        )
        for i in range(count)
    ]


@pytest.fixture(params=["flat", "sq8", "pq", "ivf", "hnsw"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each kind of index, used for few passages too."""
    for name, value in {"SMALL": 5, "TAIL": 5, "FEW": 5}.items():
        monkeypatch.setattr(vectors, name, value)
    return request.param


@pytest.fixture
def index() -> PassageIndex:
    return PassageIndex.from_passages(passages()).build(LetterEncoder(), progress=False)


def state(index: PassageIndex) -> tuple[object, ...]:
    """All that can be seen of an index."""
    found = []
    for options in ({}, {"where": {"third": (0, 1), "even": True}}, {"granularity": "document"}):
        for question in QUESTIONS:
            hits = index.search(question, 12, LetterEncoder(), ["urn:1", "urn:3"], **options)
            found.append([(hit.passage, round(hit.score, 5)) for hit in hits])
    documents = {passage.document for passage in index if passage.document}
    return list(index), len(index), found, {name: index.document(name) for name in documents}, index.encoder_name


def test_sizes_are_those_of_the_lines(index: PassageIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "index")
    index.add([Passage("late", "A passage that came later, \u00fc.")])
    rows = index.contents.rows
    every = np.random.default_rng(0).permutation(len(rows))
    assert rows.sizes(every).tolist() == [len(rows.line(row)) for row in every.tolist()]


@pytest.mark.parametrize("metric", ["cosine", "dot", "l2"])
def test_saved_and_loaded(kind: str, metric: str, tmp_path: Path) -> None:
    encoder = LetterEncoder()
    index = PassageIndex.from_passages(passages(), metric=metric, kind=kind, language="de").build(
        encoder, progress=False
    )
    before = state(index)
    index.save(tmp_path / "x")
    assert state(index) == before
    assert (tmp_path / "x" / "vectors.faiss").exists() == (kind != "flat")
    loaded = PassageIndex.load(tmp_path / "x")
    assert state(loaded) == before
    loaded.save(tmp_path / "y")
    assert state(PassageIndex.load(tmp_path / "y")) == before
    assert loaded._contents.metric == metric and loaded._contents.language == "de" and loaded._contents.kind == kind


def test_a_saved_index_keeps_its_changes(kind: str, tmp_path: Path) -> None:
    encoder = LetterEncoder()
    index = PassageIndex.from_passages(passages(30), kind=kind).build(encoder, progress=False)
    index.save(tmp_path / "x")
    index.remove(["p3", "p29"])
    index.add([Passage("p3", "Back again", document="d0"), *passages(36)[30:]])
    index.search("back", 3, encoder)
    index.add([Passage("gone", "Never encoded")])
    index.remove(["gone"])
    index.update([Passage("p7", "Changed", document="d0")])
    index.update([*passages(25)[23:], Passage("new", "New", document="d2")], document="d2")
    index.remove(source="file 1")
    index.add([Passage("late", "Not encoded yet")])
    loaded = PassageIndex.load(tmp_path / "x")
    assert list(loaded) == list(index)
    before = encoder.encoded
    assert "late" in [hit.passage.id for hit in loaded.search("not encoded yet", 3, encoder)]
    assert encoder.encoded == before + 1 + 3  # the question, and what no search came after
    expected = state(loaded)
    assert state(PassageIndex.load(tmp_path / "x"))[:2] == expected[:2]
    loaded.save(tmp_path / "x")
    assert not (tmp_path / "x" / NAME).read_bytes()
    again = PassageIndex.load(tmp_path / "x")
    assert state(again) == state(loaded) and list(again) == list(index)
    fresh = PassageIndex.from_passages(list(index), kind=kind).build(encoder, progress=False)
    for question in QUESTIONS:  # no trace of what was there before
        asked = [question], encoder.encode([question]), 50, [()]
        for one, other in zip(fresh._contents.find(*asked)[0], again._contents.find(*asked)[0]):
            assert one.scores == pytest.approx(other.scores, rel=1e-5)
    with pytest.raises(PassageError, match=r"/x was replaced or deleted"):
        index.add([Passage("x", "x")])


@pytest.mark.parametrize("gone", [[], ["p0", "p1", "p2"]])
@pytest.mark.parametrize("is_encoded", [True, False])
def test_an_empty_or_unencoded_index_is_saved_and_loaded(tmp_path: Path, gone: list[str], is_encoded: bool) -> None:
    index = PassageIndex.from_passages(passages(3))
    if is_encoded:
        index.build(LetterEncoder(), progress=False)
    index.remove(gone)
    index.save(tmp_path / "x")
    loaded = PassageIndex.load(tmp_path / "x")
    assert list(loaded) == list(index) and loaded.encoder_name == index.encoder_name
    assert len(loaded.search("blood", 9, LetterEncoder())) == 3 - len(gone)
    loaded.add([Passage("new", "text")])
    assert len(PassageIndex.load(tmp_path / "x").search("blood", 9, LetterEncoder())) == 4 - len(gone)


def test_it_is_mapped(index: PassageIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "x")
    contents = PassageIndex.load(tmp_path / "x")._contents
    assert isinstance(contents.rows._lines.obj, __import__("mmap").mmap)  # type: ignore[union-attr]
    assert not contents.vectors.first._saved.flags.owndata and not contents.rows._late  # type: ignore[union-attr]


def test_another_encoder_is_refused(index: PassageIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "x")
    with pytest.raises(ModelError, match="'letters'.*'other'"):
        PassageIndex.load(tmp_path / "x").build(LetterEncoder("other"))


def test_the_folder_may_be_moved_and_copied(index: PassageIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "x")
    before = state(index)
    shutil.move(tmp_path / "x", tmp_path / "y")
    index.add([Passage("new", "text")])
    assert "new" in PassageIndex.load(tmp_path / "y")
    shutil.copytree(tmp_path / "y", tmp_path / "z")
    shutil.rmtree(tmp_path / "y")
    index.search("text", 3, LetterEncoder())
    with pytest.raises(PassageError, match="replaced or deleted"):
        index.remove(["new"])
    copied = PassageIndex.load(tmp_path / "z")
    copied.remove(["new"])
    assert state(copied) == before


def test_a_saved_index_within_a_saved_folder(index: PassageIndex, tmp_path: Path) -> None:
    write_folder(tmp_path / "outer", lambda folder: index.save(folder / "inner"), kind="outer")
    index.add([Passage("new", "text")])
    assert "new" in PassageIndex.load(tmp_path / "outer" / "inner")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_is_searched(tmp_path: Path) -> None:
    PassageIndex.from_passages(passages(3)).save(tmp_path / "x")
    (tmp_path / "x" / NAME).chmod(0o444)
    loaded = PassageIndex.load(tmp_path / "x")
    assert len(loaded.search("blood", 9, LetterEncoder())) == 3
    with pytest.raises(PassageError, match="cannot be written"):
        loaded.add([Passage("new", "text")])
    assert "new" not in loaded


def test_two_that_encode_the_same_folder(tmp_path: Path) -> None:
    PassageIndex.from_passages(passages(3)).save(tmp_path / "x")
    one, other = PassageIndex.load(tmp_path / "x"), PassageIndex.load(tmp_path / "x")
    assert one.search("blood", 9, LetterEncoder()) == other.search("blood", 9, LetterEncoder())
    one.add([Passage("new", "text")])
    with pytest.raises(PassageError, match="changed since"):
        other.add([Passage("other", "text")])
    encoder = LetterEncoder()
    assert len(PassageIndex.load(tmp_path / "x").search("blood", 9, encoder)) == 4
    assert encoder.encoded == 2  # the question and the new one


def test_vectors_that_could_not_be_written_are_made_again(tmp_path: Path) -> None:
    index = PassageIndex.from_passages(passages(3))
    index.save(tmp_path / "x")
    journal, encoder = index._journal, LetterEncoder()
    index._journal = None  # as if there had been no room
    index.build(encoder, progress=False)
    index._journal = journal
    index.add(passages(5)[3:])
    index.build(encoder, progress=False)
    loaded = PassageIndex.load(tmp_path / "x")
    assert loaded.encoder_name == ""
    assert state(loaded) == state(index)


def test_every_changed_byte_is_found(index: PassageIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "x")
    chance = np.random.default_rng(0)
    files = sorted(path for path in (tmp_path / "x").rglob("*") if path.is_file() and path.name != NAME)
    assert {"index.json", "passages.jsonl", "passages.safetensors", "vectors.safetensors", "meta.json"} <= {
        file.name for file in files
    }
    for file in files:
        good = file.read_bytes()
        for _ in range(3):
            content = bytearray(good)
            content[int(chance.integers(len(good)))] ^= 1 << int(chance.integers(8))
            file.write_bytes(content)
            with pytest.raises(SavedFolderError, match="changed|manifest|format|JSON"):
                PassageIndex.load(tmp_path / "x")
        file.write_bytes(good)
    PassageIndex.load(tmp_path / "x")


def test_a_damaged_journal_is_refused_and_one_cut_off_is_read(index: PassageIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "x")
    journal, encoder = tmp_path / "x" / NAME, LetterEncoder()
    index.add([Passage("one", "text")])
    index.search("text", 1, encoder)
    both = journal.read_bytes()
    assert len(both.splitlines()) == 2
    for end in range(len(both.splitlines(keepends=True)[0]), len(both), 7):
        journal.write_bytes(both[:end])
        assert "one" in PassageIndex.load(tmp_path / "x")
    chance = np.random.default_rng(1)
    for _ in range(50):
        content = bytearray(both)
        content[int(chance.integers(both.index(b"\n")))] ^= 1 << int(chance.integers(8))
        journal.write_bytes(content)
        with pytest.raises(SavedFolderError):
            PassageIndex.load(tmp_path / "x")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"remove": ["p0"], "add": [], "places": {}},
        {"remove": [40], "add": [], "places": {}},
        {"remove": [-1], "add": [], "places": {}},
        {"remove": [[0]], "add": 3, "places": {}},
        {"remove": [], "add": ["nonsense"], "places": {}},
        {"remove": [], "add": [3], "places": {}},
        {"remove": [], "add": [], "places": {"nobody": 1}},
        {"remove": [], "add": [], "places": {"p0": "first"}},
        {"remove": [], "add": ['{"id":"p0","text":"in use"}'], "places": {}},
        {"encoder": "letters", "start": 40, "stop": 41, "width": 26, "vectors": "AAAA", "counts": [1]},
        {"encoder": "letters", "start": 40, "stop": 41, "width": 0, "vectors": "", "counts": [1]},
        {"encoder": "letters", "start": 40, "stop": "x", "width": 26, "vectors": "@", "counts": [1]},
    ],
)
def test_changes_that_do_not_fit_are_refused(index: PassageIndex, tmp_path: Path, change: dict) -> None:
    index.save(tmp_path / "x")
    index._journal.append(change)  # type: ignore[union-attr]
    with pytest.raises(SavedFolderError, match="changes of the index"):
        PassageIndex.load(tmp_path / "x")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("index.json", b"[]"),
        ("index.json", b'{"format": 99}'),
        ("index.json", b'{"format": 3}'),
        ("index.json", b'{"format": 2, "metric": "l2", "kind": "auto", "language": "en", "encoder": "letters"}'),
        ("index.json", b'{"format": 3, "metric": "x", "kind": "auto", "language": "en", "encoder": "letters"}'),
        ("index.json", b'{"format": 3, "metric": "l2", "kind": "auto", "language": "xx", "encoder": "letters"}'),
        ("index.json", b'{"format": 3, "metric": "l2", "kind": [], "language": "en", "encoder": "letters"}'),
        ("index.json", b'{"format": 3, "metric": "l2", "kind": "auto", "language": "en", "encoder": 7}'),
        ("passages.jsonl", b""),
        ("passages.safetensors", b""),
        ("passages.safetensors", b"\x02\0\0\0\0\0\0\0[]"),
        ("vectors.safetensors", b"\xff" * 64),
        ("vectors.faiss", b"nonsense"),
        ("words/meta.json", b"{}"),
    ],
)
def test_files_that_do_not_fit_are_refused(
    index: PassageIndex, tmp_path: Path, file: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.save(tmp_path / "x")
    shutil.copytree(tmp_path / "x", tmp_path / "parts")
    (tmp_path / "parts" / "manifest.json").unlink()
    (tmp_path / "parts" / file).write_bytes(content)
    write_folder(
        tmp_path / "y", lambda folder: shutil.copytree(tmp_path / "parts", folder, dirs_exist_ok=True), "passages"
    )
    with pytest.raises(SavedFolderError):
        PassageIndex.load(tmp_path / "y")


# Saves over an index, or changes it, where no file may be larger than what is given.
FULL = """
import resource, sys
from letters import LetterEncoder
from kgrag.errors import KgragError
from kgrag.retrieval import PassageIndex
from kgrag.types import Passage

folder, what, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
index = PassageIndex.load(folder)
more = [Passage("more%d" % i, "words " * 50 + str(i)) for i in range(300)]
if what == "save":
    index = PassageIndex.from_passages([*index, *more]).build(LetterEncoder(), progress=False)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    index.save(folder) if what == "save" else index.add(more)
except KgragError as error:
    assert "cannot be written" in str(error), error
    assert what == "save" or "more1" not in index
    sys.exit(7)
"""


@pytest.mark.parametrize("what", ["save", "add"])
@pytest.mark.parametrize("limit", [0, 500, 5_000, 20_000, 30_000])
def test_a_full_disk_leaves_the_old_index_whole(index: PassageIndex, tmp_path: Path, what: str, limit: int) -> None:
    index.save(tmp_path / "x")
    index.add([Passage("kept", "text")])
    before = state(index)
    command = [sys.executable, "-c", FULL, str(tmp_path / "x"), what, str(limit)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 7, (done.returncode, done.stderr)
    assert state(PassageIndex.load(tmp_path / "x")) == before
    assert os.listdir(tmp_path) == ["x"]
    index.save(tmp_path / "x")


# A process that changes, searches and saves an index, and says so each time, until it is killed; its successor goes on.
CRASHING = """
import json, os, random, signal, sys, time
from letters import LetterEncoder
from kgrag.retrieval import PassageIndex
from kgrag.types import Passage

folder, kills = sys.argv[1], int(sys.argv[2])
chance = random.Random(0)
encoder = LetterEncoder()

def passage(i):
    return Passage("p%d" % i, "text %d of many" % i, document="d%d" % (i % 5))

def step(index, i):
    if i % 9 == 8:
        index.save(folder)
    elif i % 4 == 2:
        index.remove(["p%d" % (i - 1), "p%d" % (i - 2)])
    elif i % 4 == 3:
        index.build(encoder, progress=False)
    else:
        index.add([passage(i)])

def expected(state, i):
    if i % 9 == 8 or i % 4 == 3:
        return state
    if i % 4 == 2:
        return state - {"p%d" % (i - 1), "p%d" % (i - 2)}
    return state | {"p%d" % i}

def possible(i):
    return i % 9 == 8 or i % 4 != 2 or not ((i - 1) % 9 == 8 or (i - 2) % 9 == 8)

index = PassageIndex.from_passages([passage(-1)])
index.save(folder)
state, done, midway = {"p-1"}, 0, 0
del index
for kill in range(kills):
    receive, send = os.pipe()
    child = os.fork()
    if not child:
        index = PassageIndex.load(folder)
        for i in range(done, done + 10_000):
            if possible(i):
                step(index, i)
            os.write(send, b".")
    os.close(send)
    os.read(receive, 1)
    acknowledged = 1
    time.sleep(chance.random() * 0.1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := len(os.read(receive, 65536)):
        acknowledged += more
    os.close(receive)
    for i in range(done, done + acknowledged):
        state = expected(state, i) if possible(i) else state
    done += acknowledged
    loaded = PassageIndex.load(folder)
    found = [passage.id for passage in loaded]
    assert len(found) == len(set(found)) == len(loaded), (kill, found)
    if set(found) != state:  # what was going on may have been done, but not been acknowledged
        state, done, midway = expected(state, done), done + 1, midway + 1
    assert set(found) == state, (kill, done, set(found) ^ state)
    hits = {hit.passage.id for hit in loaded.search("text of many", 1000, encoder)}
    assert hits == state, (kill, done, hits ^ state)
print(json.dumps({"steps": done, "midway": midway}))
"""


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CRASHING, str(tmp_path / "saved"), "25"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] >= 25
