"""Saved graphs: the same when they are opened again, refused when damaged, and whole after every crash."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kgrag import KnowledgeGraph
from kgrag.errors import GraphError, SavedFolderError
from kgrag.graph.storage import read_graph, write_graph
from kgrag.journal import NAME

EX = "http://example.org/"
TURTLE = """
@prefix : <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:aspirin a :Drug ; rdfs:label "Aspirin"@en, "Aspirin-Tablette"@de ; :treats :headache, _:pain ; :strength 01 .
:headache rdfs:label "headache" . :treats rdfs:label "treats" . _:pain :note "says \\"ouch\\"\\n"@en-GB .
"""


@pytest.fixture
def graph(tmp_path: Path) -> KnowledgeGraph:
    path = tmp_path / "drugs.ttl"
    path.write_text(TURTLE, encoding="utf-8")
    return KnowledgeGraph.from_rdf(path, labels={EX + "Drug": "medicine"}, label_properties=["ex:name"], language="de")


def state(graph: KnowledgeGraph) -> tuple[object, ...]:
    rows = sorted(zip(graph.rows(), graph.row_sources()))
    return rows, graph.labels, graph.relation_labels, list(graph.aliases()), graph.version


def test_saved_graph_is_the_same(graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph.add([("Plain name", "has part", '"0x"^^<ex:hex>')])
    graph.save(tmp_path / "saved")
    loaded = KnowledgeGraph.load(tmp_path / "saved")
    assert state(loaded) == state(graph)
    assert list(loaded.rows()) == list(graph.rows())
    assert loaded.find("aspirin-TABLETTE") == graph.find("Aspirin") != []
    for node in range(graph.num_nodes):
        assert loaded.find(graph.iri(node)) == graph.find(graph.iri(node))
    assert loaded.find("no such thing") == []
    assert [loaded.triple(i) for i in loaded.statements] == [graph.triple(i) for i in graph.statements]
    assert loaded.is_literal.tolist() == graph.is_literal.tolist()


def test_a_saved_graph_keeps_its_changes(graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph.save(tmp_path / "saved")
    graph.add([("x", "y", "z"), (EX + "headache", "http://www.w3.org/2000/01/rdf-schema#label", '"Kopfweh"@de')])
    graph.remove([(EX + "aspirin", EX + "treats", EX + "headache")])
    assert graph.remove_where(predicate=EX + "strength") == 1
    loaded = KnowledgeGraph.load(tmp_path / "saved")
    assert state(loaded) == state(graph)
    assert loaded.find("kopfweh") == loaded.find(EX + "headache")
    loaded.add([("x", "y", "w")])
    assert KnowledgeGraph.load(tmp_path / "saved").find("w") != []
    loaded.save(tmp_path / "saved")
    again = KnowledgeGraph.load(tmp_path / "saved")
    assert state(again) == state(loaded)
    assert again.statements.tolist() == list(range(again.num_statements))  # no gap is left
    assert not (tmp_path / "saved" / NAME).read_bytes()


def test_a_new_version_of_a_file_is_kept(graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph.save(tmp_path / "saved")
    path = tmp_path / "drugs.ttl"
    path.write_text("@prefix : <http://example.org/> . :aspirin :treats :fever .", encoding="utf-8")
    graph.update(path)
    loaded = KnowledgeGraph.load(tmp_path / "saved")
    assert list(loaded.rows()) == [(EX + "aspirin", EX + "treats", EX + "fever")]
    assert state(loaded) == state(graph)


def test_a_refused_change_is_not_written(graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph.save(tmp_path / "saved")
    before = state(graph)
    with pytest.raises(GraphError):
        graph.add([("a", "b", "c"), ("a", "b")])
    assert state(graph) == before
    assert state(KnowledgeGraph.load(tmp_path / "saved")) == before


def test_a_line_that_was_cut_off_is_left_out(graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph.save(tmp_path / "saved")
    journal = tmp_path / "saved" / NAME
    graph.add([("a", "b", "c")])
    one = journal.read_bytes()
    graph.add([("d", "e", "f")])
    both = journal.read_bytes()
    for end in range(len(one), len(both)):
        journal.write_bytes(both[:end])
        loaded = KnowledgeGraph.load(tmp_path / "saved")
        assert loaded.find("c") and not loaded.find("f")
    loaded.add([("g", "h", "i")])
    assert KnowledgeGraph.load(tmp_path / "saved").find("i")


def test_a_damaged_journal_is_refused(graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph.save(tmp_path / "saved")
    journal = tmp_path / "saved" / NAME
    for name in "abc":
        graph.add([(name, "is", "there")])
    good = journal.read_bytes()
    journal.write_bytes(good.replace(b'node:a"', b'node:x"', 1))
    with pytest.raises(SavedFolderError, match="line 1"):
        KnowledgeGraph.load(tmp_path / "saved")


def test_changes_that_another_made_are_not_overwritten(graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph.save(tmp_path / "saved")
    other = KnowledgeGraph.load(tmp_path / "saved")
    graph.add([("a", "b", "c")])
    with pytest.raises(GraphError, match="changed since"):
        other.add([("a", "b", "d")])
    assert not other.find("d")
    again = KnowledgeGraph.load(tmp_path / "saved")
    assert again.find("c") and not again.find("d")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_takes_no_changes(graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph.save(tmp_path / "saved")
    del graph
    (tmp_path / "saved" / NAME).chmod(0o444)
    loaded = KnowledgeGraph.load(tmp_path / "saved")
    with pytest.raises(GraphError, match="cannot be written"):
        loaded.add([("a", "b", "c")])
    assert not loaded.find("c")


def test_a_folder_that_was_replaced_takes_no_changes(graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph.save(tmp_path / "saved")
    old = KnowledgeGraph.load(tmp_path / "saved")
    graph.save(tmp_path / "saved")
    with pytest.raises(GraphError, match="replaced or deleted"):
        old.add([("a", "b", "c")])
    graph.add([("a", "b", "c")])
    shutil.move(tmp_path / "saved", tmp_path / "moved")
    graph.add([("a", "b", "d")])
    assert KnowledgeGraph.load(tmp_path / "moved").find("d")


@pytest.mark.parametrize("damage", ["missing", "too large", "negative", "cut", "other type"])
def test_arrays_that_do_not_fit_are_refused(graph: KnowledgeGraph, tmp_path: Path, damage: str) -> None:
    graph.save(tmp_path / "saved")
    arrays, settings, _ = read_graph(tmp_path / "saved")
    settings.pop("format")
    for name, array in arrays.items():
        changed = dict(arrays)
        if damage == "missing":
            del changed[name]
        elif not array.size or array.dtype == np.uint8 and damage != "cut":
            continue
        elif damage == "cut":
            changed[name] = array[:-1]
        elif damage == "other type":
            changed[name] = array.astype(np.float32)
        else:
            changed[name] = array.copy()
            changed[name].flat[0] = 10**9 if damage == "too large" else -1
        write_graph(tmp_path / "damaged", changed, settings)
        with pytest.raises(SavedFolderError):
            KnowledgeGraph.load(tmp_path / "damaged")


def test_settings_that_do_not_fit_are_refused(graph: KnowledgeGraph, tmp_path: Path) -> None:
    graph.save(tmp_path / "saved")
    arrays, good, _ = read_graph(tmp_path / "saved")
    for change in (
        {"origins": []},
        {"origins": ["a", "a"]},
        {"origins": [3]},
        {"given": 3},
        {"given": {"a": 3}},
        {"version": "1"},
        {"language": None},
    ):
        write_graph(tmp_path / "damaged", arrays, {**good, **change})
        with pytest.raises(SavedFolderError, match="damaged"):
            KnowledgeGraph.load(tmp_path / "damaged")
    write_graph(tmp_path / "damaged", arrays, {**good, "format": 99})
    with pytest.raises(SavedFolderError, match="format 4"):
        KnowledgeGraph.load(tmp_path / "damaged")


def test_damaged_files_are_refused(graph: KnowledgeGraph, tmp_path: Path) -> None:
    with pytest.raises(SavedFolderError, match="no manifest"):
        KnowledgeGraph.load(tmp_path)
    with pytest.raises(SavedFolderError, match="no folder"):
        KnowledgeGraph.load(tmp_path / "nowhere")
    for name in ("graph.safetensors", "graph.json"):
        graph.save(tmp_path / "saved")
        with open(tmp_path / "saved" / name, "ab") as stream:
            stream.write(b" ")
        with pytest.raises(SavedFolderError, match="changed after it was saved"):
            KnowledgeGraph.load(tmp_path / "saved")
        shutil.rmtree(tmp_path / "saved")


# A process that changes and saves a graph, and says so each time, until it is killed; its successor goes on from there.
CRASHING = """
import json, os, random, signal, sys, time
from kgrag.graph import KnowledgeGraph

