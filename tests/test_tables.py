"""Triples from tables."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph, parse

Write = Callable[[str, object], Path]


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
        ("a.csv.gz", gzip.compress(b'head,relation,tail\nAnna,sibling of,Ben\nAnna,age,"""5"""\n', mtime=0)),
    ],
)
def test_tables(write: Write, name: str, text: str | bytes) -> None:
    graph = KnowledgeGraph.from_rdf(write(name, text))
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
def test_faulty_tables(write: Write, text: str | bytes, reason: str) -> None:
    with pytest.raises(GraphError, match=reason):
        list(parse(write("a.csv", text)))


def test_a_table_without_lines(tmp_path: Path) -> None:
    assert list(parse(b"", "csv")) == list(parse(b"head,relation,tail\n", "csv")) == []
