"""The plans that lead to known answers."""

import numpy as np

from kgrag import KnowledgeGraph
from kgrag.graph.directed import GraphRows
from kgrag.training.mining import plans_to

FACTS = [
    ("film", "made by", "ann"),
    ("film", "seen by", "ann"),
    ("film", "seen by", "bob"),
    ("other", "made by", "ann"),
    ("ann", "born in", "rome"),
    ("bob", "born in", "oslo"),
    ("cid", "born in", "rome"),
]
GRAPH = KnowledgeGraph.from_triples(FACTS)


def plans(start, *answers, steps=3, partly=False):
    nodes = np.array(sorted(GRAPH.find(a)[0] for a in answers))
    found = plans_to(GraphRows(GRAPH), GRAPH.find(start)[0], nodes, steps, partly)
    return [tuple(GRAPH.relation_label(d >> 1) + ("^" if d & 1 else "") for d in plan) for plan in found]


def test_the_plans_whose_ends_are_the_answers():
    assert plans("film", "ann", steps=1) == [("made by",)]
    assert plans("film", "ann", "bob", steps=1) == [("seen by",)]
    assert ("made by", "born in") in plans("film", "rome")
    assert plans("film", "rome", "oslo") == [("seen by", "born in")]


def test_of_several_topics_each_leads_to_all_answers_and_few_others():
    assert plans("rome", "ann", steps=1, partly=True) == [("born in^",)]


def test_what_cannot_be_reached_has_no_plan():
    assert plans("oslo", "other", steps=1) == []


def test_one_does_not_come_back_to_the_start():
    facts = [
        ("film", "made by", "ann"),
        ("other", "made by", "ann"),
        ("film", "like", "other"),
        ("film", "like", "third"),
    ]
    graph = KnowledgeGraph.from_triples(facts)
    made = 2 * graph.relation_labels.index("made by")
    found = plans_to(GraphRows(graph), graph.find("film")[0], np.array(graph.find("other")), 2)
    assert found == [(made, made + 1)]
