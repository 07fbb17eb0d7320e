"""Large files that are read in parts hold the same as when they are read as a whole."""

import numpy as np
import pytest

from kgrag import KnowledgeGraph
from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import splitting
from kgrag.graph.dictionary import Dictionary
from kgrag.graph.interning import Interner

LINES = [
    f"<ex:s{i % 37}> <ex:p{i % 5}> {f'<ex:o{i}>' if i % 3 else f'_:n{i % 11}'} .\n"
    f'_:n{i % 13} <ex:name> "line {i}\\n"@en .\n'
    for i in range(300)
]


def read(text: str, format: str = "nt", limits: Limits | None = None) -> tuple[np.ndarray, list[str], list[str]]:
    interner = Interner(Dictionary(), Dictionary())
    columns = interner.sources({"file": text.encode()}, format, limits=limits)
    return columns, list(interner.terms), list(interner.origins)


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Small parts, on three processes; holds how many parts were merged."""
    merged: list[int] = []
    merge = splitting._merge

    def counted(*arguments):
        merged.append(1)
        return merge(*arguments)

    monkeypatch.setattr(splitting, "_AHEAD", 100)
    monkeypatch.setattr(splitting, "_WORTH", 1_000)
    monkeypatch.setattr(splitting, "_processes", lambda: 3)
    monkeypatch.setattr(splitting, "_merge", counted)
    return merged


@pytest.mark.parametrize("format", ["nt", "nq"])
@pytest.mark.parametrize("ending", ["", "# a comment at the end, and no line break", "\n\n"])
def test_parts_are_the_same_as_the_whole(request: pytest.FixtureRequest, format: str, ending: str) -> None:
    text = "".join(LINES) + ending
    if format == "nq":
        text = "".join(line.replace("> .", f"> <ex:g{i % 4}> .") for i, line in enumerate(LINES)) + ending
    whole = read(text, format)
    merged = request.getfixturevalue("in_parts")
    parts = read(text, format)
    assert len(merged) == 2
    assert np.array_equal(parts[0], whole[0])
    assert parts[1:] == whole[1:]


def test_a_fault_in_any_part_is_found_where_it_is(request: pytest.FixtureRequest) -> None:
    for place in (3, 150, 299):
        lines = list(LINES)
        lines[place] = "<ex:a> <ex:b> nothing .\n"
        with pytest.raises(GraphError) as whole:
            read("".join(lines))
        request.getfixturevalue("in_parts")
        with pytest.raises(GraphError) as parts:
            read("".join(lines))
        assert str(parts.value) == str(whole.value)
        assert f"line {2 * place + 1}" in str(parts.value)


def test_limits_hold_for_the_whole(in_parts: list[int]) -> None:
    with pytest.raises(GraphError, match="more than 500 statements"):
        read("".join(LINES), limits=Limits(statements=500))
    with pytest.raises(GraphError, match="Limits.literal_chars"):
        read("".join(LINES), limits=Limits(literal_chars=4))


def test_graphs_named_by_blank_nodes_are_read_as_a_whole(request: pytest.FixtureRequest) -> None:
    text = "".join(line.replace("> .", f"> _:g{i % 4} .") for i, line in enumerate(LINES))
    whole = read(text, "nq")
    request.getfixturevalue("in_parts")
    parts = read(text, "nq")
    assert np.array_equal(parts[0], whole[0]) and parts[1:] == whole[1:]


def test_a_graph_of_parts_answers(in_parts: list[int]) -> None:
    graph = KnowledgeGraph.from_rdf("".join(LINES).encode(), format="nt")
    assert in_parts and graph.num_statements == len({line for text in LINES for line in text.splitlines()})
    assert len(graph.find("s5")) == 1
