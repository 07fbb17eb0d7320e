"""What a question names beside where its answers are."""

import numpy as np
import pytest

from kgrag import KGRAG, KnowledgeGraph
from kgrag.encoding.joining import apart, holds_other

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
FACTS = [
    ("duty of the keeper to file records", "obliges", "lantern keeper"),
    ("duty of the keeper to file records", "has deadline", '"six weeks"'),
    ("duty of the keeper to inform the harbour", "obliges", "lantern keeper"),
    ("duty of the keeper to inform the harbour", "has deadline", '"one hour"'),
    ("Article 7 Beacon Act", "part of", "Chapter II Beacon Act"),
    ("Chapter II Beacon Act", "part of", "Beacon Act"),
    ("Article 7 Beacon Act", "lays down", "duty of the keeper to file records"),
    ("Article 9 Beacon Act", "part of", "Chapter II Beacon Act"),
    ("lantern keeper", TYPE, "actor"),
    ("lantern keeper", "has definition", '"who lights the lantern"'),
    ("lantern keeper", "defined in", "Article 9 Beacon Act"),
    ("Tidal Treaty", "signed in", "Norwick"),
]


@pytest.fixture(scope="module")
def graph():
    return KnowledgeGraph.from_triples(FACTS)


@pytest.mark.parametrize(
    ("found", "beside", "joined"),
    [
        (["duty of the keeper to file records", "six weeks"], "lantern keeper", True),  # by a statement
        (["lantern keeper", "who lights the lantern"], "Beacon Act", True),  # lies within it, over three steps
        (["Article 9 Beacon Act"], "Beacon Act", True),  # by its name
        (["lantern keeper", "who lights the lantern"], "Norwick", False),
        (["Tidal Treaty", "Norwick"], "Beacon Act", False),
    ],
)
def test_what_is_named_beside_has_to_do_with_what_was_found(graph, found, beside, joined):
    rows = KGRAG(graph).reader.rows
    nodes = np.sort([node for name in found for node in graph.find(name)])
    (topic,) = graph.find(beside)
    assert apart(graph, rows, nodes, [topic]) == ([] if joined else [topic])


def test_what_holds_another_is_told(graph):
    act, keeper = *graph.find("Beacon Act"), *graph.find("lantern keeper")
    assert holds_other(graph, [act, keeper], act)
    assert not holds_other(graph, [act, keeper], keeper)
