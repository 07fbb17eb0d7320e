"""The kind of thing that a question asks for by a name of the graph."""

import numpy as np
import pytest

from kgrag import KGRAG, KnowledgeGraph
from kgrag.encoding.kinds import are_of_kind, asked_kind

FACTS = [
    ("marsh fever", "has symptom", "cough"),
    ("hill fever", "has symptom", "cough"),
    ("lung rot", "has symptom", "cough"),
    ("bone rot", "has symptom", "pain"),
    ("lung rot", "is a kind of", "wet rot"),
    ("wet rot", "is a kind of", "rot"),
    ("bone rot", "is a kind of", "rot"),
    ("marsh fever", "is a kind of", "fever"),
    ("hill fever", "is a kind of", "fever"),
    ("marsh fever", "caused by", "Palus minor"),
    ("bone rot", "caused by", "Os major"),
    ("sand fever", "caused by", "Bacillaria"),
]


@pytest.fixture(scope="module")
def rag():
    return KGRAG(KnowledgeGraph.from_triples(FACTS))


@pytest.mark.parametrize(
    ("masked", "kind", "question"),
    [
        ("Which X have X?", "rot", "Which rot have X?"),
        ("What kinds of X cause X?", "rot", "What kinds of rot cause X?"),
        ("X: which X have it?", "cough", "X: which cough have it?"),
        ("List all X that have X.", "rot", "List all rot that have X."),
        ("X causing X", "rot", "rot causing X"),
    ],
)
def test_the_kind_stands_after_the_word_that_asks(rag, masked, kind, question):
    (rot,), (cough,) = rag.graph.find("rot"), rag.graph.find("cough")
    assert asked_kind(rag.graph, masked, [rot, cough]) == (rag.graph.find(kind)[0], question)


@pytest.mark.parametrize(
    "masked", ["Which symptoms does X have beside X?", "Which X have X or X?", "Does X have X?", "X and X"]
)
def test_no_other_name_is_a_kind(rag, masked):
    assert asked_kind(rag.graph, masked, [0, 1]) is None


def test_kinds_of_kinds_count(rag):
    graph = rag.graph
    nodes = np.array([graph.find(name)[0] for name in ("lung rot", "marsh fever", "Palus minor")])
    assert are_of_kind(graph, rag.reader.phrasebook, nodes, graph.find("rot")[0]).tolist() == [1, -1, 0]


def test_only_things_of_that_kind_are_answered(rag):
    assert set(rag.ask("Which rots have the symptom cough?").answers) == {"lung rot"}
    assert set(rag.ask("Which fevers have the symptom cough?").answers) == {"marsh fever", "hill fever"}


def test_a_kind_of_which_nothing_is_said_does_not_stand_in_the_way(rag):
    assert rag.ask("Which Bacillaria is marsh fever caused by?").answers == ["Palus minor"]
    assert rag.ask("Which fevers have the symptom pain?").abstained  # it is a rot that has
