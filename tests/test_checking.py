"""Text before it is parsed, and statements when they are: nesting, and terms out of proportion."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import parse

Write = Callable[[str, object], Path]
NESTED = {  # what is said over and over, what is within, and how many brackets that makes at each depth
    "a.jsonld": ('{"x:p":', "1", "}", 1),
    "b.jsonld": ('{"x:p": [', '{"@id": "x:a", "x:p": 1}', "]}", 2),
    "a.ttl": ("[<x:p> ", "1", "]", 1),
    "b.ttl": ("(", "1", ")", 1),
    "a.n3": ("[<x:p> (", "1", ")]", 2),
    "a.trig": ("[<x:p> ", "1", "]", 1),
}


@pytest.mark.parametrize("name", NESTED)
def test_nesting_is_bounded(write: Write, name: str) -> None:
    opening, inner, closing, step = NESTED[name]
    text = opening * 30 + inner + closing * 30
    path = write(name, text if name.endswith("jsonld") else f"<x:a> <x:p> {text} .")
    deepest = 30 * step + inner.count("{")
    assert list(parse(path, limits=Limits(nesting_depth=deepest)))
    with pytest.raises(GraphError, match=rf"nested {deepest} deep, more than {deepest - 1}"):
        list(parse(path, limits=Limits(nesting_depth=deepest - 1)))


@pytest.mark.parametrize("depth", [501, 5000])
def test_deep_triple_terms_are_refused(write: Write, depth: int) -> None:
    for name, inner in {"a.ttl": "1", "a.nt": "<x:o>"}.items():
        with pytest.raises(GraphError, match="nested"):
            list(parse(write(name, "<x:a> <x:p> " + "<<( <x:a> <x:p> " * depth + inner + ")>>" * depth + " .")))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonld", json.dumps({"@id": "x:a", "x:p": '\\"' + "[{" * 1000})),
        ("a.ttl", '<x:a> <x:p> "' + "<<" * 1000 + '" .'),
        ("a.ttl", "<x:a> <x:p> '''\\'''" + "(\n[" * 1000 + "''' ."),
        ("a.ttl", '<x:a> <x:p> """a"b""' + "[\n" * 1000 + '""" .'),
        ("a.ttl", "# it's " + "[(" * 1000 + "\\\n<x:a> <x:p> 1 ."),
        ("a.ttl", "@prefix x: <x:> . x:a x:p x:" + "\\(" * 1000 + " ."),
        ("a.trig", "<x:g> { <x:a> <x:p> <x:a(((> }" + "<x:g> { <x:a> <x:p> '[', \"'(\" }" * 1000),
        ("a.nq", '<x:a> <x:p> "' + "<<" * 1000 + '" <x:g> .'),
    ],
)
def test_brackets_elsewhere_are_no_nesting(write: Write, name: str, text: str) -> None:
    assert list(parse(write(name, text)))


def test_long_terms_are_refused() -> None:
    long = "a" * 2000
    limits = Limits(literal_chars=1500)
    texts = {
        "nt": [f"<x:{long}> <x:b> <x:c> .", f"<x:a> <x:{long}> <x:c> .", f"<x:a> <x:b> _:{long} ."],
        "ttl": [f"@prefix a: <x:{long[:1000]}> . a:{long[:1000]} <x:b> <x:c> .", f'<x:a> <x:b> "1"^^<x:{long}> .'],
        "nq": [f"<x:a> <x:b> <x:c> <x:{long}> ."],
        "jsonld": [f'{{"@id": "x:{long}", "x:b": 1}}', json.dumps({"@id": "x:a", "x:b": {"@value": long + " "}})],
    }
    for format, cases in texts.items():
        for text in cases:
            with pytest.raises(GraphError, match=r"statement 1: the (name|literal) has more than 1,500 characters"):
                list(parse(text.encode(), format, limits=limits))
            assert list(parse(text.encode(), format))
    lines = "\n".join([*texts["nt"], "<x:a> <x:b> <x:c> ."])
    assert len(list(parse(lines.encode(), "nt", limits=limits, on_error="skip"))) == 1


def test_a_small_file_may_not_say_much_by_long_prefixes() -> None:
    prefix, statement = f"@prefix a: <x:{'a' * 10_000}> . ", "a:a a:b a:c . "
    assert len(list(parse((prefix + statement * 400).encode(), "ttl", limits=Limits(unpacked_ratio=2)))) == 400
    with pytest.raises(GraphError, match=r"more than 2 times as large, the most that Limits\.unpacked_ratio"):
        list(parse((prefix + statement * 1000).encode(), "ttl", limits=Limits(unpacked_ratio=2)))
