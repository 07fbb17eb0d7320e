"""What a question names beside where its answers are."""

import numpy as np
import pytest
from beacon_act import FACTS

from kgrag import KGRAG, KnowledgeGraph
from kgrag.encoding.joining import apart, holds_other


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


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        (
            "Which duties does a trust service provider have under NIS2?",  # and none under eIDAS
            {"duty of trust service providers to notify incidents early under NIS2"},
        ),
        (
            "Which duties are owed to the user of a connected product under Article 4 of the Data Act?",
            {"duty to give users access to product data"},
        ),
    ],
)
def test_of_answers_of_one_kind_those_stay_that_the_rest_has_to_do_with(legal, question, answers):
    assert set(legal.ask(question).answers) == answers


@pytest.fixture(scope="module")
def legal():
    return KGRAG.demo("legal")
