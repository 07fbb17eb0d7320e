"""Which end of a relation a question names."""

import numpy as np
import pytest

from kgrag import KGRAG, KnowledgeGraph
from kgrag.wordings.order import end_by_order, preposition
from kgrag.wordings.sides import OBJECT, SUBJECT, UNKNOWN, named_end

TELLING = [
    ("Which acts does X amend?", "amends", SUBJECT),
    ("Which acts amend X?", "amends", OBJECT),
    ("What amends X?", "amends", OBJECT),
    ("Name the acts that X amends.", "amends", SUBJECT),
    ("Name the acts that amend X.", "amends", OBJECT),
    ("By which acts was X amended?", "amends", OBJECT),
    ("acts amended by X", "amends", SUBJECT),
    ("acts that have been amended by the act X", "amends", SUBJECT),
    ("Which acts has X already amended?", "amends", SUBJECT),
    ("Which articles does X refer to?", "refers to", SUBJECT),
    ("Which articles refer to X?", "refers to", OBJECT),
    ("By which articles is X referred to?", "refers to", OBJECT),
    ("articles referred to by X", "refers to", SUBJECT),
    ("Who wrote X?", "written by", SUBJECT),
    ("What did X write?", "written by", OBJECT),
    ("What are the risk factors of X?", "has risk factor", SUBJECT),
    ("a known risk factor for X", "has risk factor", SUBJECT),
    ("What are X's risk factors?", "has risk factor", SUBJECT),
    ("Which risk factors does X have?", "has risk factor", SUBJECT),
    ("X has which risk factors?", "has risk factor", SUBJECT),
    ("What disease is X a risk factor for?", "has risk factor", OBJECT),
    ("X is which disease's risk factor?", "has risk factor", OBJECT),
    ("For which disease is X the risk factor?", "has risk factor", OBJECT),
    ("diseases of which X is a risk factor", "has risk factor", OBJECT),
    ("What has X as a risk factor?", "has risk factor", OBJECT),
    ("Diseases with the risk factor X", "has risk factor", OBJECT),
    ("a disease whose risk factor is X", "has risk factor", OBJECT),
    ("What is X a part of?", "is part of", SUBJECT),
    ("What are the parts of X?", "is part of", OBJECT),
    ("Which articles of X refer to X?", "refers to", OBJECT),  # the other one tells nothing
]
SILENT = [
    ("Which acts does X amend?", "part of"),
    ("Which acts does X amend?", "author"),
    ("Which parts of X cause harm?", "causes"),
    ("What are the causes of X?", "caused by"),
    ("X causes", "causes"),
    ("What causes does X have?", "causes"),
    ("Does X amend X?", "amends"),
    ("What does X interact with?", "interacts with"),
    ("Which risk factor is X?", "has risk factor"),
    ("Which acts have the legal form of X?", "has legal form"),
    ("What risk factors and causes could X have?", "has risk factor"),
    ("Is X a risk factor of X?", "has risk factor"),
    ("Does X come with risk factors?", "has risk factor"),
]


@pytest.mark.parametrize(("question", "label", "end"), TELLING)
def test_grammar_tells_who_does_it_and_to_whom_it_is_done(question, label, end):
    assert named_end(question, label, "X") == end


@pytest.mark.parametrize(("question", "label"), SILENT)
def test_what_is_not_plain_is_left_open(question, label):
    assert named_end(question, label, "X") == UNKNOWN


def test_a_relation_that_leaves_both_ways_is_followed_the_way_that_was_meant():
    graph = KnowledgeGraph.from_triples(
        [("Act One", "amends", "Act Two"), ("Act Two", "amends", "Act Three"), ("Act Two", "title", "Of Fish")]
    )
    reader = KGRAG(graph).reader

    def answers(question):
        (reading,) = reader.read([question], [graph.find("Act Two")])
        nodes, beliefs = reading.beliefs
        return graph.label(int(nodes[np.argmax(beliefs)]))

    assert answers("Which acts does X amend?") == "Act Three"
    assert answers("Which acts amend X?") == "Act One"
    assert answers("Which acts was X amended by?") == "Act One"


@pytest.mark.parametrize(
    ("question", "end"),
    [
        ("Which acts overhaul X?", OBJECT),
        ("Which act overhauls X?", OBJECT),
        ("What overhauls X?", OBJECT),
        ("Which provisions make reference to X?", OBJECT),
        ("Which acts does X overhaul?", SUBJECT),
        ("Which acts are overhauled by X?", SUBJECT),
        ("By which acts is X overhauled?", OBJECT),
        ("What is X overhauled by?", OBJECT),
        ("Which parts of X?", UNKNOWN),
        ("Which acts of X overhaul it?", UNKNOWN),
        ("Which act overhauls of X?", UNKNOWN),
        ("Which sort of act X?", UNKNOWN),
        ("Does X overhaul X?", UNKNOWN),
        ("the acts that overhaul X", UNKNOWN),
    ],
)
def test_the_order_of_words_hints_at_who_does_what_is_not_known(question, end):
    label = "refers to" if "reference" in question else "amends"
    assert end_by_order(question, label, "X") == end
    assert named_end(question, label, "X") == UNKNOWN
    assert end_by_order(question, "amended by", "X") == (UNKNOWN if "reference" in question else -end)
    assert end_by_order(question, "part of", "X") == end_by_order(question, "author", "X") == UNKNOWN


@pytest.mark.parametrize(
    ("question", "label", "end"),
    [
        ("Which events follow X?", "precedes", SUBJECT),
        ("Which event did X follow?", "precedes", OBJECT),
        ("Which event is followed by X?", "precedes", OBJECT),
        ("Which event precedes X?", "follows", SUBJECT),
        ("Who obeys X?", "supervised by", OBJECT),
    ],
)
def test_who_does_one_thing_undergoes_another(question, label, end):
    assert end_by_order(question, label, "X") == end


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("To whom must X be sent?", "to"),
        ("And against which claims does X hold?", "against"),
        ("Who is X owed to?", "to"),
        ("What is X amended by?", "by"),
        ("By when is X due?", ""),
        ("Who sends X to him?", ""),
        ("Is X owed to whom it concerns?", ""),
    ],
)
def test_a_preposition_joins_what_is_asked_for(question, found):
    assert preposition(question) == found


def test_what_is_asked_for_by_another_verb_is_found_from_the_right_end():
    facts = [("Act A", "amends", "Act B"), ("Act B", "amends", "Act C"), ("Act C", "amends", "Act D")]
    rag = KGRAG(KnowledgeGraph.from_triples(facts))
    assert rag.ask("Which act reshapes Act B?").answers == ["Act A"]
    assert rag.ask("Which act does Act B reshape?").answers == ["Act C"]
