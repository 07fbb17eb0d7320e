"""Contexts of JSON-LD: large and nested ones are read, those that crash the parser or keep it busy are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import parse


def objects(document: object, limits: Limits | None = None) -> list[str]:
    text = document if isinstance(document, str) else json.dumps(document)
    return sorted(quad.object.value for quad in parse(text.encode(), "json-ld", limits=limits))


def chain(length: int) -> dict[str, str]:
    """Terms each of which is defined by the next, which is the last to be defined."""
    return {f"t{i}": f"t{i + 1}:a" for i in range(length - 1)} | {f"t{length - 1}": "http://e/"}


def test_chains_of_terms() -> None:
    limits = Limits(nesting_depth=20)
    assert objects({"@context": chain(20), "t0": "v"}, limits) == ["v"]
    twice = f'{{"@context": {json.dumps(chain(21))}, "@context": {{}}, "t0": "v"}}'
    escaped = json.dumps({"@context": chain(21), "t0": "v"}).replace("@context", "\\u0040cont\\u0065xt")
    apart = [{name: iri} for name, iri in reversed(chain(21).items())]
    for document in ({"@context": chain(21), "t0": "v"}, {"@context": apart, "t0": "v"}, twice, escaped):
        with pytest.raises(GraphError, match=r"terms by terms .* 20 deep.*Limits\.nesting_depth"):
            objects(document, limits)
    scoped = chain(7) | {"t6": {"@id": "http://e/", "@context": chain(7)}}
    for document in (
        {"@context": scoped, "t0": "v"},
        {"@context": [{"p": {"@id": "x:p", "@context": scoped}}], "p": "v"},
    ):
        assert objects(document, Limits(nesting_depth=21)) == ["v"]
        with pytest.raises(GraphError, match="terms by terms"):
            objects(document, Limits(nesting_depth=13))
    with pytest.raises(GraphError, match="in a circle"):
        objects({"@context": {"a": "b:x", "b": "a:x"}, "a": "v"})


def test_terms_may_be_defined_by_their_own_names() -> None:
    context = {"@vocab": "http://e/", "name": "name", "e": "http://e/", "e:b": {"@type": "e:c"}, "type": "@type"}
    assert objects({"@context": context, "name": "v", "e:b": "w", "type": "x"}) == ["http://e/x", "v", "w"]


def test_contexts_that_hold_often() -> None:
    context = {f"t{i}": "http://e/t" for i in range(100)}
    nodes = [{"@context": {"u": "http://e/u"}, "t0": str(i), "u": "w"} for i in range(50)]
    document = {"@context": context, "@graph": nodes}
    copied = 100 + 50 * 101
    assert len(objects(document, Limits(context_terms=copied))) == 100
    with pytest.raises(GraphError, match=rf"{copied:,} terms would be copied.*Limits\.context_terms"):
        objects(document, Limits(context_terms=copied - 1))
    assert len(objects(nodes * 1000 + [document], Limits(context_terms=60_000))) > 1000  # beside one another: no copies


@pytest.mark.parametrize("use", [{"p": [{"a": "v"}, {"a": "v"}]}, {"@type": "p", "a": "v"}, {"kind": "p", "a": "v"}])
def test_contexts_of_terms_count_where_these_are_used(use: dict[str, Any]) -> None:
    scoped = {"p": {"@id": "http://e/p", "@context": {f"t{i}": "http://e/t" for i in range(100)}}}
    document = {"@context": {"@vocab": "http://e/", "kind": "@type", **scoped}, "@graph": [use] * 50}
    assert objects(document, Limits(context_terms=50_000))
    with pytest.raises(GraphError, match="terms would be copied"):
        objects(document, Limits(context_terms=5_000))
    assert objects({**document, "@graph": [{"a": "v"}] * 50}, Limits(context_terms=5_000))  # where they are not used


@pytest.mark.parametrize(
    "context",
    [
        {"@vocab": "x:" + "a" * 9_000},
        {"@base": "x:" + "a" * 9_000, "p": {"@id": "x:p", "@type": "@id"}},
        {"p": "x:" + "a" * 9_000},
        {f"t{i}": "x:" + "a" * 3_000 if i == 2 else f"t{i + 1}:{'a' * 3_000}" for i in range(3)},
        [{"@vocab": "http://e/"}, *[{"@vocab": "a" * 1_000}] * 9],
    ],
)
def test_contexts_that_make_long_names(context: object) -> None:
    document = {"@context": context, "@graph": [{"p": str(i)} for i in range(5_000)]}
    with pytest.raises(GraphError, match=r"IRIs of up to (9|1\d),\d{3} characters.*Limits\.unpacked_ratio"):
        objects(document)
    objects({**document, "@graph": document["@graph"][:500]})  # a few do no harm


def test_a_large_context_of_many_terms_is_read() -> None:
    prefixes = {f"p{i}": f"https://vocabulary.example.org/{i}/ns#" for i in range(300)}
    terms = {f"term{i}": {"@id": f"p{i % 300}:Term{i}", "@type": "@id"} for i in range(3_000)}
    nodes = [{"@id": f"p1:{i}", f"term{i % 3000}": f"p2:{i}"} for i in range(20_000)]
    assert len(objects({"@context": [prefixes, terms], "@graph": nodes})) == 20_000
