"""Hostile inputs are refused by a process that lives on; damaged ones are read or refused, and nothing else happens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
from bombs import BOMBS
from fuzzing import BASE, mutant
from isolation import Reader

HARMLESS = b"<x:a> <x:b> <x:c> .\n"
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
FILES = {
    "a.nt": '<http://e/a> <http://e/b> "c\\u00e9\\n"@en-GB .\n_:a <http://e/b> _:b . # a comment\n<x:a> <x:b> "1"^^<x:c> .\n',
    "a.nq": "<http://e/a> <http://e/b> <http://e/c> <http://e/g> .\n_:a <http://e/b> 'c' _:g .\n<x:a> <x:b> \"c\" .\n",
    "a.ttl": "@base <http://e/> . PREFIX x: <ns#>\n<a> a x:B ; x:c [ x:d (1 2.5 true 1e3), 'e'@de ] , \"\"\"f\n'g'\"\"\"^^x:h .\n",
    "b.ttl": "@prefix : <http://e/> .\n<< :a :b :c >> :d _:e.f .\n:a\\~b%20c :d <\\u00e9> . [] :d ( [] () ) .\n",
    "a.trig": "@prefix : <http://e/> .\n:g { :a :b :c , [] } GRAPH _:g { :a :b 'c' . } { :a :b '''d'''@en } :a :b :c .\n",
    "a.rdf": f'<?xml version="1.0"?>\n<rdf:RDF {RDF} xmlns="http://e/" xml:base="http://e/d"><rdf:Description rdf:ID="a" b="c">'
    '<rdf:li rdf:parseType="Collection"><e rdf:about="#f"/><g/></rdf:li><h xml:lang="en">i &amp; &#x6A;</h><k '
    'rdf:parseType="Literal">l <m n="o"/><!-- p --></k><q rdf:parseType="Resource"><r rdf:nodeID="s"/></q></rdf:Description>'
    "<t rdf:datatype='x:u'>1</t></rdf:RDF>",
    "b.rdf": f"<!DOCTYPE rdf:RDF [<!ENTITY a 'http://e/'>]><rdf:RDF {RDF} xmlns:e='&a;'><e:b rdf:about='&a;c'/></rdf:RDF>",
    "a.jsonld": '{"@context": {"@vocab": "http://e/", "n": {"@id": "name", "@language": "en"}, "k": {"@id": "x:k", "@context": '
    '{"m": "x:m"}, "@container": "@list"}}, "@id": "a", "@type": ["B", "C"], "n": "d", "k": [1, 2.5, true, {"m": null}], '
    '"@graph": [{"@id": "_:e", "f": {"@value": "g", "@type": "x:h"}, "@reverse": {"i": {"@id": "../j"}}}]}',
    "b.jsonld": '[{"@context": [null, {"@base": "//e/../f", "t": "@type"}, "g.jsonld"], "t": "h", "x:i": {"@set": [{"@json": 1}]}}]',
}  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.stop()


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(reader: Reader, name: str) -> None:
    assert reader.read(HARMLESS, "nt").kind == "read"
    before = reader.pid
    outcome = reader.detonate(name)
    assert outcome.kind == "refused", outcome
    assert reader.read(HARMLESS, "nt").kind == "read" and reader.pid == before


def test_there_are_bombs_of_many_kinds() -> None:
    assert len(BOMBS) >= 30
    assert len({name.split()[0] for name in BOMBS}) >= 6


def test_damaged_files_are_read_or_refused(reader: Reader) -> None:
    corpus = [(name, text.encode()) for name, text in FILES.items()]
    made = [mutant(corpus, seed=1, number=number) for number in range(500)]
    assert mutant(corpus, seed=1, number=7) == made[7]
    outcomes = [reader.read(each.data, each.format, BASE) for each in made]
    assert [(made[i], outcome) for i, outcome in enumerate(outcomes) if outcome.kind not in ("read", "refused")] == []
    assert {outcome.kind for outcome in outcomes} == {"read", "refused"}


def test_a_crash_is_seen(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reader.read(HARMLESS, "nt").kind == "read"
    before = reader.pid
    assert reader._process is not None
    reader._process.kill()
    assert reader.read(HARMLESS, "nt").kind == "crash"
    assert reader.read(HARMLESS, "nt").kind == "read" and reader.pid != before
