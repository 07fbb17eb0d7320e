"""The graph as a whole: its arrays, and statements that come and go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph
from kgrag.types import Triple

EX = "http://example.org/"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
XSD = "http://www.w3.org/2001/XMLSchema#"
Write = Callable[[str, object], Path]
SAME = [
    (EX + "aspirin", EX + "treats", EX + "headache"),
    (EX + "aspirin", EX + "dose", f'"0100"^^<{XSD}integer>'),
    (EX + "aspirin", EX + "note", '"say \\"ah\\"\\né"@en-gb'),
]
ids = st.integers(0, 5)


def test_no_statements_is_an_error(write: Write) -> None:
    with pytest.raises(GraphError, match="only labels"):
        KnowledgeGraph.from_rdf(write("a.nt", f'<x:a> <{LABEL}> "a" .'))
    with pytest.raises(GraphError, match="no statement"):
        KnowledgeGraph.from_triples([])


def test_arrays(graph: KnowledgeGraph) -> None:
    assert graph.num_nodes == len(graph.labels) == len(graph.is_literal)
    for array in (graph.heads, graph.relations, graph.tails, graph.sources):
        assert array.dtype == np.int64 and array.shape == (graph.num_statements,)
    for i in range(graph.num_statements):
        triple = graph.triple(i)
        assert triple.id == i and triple.source == "drugs.ttl" and graph.contains(triple)
    assert all(graph.contains(row) for row in SAME)


def test_added_and_removed_statements_are_visible(graph: KnowledgeGraph) -> None:
    before, version = set(graph.rows()), graph.version
    new = [(EX + "ibuprofen", EX + "treats", EX + "headache"), (EX + "ibuprofen", LABEL, '"Ibuprofen"@en')]
    assert not graph.find("ibuprofen")
    graph.add(new)
    graph.add(new)
    assert graph.version == version + 2
    assert set(graph.rows()) == before | set(new)
    ibuprofen = graph.find("IBUPROFEN")[0]
    assert graph.label(ibuprofen) == "Ibuprofen"
    statements, _ = graph.statements_to(graph.find("headache"))
    assert ibuprofen in graph.heads[statements]
    graph.remove([new[1]])
    assert graph.label(ibuprofen) == "ibuprofen"
    graph.remove([graph.triple(int(statements[-1])), ("not", "in", "it")])
    assert graph.version == version + 4
    assert set(graph.rows()) == before
    assert not graph.contains(new[0])
    assert not graph.find("ibuprofen")


def test_a_malformed_triple_changes_nothing(graph: KnowledgeGraph) -> None:
    before = set(graph.rows())
    for change in (graph.add, graph.remove):
        with pytest.raises(GraphError):
            change([SAME[0], ("a", "b", "")])
    assert set(graph.rows()) == before and graph.version == 0


def test_source_of_an_added_triple(graph: KnowledgeGraph) -> None:
    graph.add([Triple(EX + "a", EX + "b", EX + "c", ("", "", ""), source="by hand")])
    assert graph.triple(graph.num_statements - 1).source == "by hand"


@settings(max_examples=60)
@given(st.lists(st.tuples(ids, st.integers(0, 2), ids), min_size=1, max_size=25), st.tuples(*[st.none() | ids] * 3))
def test_removing_by_pattern_equals_a_naive_scan(
    statements: list[tuple[int, int, int]], wanted: tuple[int | None, int | None, int | None]
) -> None:
    graph = KnowledgeGraph.from_triples([(f"ex:{h}", f"ex:{r}", f"ex:{t}") for h, r, t in statements])
    pattern = [None if part is None else f"ex:{part}" for part in wanted]
    if pattern == [None] * 3:
        with pytest.raises(GraphError, match="No part"):
            graph.remove_where(*pattern)
        return
    before = set(graph.rows())
    left = {row for row in before if any(part not in (None, term) for part, term in zip(pattern, row))}
    assert graph.remove_where(*pattern) == len(before) - len(left)
    assert set(graph.rows()) == left


def test_removing_by_pattern_takes_labels_along(graph: KnowledgeGraph, write: Write) -> None:
    version = graph.version
    assert graph.remove_where(subject=EX + "aspirin", object='"ASA"@en') == 1
    assert not graph.find("ASA") and graph.find("Aspirin") and graph.version == version + 1
    assert graph.remove_where(predicate="plain name") == graph.remove_where(source="other.ttl") == 0
    with pytest.raises(GraphError):
        graph.remove_where(subject="")
    assert graph.remove_where(subject=EX + "aspirin") == 6
    assert not graph.find("Aspirin")
    quads = f'<x:a> <x:p> <x:b> .\n<x:a> <x:p> <x:c> <x:g> .\n<x:a> <{LABEL}> "a" <x:g> .'
    named = KnowledgeGraph.from_rdf(write("a.nq", quads), write("b.nt", "<x:b> <x:p> <x:d> ."))
    assert named.remove_where(source="a.nq, graph x:g") == 2
    assert named.remove_where(source="a.nq") == 1
    assert set(named.rows()) == {("x:b", "x:p", "x:d")}


def test_update_replaces_what_came_from_a_file(write: Write) -> None:
    first = write("a.trig", f'<x:a> <x:p> <x:b>, _:x . <x:a> <{LABEL}> "old" . <x:g> {{ <x:a> <x:p> <x:c> }}')
    graph = KnowledgeGraph.from_rdf(first, write("b.nt", "_:x <x:q> <x:d> ."))
    before, version = set(graph.rows()), graph.version
    for malformed in ("<x:a> <x:p> <x:b> . <x:a>", " "):
        write("a.trig", malformed)
        with pytest.raises(GraphError):
            graph.update(first)
        assert set(graph.rows()) == before and graph.version == version
    write("a.trig", f'<x:a> <x:p> <x:b>, _:x . <x:a> <{LABEL}> "new" .')
    graph.update(first)
    assert graph.version == version + 1
    assert not graph.find("old") and graph.label(graph.find("new")[0]) == "new"
    blank = {row[2] for row in graph.rows() if row[2].startswith("_:")}
    assert len(blank) == 1 and not blank & {"_:b0", "_:b1"}  # a blank node of a new file is a new one
    assert {row for row in graph.rows() if row[2] not in blank} == {
        ("x:a", "x:p", "x:b"),
        ("x:a", LABEL, '"new"'),
        ("_:b1", "x:q", "x:d"),
    }
    with pytest.raises(GraphError, match=r"came from a\.trig, b\.nt"):
        graph.update(write("c.nt", "<x:a> <x:p> <x:b> ."))


def test_update_tells_files_of_one_name_apart(write: Write) -> None:
    paths = [write(f"{folder}/a.nt", f"<x:{folder}> <x:p> <x:b> .") for folder in ("one", "two")]
    graph = KnowledgeGraph.from_rdf(*paths)
    write("two/a.nt", "<x:three> <x:p> <x:b> .")
    graph.update(paths[1])
    assert set(graph.rows()) == {("x:one", "x:p", "x:b"), ("x:three", "x:p", "x:b")}


def test_a_copy_changes_on_its_own(graph: KnowledgeGraph) -> None:
    graph.add([("late", "is", "here")])
    graph.remove([("late", "is", "here")])
    copied = graph.copy()
    before = set(graph.rows())
    assert set(copied.rows()) == before and copied.iris == graph.iris and copied.version == graph.version
    assert copied.statements.tolist() == graph.statements.tolist() and copied.labels == graph.labels
    copied.add([("new", "is", "here"), ("new", LABEL, '"newest"')])
    copied.remove_where(predicate=EX + "treats")
    assert set(graph.rows()) == before and not graph.find("newest") and copied.find("newest")
    graph.add([("other", "is", "there"), ("x", LABEL, '"different"')])
    assert graph.node("urn:kgrag:node:other") is not None and copied.node("urn:kgrag:node:other") is None
    assert not copied.find("different")
    assert (
        graph.statements_from([graph.find("Aspirin")[0]])[0].size
        > copied.statements_from([copied.find("Aspirin")[0]])[0].size
    )


def test_a_named_graph_is_removed_by_its_name() -> None:
    quads = b"<x:a> <x:p> <x:b> <x:g> .\n<x:a> <x:p> <x:b> .\n<x:c> <x:p> <x:d> <x:g> .\n<x:e> <x:p> <x:f> <x:h> .\n"
    graph = KnowledgeGraph.from_rdf(quads, format="nq")
    assert graph.remove_where(source="x:g") == 1
    assert sorted(subject for subject, _, _ in graph.rows()) == ["x:a", "x:e"]
    assert graph.remove_where(source="x:nowhere") == 0
