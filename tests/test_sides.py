"""Which end of a relation a question names."""

import numpy as np
import pytest

from kgrag import KGRAG, KnowledgeGraph
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
