"""Faulty lines that are left out."""

from __future__ import annotations

import pytest

from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph, parse

LINE = b"<x:a> <x:b> <x:c> .\n"
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
