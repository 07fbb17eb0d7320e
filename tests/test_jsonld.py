"""JSON-LD: contexts beside the file and nowhere else, no base directions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import parse

Write = Callable[[str, object], Path]


def test_contexts_beside_the_file(write: Write) -> None:
    write("c/one.jsonld", {"@context": {"p": {"@id": "x:p", "@context": "../two.jsonld"}}})
    write("two.jsonld", {"@context": ["c/one.jsonld", {"q": "x:q"}]})
    document = {"@context": ["c/one.jsonld", {"r": "x:r"}], "@id": "x:a", "p": {"q": "deep"}, "r": "flat"}
    objects = {obj.value for _, _, obj, _ in parse(write("a.jsonld", document))}
    assert {"deep", "flat"} <= objects


@pytest.mark.parametrize(
    "reference", ["../outside.jsonld", "none.jsonld", "/etc/hostname", "file:///etc/hostname", "http://e/c"]
)
def test_contexts_elsewhere_are_refused(write: Write, reference: str) -> None:
    write("outside.jsonld", {"@context": {"p": "x:p"}})
    path = write("in/a.jsonld", {"@context": reference, "p": "v"})
    for source in (path, path.read_bytes()):
        with pytest.raises(GraphError, match="nothing is fetched"):
            list(parse(source, "json-ld"))


def test_contexts_that_cannot_be_read(write: Write) -> None:
    write("faulty.jsonld", "{")
    for reference in ("a" * 5000, "a\0b", "faulty.jsonld"):
        with pytest.raises(GraphError, match="not valid JSON-LD"):
            list(parse(write("a.jsonld", {"@context": reference, "p": "v"})))


def test_links_out_of_the_folder_are_not_followed(write: Write) -> None:
    outside = write("outside.jsonld", {"@context": {"p": "x:p"}})
    path = write("in/a.jsonld", {"@context": "link.jsonld", "p": "v"})
    (path.parent / "link.jsonld").symlink_to(outside)
    with pytest.raises(GraphError, match="nothing is fetched"):
        list(parse(path))


def test_contexts_that_never_end(write: Write) -> None:
    write("loop.jsonld", {"@context": "loop.jsonld"})
    with pytest.raises(GraphError, match="includes itself"):
        list(parse(write("a.jsonld", {"@context": "loop.jsonld", "x:p": "v"})))
    for number in range(30):  # each refers to the next twice
        part = {"@context": f"c{number + 1}.jsonld"}
        write(f"c{number}.jsonld", {"@context": {"a": {"@id": "x:a", **part}, "b": {"@id": "x:b", **part}}})
    write("c30.jsonld", {"@context": {}})
    with pytest.raises(GraphError, match=r"Limits\.context_bytes"):
        list(parse(write("b.jsonld", {"@context": "c0.jsonld"}), limits=Limits(context_bytes=100_000)))


def test_base_directions_are_left_out() -> None:
    value = {"@value": "x", "@language": "ar", "@direction": "rtl"}
    ((_, _, literal, _),) = parse(json.dumps({"@id": "x:a", "x:p": value}).encode(), "json-ld")
    assert str(literal) == '"x"@ar'
