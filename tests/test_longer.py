"""Longer names, whose words stand all over a question; and what a question names beside where its answers are."""

import numpy as np
import pytest

from kgrag import KGRAG, KnowledgeGraph
from kgrag.encoding.joining import apart, holds_other
from kgrag.linking import EntityLinker

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
    ("question", "named"),
    [
        ("How long may lantern keepers file the records?", []),  # "lantern" is not in the name
        ("How long may keepers wait to file the records?", ["duty of the keeper to file records"]),
        ("Who has to inform the harbour: does the keeper?", ["duty of the keeper to inform the harbour"]),
        ("What does Article 7 of that Beacon Act lay down?", ["Article 7 Beacon Act"]),
        ("To which part of the Beacon Act does Article 7 belong?", ["Article 7 Beacon Act"]),
        ("To which part of the Beacon Act does Article 8 belong?", []),
        ("What is the Tidal Treaty?", []),
    ],
)
def test_words_all_over_a_question_are_a_longer_name(graph, question, named):
    linker = EntityLinker(graph)
    links = linker.link(question)
    longer = linker.longer(question, links)
    assert [graph.label(one.link.node) for one in longer] == named
    assert all(one.link.mention.text in question and one.within.text in question for one in longer)


def test_a_longer_name_is_taken_where_it_leads_on(graph):
    rag = KGRAG(graph)
    assert rag.named("To which part of the Beacon Act does Article 7 belong?") == [
        graph.iri(*graph.find("Article 7 Beacon Act"))
    ]
    assert rag.named("Which part does the Beacon Act have?") == [graph.iri(*graph.find("Beacon Act"))]


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
