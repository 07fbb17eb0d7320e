"""Ways of asking, and how a question finds the plan it means among them."""

import re
from itertools import product

import numpy as np
import pytest

from kgrag import KGRAG, KnowledgeGraph
from kgrag.encoder import default_encoder
from kgrag.encoding.phrasebook import Phrasebook
from kgrag.wordings import asked_questions, shipped_wordings, wordings_for
from kgrag.wordings.ways import INVERSES, MEMBERSHIP, NEAR, Ways

GRAPH = """
@prefix : <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:treats rdfs:label "treats" . :symptom rdfs:label "has symptom" . :side rdfs:label "has side effect" .
:a rdfs:label "Aboran" ; :treats :x ; :side :s2 .
:x rdfs:label "Xeritis" ; :symptom :s1 .
:s1 rdfs:label "sore toe" . :s2 rdfs:label "dry nose" .
"""


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    file = tmp_path_factory.mktemp("graph") / "graph.ttl"
    file.write_text(GRAPH)
    return KnowledgeGraph.from_rdf(file)


def likeness_of(graph, question, unfamiliar=False):
    """Likeness of a question to every plan of up to three of the three relations, by its relations."""
    book = Phrasebook(graph, default_encoder(), default_encoder())
    book.unfamiliar = unfamiliar
    (vector,) = book.encoder.encode([question])
    names = {2 * r + back: ("^" if back else "") + graph.relation_label(r) for r in range(3) for back in (0, 1)}
    plans = [plan for length in (1, 2, 3) for plan in product(names, repeat=length)]
    return {tuple(names[d] for d in plan): x for plan, x in zip(plans, book.likeness(vector, plans).tolist())}


@pytest.mark.parametrize(
    ("question", "plan"),
    [
        ("How would I notice that I have X?", ("has symptom",)),
        ("Which drugs help people who have X?", ("^treats",)),
        ("What unwanted effects do the medicines given for X have?", ("^treats", "has side effect")),
        (
            "What are the side effects of the drugs that treat the diseases with the symptom X?",
            ("^has symptom", "^treats", "has side effect"),
        ),
    ],
)
def test_questions_are_most_like_those_for_their_plan(graph, question, plan):
    found = likeness_of(graph, question)
    assert max(found, key=lambda one: found[one]) == plan


def test_a_question_of_the_phrasebook_is_new_to_it_while_it_is_unfamiliar(graph):
    question = "What are the symptoms of X?"
    known = max(likeness_of(graph, question).values())
    assert known > 0.99 > max(likeness_of(graph, question, unfamiliar=True).values()) > 0.6


def test_relations_that_the_graph_lacks_are_compared_too(graph):
    book = Phrasebook(graph, default_encoder(), default_encoder())
    (vector,) = book.encoder.encode(["Who directed the film X?"])
    likeness = book.foreign(vector)
    assert len(likeness) == 2 * len(book.foreign_labels()) and likeness.max() > 0.9


def test_relations_that_come_later_are_compared_too(graph):
    graph = KnowledgeGraph.from_triples([("Aboran", "treats", "Xeritis")])
    book = Phrasebook(graph, default_encoder(), default_encoder())
    graph.add([("Aboran", "has side effect", "dry nose")])
    book.refresh()
    (vector,) = book.encoder.encode(["What are the side effects of X?"])
    assert book.likeness(vector, [(2,)])[0] > book.likeness(vector, [(0,)])[0]


def test_every_shipped_question_names_relations_that_have_wordings():
    for question in asked_questions():
        assert all(wordings_for(label) for label, _ in question.plan), question
        assert question.text.count("{x}") == 1
        assert question.text.count("{y}") == (1 if question.kind else 0)
    named = [label for group in (*NEAR, *INVERSES, MEMBERSHIP) for label in group]
    assert all(wordings_for(label) for label in named)


def test_a_graph_without_causes_is_asked_for_them_by_what_is_near():
    texts = Ways(["has material basis in", "has symptom"]).of((("has material basis in", False),))
    assert "What causes {x}?" in texts
    both = Ways(["has material basis in", "caused by"]).of((("has material basis in", False),))
    assert "What causes {x}?" not in both


def test_unknown_relations_are_asked_for_by_their_label():
    assert "What is the zorb level of {x}?" in Ways(["zorb level"]).of((("zorb level", False),))
    assert all("{x}" in text for text in Ways(["zorbs", "bleeps"]).of((("zorbs", False), ("bleeps", True))))


def test_a_question_for_what_two_things_share_names_both():
    ways = Ways(["has symptom", "zorb level", "bleeps"])
    asked = [*ways.of_both((("has symptom", False),)), *ways.of_both((("zorb level", True),))]
    asked += ways.of_both((("bleeps", False),))
    assert len(asked) > 5 and all(text.count("{x}") == text.count("{y}") == 1 for text in asked)


def test_a_turned_relation_is_asked_the_other_way_round():
    swap = {"{s}": "{o}", "{o}": "{s}"}
    (other, *_) = wordings_for("treated by")
    turned = [re.sub(r"\{[so]\}", lambda slot: swap[slot[0]], text) for text in other.yesno]
    assert turned and set(turned) <= set(Ways(["treats"]).yes_no("treats"))


def test_wordings_hold_what_they_promise():
    for wording in shipped_wordings():
        assert all("{s}" in text and "{o}" not in text for text in (*wording.forward, *wording.forward_phrase))
        assert all("{o}" in text and "{s}" not in text for text in (*wording.inverse, *wording.inverse_phrase))
        assert all("{s}" in text and "{o}" in text for text in wording.yesno)


LAW = """
@prefix : <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:obliges rdfs:label "obliges" . :concerns rdfs:label "concerns" . :deadline rdfs:label "has deadline" .
:duty rdfs:label "duty of the keeper" ; :obliges :keeper ; :concerns :plan ; :deadline :yearly .
:keeper rdfs:label "keeper" . :plan rdfs:label "rescue plan" . :yearly rdfs:label "every year" .
"""


def test_plans_are_known_that_people_were_heard_to_ask_for(tmp_path):
    file = tmp_path / "law.ttl"
    file.write_text(LAW)
    graph = KnowledgeGraph.from_rdf(file)
    ids = {graph.relation_label(relation): relation for relation in range(graph.num_relations)}
    book = Phrasebook(graph, default_encoder(), default_encoder())
    (vector,) = book.encoder.encode(["Who must carry out X?"])
    concerns, obliges = 2 * ids["concerns"] + 1, 2 * ids["obliges"]
    assert (concerns, obliges) in book.heard(vector, np.array([concerns]), 3)
    assert not book.heard(vector, np.array([2 * ids["has deadline"]]), 3)  # none begins with it
    assert not book.heard(book.encoder.encode(["What colour is X?"])[0], np.array([concerns]), 3)
    assert KGRAG(graph).ask("Who must carry out the rescue plan?").answers == ["keeper"]
