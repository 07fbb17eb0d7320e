"""Names that share a part which is said once."""

import pytest

from kgrag import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.linking.ellipsis import series

NAMES = (
    *(f"Section {number} Harbour Act" for number in range(1, 15)),
    "Harbour Act",
    "Annex I Harbour Act",
    "Annex II Harbour Act",
    "marsh fever A",
    "marsh fever B",
    "type 1 rot",
    "type 2 rot",
    "grade C deficiency",
    "grade D12 deficiency",
)


@pytest.fixture(scope="module")
def linker():
    return EntityLinker(KnowledgeGraph.from_triples([(name, "is on", "the list") for name in NAMES]))


def linked(linker, text):
    return [
        (link.mention.text, None if link.node is None else linker.graph.label(link.node)) for link in linker.link(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "What do Sections 13 and 14 Harbour Act say?",
            [("Sections 13", "Section 13 Harbour Act"), ("14 Harbour Act", "Section 14 Harbour Act")],
        ),
        (
            "Do Section 1, Section 2, or Section 3 Harbour Act apply?",
            [
                ("Section 1", "Section 1 Harbour Act"),
                ("Section 2", "Section 2 Harbour Act"),
                ("Section 3 Harbour Act", "Section 3 Harbour Act"),
            ],
        ),
        (
            "Compare Annexes I and II Harbour Act",
            [("Annexes I", "Annex I Harbour Act"), ("II Harbour Act", "Annex II Harbour Act")],
        ),
        ("What tells type 1 and type 2 rot apart?", [("type 1", "type 1 rot"), ("type 2 rot", "type 2 rot")]),
        ("Which marsh fever A and B?", [("marsh fever A", "marsh fever A"), ("B", "marsh fever B")]),
        ("type 1 or 2 rot?", [("type 1", "type 1 rot"), ("2 rot", "type 2 rot")]),
        (
            "grade D12 and C deficiency",
            [("grade D12", "grade D12 deficiency"), ("C deficiency", "grade C deficiency")],
        ),
        (
            "Sections 13 and 40 Harbour Act",
            [("Sections 13", "Section 13 Harbour Act"), ("40 Harbour Act", None)],
        ),
        (
            "Is Section 1 Harbour Act, or Section 2 Harbour Act, older?",
            [("Section 1 Harbour Act", "Section 1 Harbour Act"), ("Section 2 Harbour Act", "Section 2 Harbour Act")],
        ),
        ("Were there 3 and 5 of the Harbour Act in May 1 or 2?", [("Harbour Act", "Harbour Act")]),
    ],
)
def test_what_is_said_once_is_part_of_each(linker, text, expected):
    assert linked(linker, text) == expected


def test_other_words_between_end_a_row():
    assert not list(series("Section 1 and Rule 2"))
    assert not list(series("room 1 and a half"))
