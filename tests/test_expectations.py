"""Answers that clearly are of another sort than the question asks for."""

import numpy as np
import pytest

from kgrag import KGRAG, KnowledgeGraph
from kgrag.encoding.expectations import Expectations

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
ABOVE = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
FACTS = [
    ("nortisol", TYPE, "drug"),
    ("brivane", TYPE, "disease"),
    ("viral brivane", TYPE, "infection"),
    ("infection", ABOVE, "disease"),
    ("opioids", TYPE, "drug class"),
    ("Ulm", TYPE, "mountain"),
    ("Ada", TYPE, "engineer"),
    ("brivane", "lasts", '"two weeks"'),
    ("brivane", "found in", '"1907"'),
    ("nortisol", "treats", "brivane"),
    ("nortisol", "belongs to", "opioids"),
    ("free thing", "treats", "brivane"),
    ("the first", TYPE, "Rule of a club"),
    ("Article 3", TYPE, "Article of an act"),
]


@pytest.fixture(scope="module")
def graph():
    return KnowledgeGraph.from_triples(FACTS)


@pytest.mark.parametrize(
    ("question", "named", "asked"),
    [
        ("Which disease does nortisol treat?", "nortisol", "disease"),
        ("which drugs treat brivane?", "brivane", "drug"),
        ("In brief, which diseases are treated with nortisol?", "nortisol", "disease"),
        ("Which disease does nortisol treat?", "brivane", ""),
        ("Which disease does nortisol treat?", "viral brivane", ""),  # by a class above its own
        ("Which infection is treated?", "brivane", ""),  # may be one
        ("Which drugs treat brivane?", "opioids", ""),  # has a word in common
        ("Which drugs treat brivane?", "free thing", ""),  # has no class
        ("Which disease symptoms are there?", "nortisol", ""),  # asks for symptoms
        ("What treats brivane?", "Ulm", ""),
        ("How many weeks does brivane last?", "nortisol", "a number"),
        ("How long does brivane last?", "two weeks", ""),
        ("When was brivane found?", "nortisol", "a date"),
        ("When was brivane found?", "1907", ""),
        ("When is nortisol given?", "brivane", ""),  # asks for an occasion
        ("In which year was brivane found?", "Ulm", "a year"),
        ("Who found brivane?", "Ulm", "a person"),
        ("Who found brivane?", "1907", "a person"),
        ("Who found brivane?", "Ada", ""),
        ("Who found brivane?", "opioids", ""),
        ("Who must report brivane?", "Article 3", "a person"),  # a text does nothing
        ("Where was brivane found?", "1907", "a place"),
        ("Where was brivane found?", "Ulm", ""),
        ("Where is brivane reported?", "Article 3", ""),
        ("List what treats brivane", "Ulm", ""),
        ("Which classes of medicine does nortisol belong to?", "brivane", ""),  # not asked for by what they are called
        ("Which rule of the club covers Ulm?", "Ada", ""),  # not every rule is a "Rule of a club"
        ("Which rule of the club covers Ulm?", "the first", ""),
    ],
)
def test_only_what_is_clear_contradicts(graph, question, named, asked):
    (node,) = graph.find(named)
    assert Expectations(graph).contradiction(question, [node]) == asked


def test_one_that_fits_is_enough(graph):
    nodes = [graph.find(name)[0] for name in ("nortisol", "brivane")]
    assert Expectations(graph).contradiction("Which disease is treated with nortisol?", nodes) == ""
    assert Expectations(graph).contradiction("Which disease is treated with nortisol?", []) == ""


def test_the_refusal_says_what_was_asked_for(graph, monkeypatch):
    rag = KGRAG(graph)
    assert rag.ask("Which drugs treat brivane?").answers[0] == "nortisol"
    monkeypatch.setattr(Expectations, "contradiction", lambda *_: "a disease")
    answer = rag.ask("Which drugs treat brivane?")
    assert answer.abstained and "asks for a disease" in answer.reason


