"""Names that a number tells apart, said in part, and numbers that the graph does not have."""

import pytest

from kgrag import KnowledgeGraph
from kgrag.linking import EntityLinker

ACTS = {"Harbour Act": ("HA",), "Beacon Act": ()}


@pytest.fixture(scope="module")
def linker():
    names = [f"Section {number} {act}" for act in ACTS for number in range(1, 8)]
    names += ["Section 9 Beacon Act", *ACTS]
    graph = KnowledgeGraph.from_triples([(name, "is on", "the list") for name in names])
    return EntityLinker(graph)


def linked(linker, text):
    return {
        link.mention.text: None if link.node is None else linker.graph.label(link.node) for link in linker.link(text)
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Which part of the Harbour Act contains Section 5?",
            {"Harbour Act": "Harbour Act", "Section 5": "Section 5 Harbour Act"},
        ),
        (
            "In the Beacon Act, what is Section 5 about?",
            {"Beacon Act": "Beacon Act", "Section 5": "Section 5 Beacon Act"},
        ),
        ("What does Section 9 say?", {"Section 9": "Section 9 Beacon Act"}),  # there is no other
        ("What does Section 12 of the Harbour Act say?", {"Section 12 of the Harbour Act": None}),
        ("What does Section 9 Harbour Act say?", {"Section 9 Harbour Act": None}),  # but one of another act
        ("What does Section 40 say?", {"Section 40": None}),
        ("What does Section 5 Harbour Act say?", {"Section 5 Harbour Act": "Section 5 Harbour Act"}),
    ],
)
def test_a_number_is_part_of_a_name(linker, text, expected):
    assert linked(linker, text) == expected


def test_of_several_none_is_taken(linker):
    assert "Section 5" not in {text for text, label in linked(linker, "What does Section 5 say?").items() if label}


def test_what_is_added_is_known(linker):
    assert linked(linker, "What does Section 77 say?") == {"Section 77": None}
    linker.graph.add([("Section 77 Beacon Act", "is on", "the list")])
    assert linked(linker, "What does Section 77 say?") == {"Section 77": "Section 77 Beacon Act"}