folder, kills = sys.argv[1], int(sys.argv[2])
chance = random.Random(0)

def triple(i):
    return ("urn:s:%d" % (i % 40), "urn:p", "urn:o:%d" % i)

def step(graph, i):
    if i % 7 == 6:
        graph.save(folder)
    elif i % 3 == 2:
        graph.remove([triple(i - 2), triple(i - 1)])
    else:
        graph.add([triple(i)])

def expected(state, i):
    if i % 7 == 6:
        return state
    if i % 3 == 2:
        return state - {triple(i - 2), triple(i - 1)}
    return state | {triple(i)}

graph = KnowledgeGraph.from_triples([("urn:a", "urn:p", "urn:b")])
graph.save(folder)
state, done, steps, midway = set(graph.rows()), 0, 0, 0
del graph
for kill in range(kills):
    receive, send = os.pipe()
    child = os.fork()
    if not child:
        graph = KnowledgeGraph.load(folder)
        for i in range(done, done + 10_000):
            step(graph, i)
            os.write(send, b".")
    os.close(send)
    os.read(receive, 1)
    acknowledged = 1
    time.sleep(chance.random() * 0.04)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := len(os.read(receive, 65536)):
        acknowledged += more
    os.close(receive)
    for i in range(done, done + acknowledged):
        state = expected(state, i)
    done += acknowledged
    found = set(KnowledgeGraph.load(folder).rows())
    if found != state:  # what was going on may have been done, but not been acknowledged
        state, done, midway = expected(state, done), done + 1, midway + 1
    assert found == state, (kill, done, found ^ state)
print(json.dumps({"steps": done, "midway": midway}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CRASHING, str(tmp_path / "saved"), "100"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] >= 100