@pytest.mark.parametrize(
    ("masked", "plain"),
    [
        ("What types of drugs can be given for X?", "What drugs can be given for X?"),
        ("which kind of disease does X treat", "which disease does X treat"),
        ("What type of disease is X?", "What type of disease is X?"),  # asks for its class
        ("What kind of a disease is X?", "What kind of a disease is X?"),
        ("What types of comfort does X give?", "What types of comfort does X give?"),  # is no class of the graph
        ("What kinds of X are there?", "What kinds of X are there?"),
    ],
)
def test_members_are_asked_for_and_not_their_types(graph, masked, plain):
    assert Expectations(graph).plainly(masked) == plain


RULES = [
    ("Rule 7", TYPE, "rule"),
    ("Note 3", TYPE, "note"),
    ("Part B", TYPE, "part"),
    ("the whole book", TYPE, "book"),
    ("right of way", "is laid down in", "Rule 7"),
    ("right of way", "is laid down in", "Note 3"),
    ("Rule 7", "is in", "the whole book"),
    ("Rule 7", "is in part", "Part B"),
]


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("Which rule lays down the right of way?", ["Rule 7"]),
        ("In which note is the right of way laid down?", ["Note 3"]),
        ("Where is the right of way laid down?", ["Note 3", "Rule 7"]),
        ("Which part is Rule 7 in?", ["Part B"]),
        ("Which book is Rule 7 in?", ["the whole book"]),
        ("Which part contains Rule 7?", ["Part B"]),
    ],
)
def test_what_is_of_another_sort_than_asked_for_gives_way(question, answers):
    assert sorted(KGRAG(KnowledgeGraph.from_triples(RULES)).ask(question).answers) == answers


def test_what_a_thing_lacks_is_not_told_of_another_thing():
    medical = KGRAG.demo("medical")
    for question in ("What is the ICD-10 code of bronchiectasis?", "Info on bronchiectasis's diagnosis code"):
        assert medical.ask(question).abstained, question  # others have one, of which it is a complication
    assert medical.ask("Info on gout's diagnosis code").answers == ["M10"]


def test_counts_are_of_what_is_asked_for():
    legal = KGRAG.demo("legal")
    assert legal.ask("How many chapters does the Data Act have?").value == "11"
    assert legal.ask("How many articles does the Data Act have?").value == "50"  # in its chapters
    rules = KGRAG(KnowledgeGraph.from_triples(RULES))
    assert rules.ask("How many rules are in Part B?").value == "1"
    refused = rules.ask("How many notes are in Part B?")
    assert refused.abstained and refused.value == "", refused.text


def test_where_nothing_is_of_the_sort_asked_for_nothing_gives_way(graph):
    nodes = np.array([graph.find(name)[0] for name in ("nortisol", "brivane", "free thing")])
    expectations = Expectations(graph)
    assert expectations.sorted("Which drug helps?", [nodes])[0].tolist() == [1, -1, 0]
    assert expectations.sorted("What helps?", [nodes, nodes[:1]])[1].tolist() == [0]
    assert expectations.sorted("Which drugs and diseases help?", [nodes])[0].tolist() == [0, 0, 0]
    assert KGRAG(graph).ask("Which mountain treats brivane?").answers == []


@pytest.mark.parametrize(
    ("question", "are"),
    [
        ("Who adopts X?", [True, False, False]),
        ("To whom is X owed?", [True, False, False]),
        ("Who is X?", [False, False, False]),
        ("What does X do?", [False, False, False]),
    ],
)
def test_sentences_do_nothing(question, are):
    added = KnowledgeGraph.from_triples([*FACTS, ("brivane", "described", '"Everybody who likes it adopts it."')])
    nodes = [added.find(name) for name in ("Everybody who likes it adopts it.", "1907", "Ada")]
    assert Expectations(added).are_no_actors(question, [np.array(one) for one in nodes]) == are
