"""Ways of asking, and how a question finds the plan it means among them."""

import re

import numpy as np
import pytest

from kgrag import KnowledgeGraph
from kgrag.config import RetrievalConfig
from kgrag.encoder import default_encoder
from kgrag.encoding.phrasebook import Phrasebook
from kgrag.retrieval import retrieve
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


def best_plan(graph, question, name):
    book = Phrasebook(graph, default_encoder())
    node = graph.find(name)[0]
    subgraph = retrieve(graph, np.array([node]))
    vectors = book.encoder.encode([question])
    relations = np.arange(graph.num_relations)
    likeness = book.likeness(vectors, [subgraph], [subgraph.seeds], relations, 2)
    length = int(likeness.lengths[0].argmax()) + 1
    names = [graph.relation_label(r) for r in relations]
    names += ["^" + name for name in names]
    return [names[int(likeness.steps[length - 1, step, 0].argmax())] for step in range(length)]


def test_questions_find_their_plan_with_no_training(graph):
    assert best_plan(graph, "How would I notice that I have X?", "Xeritis") == ["has symptom"]
    assert best_plan(graph, "Which drugs help people who have X?", "Xeritis") == ["^treats"]
    asked = "What unwanted effects do the medicines given for X have?"
    assert best_plan(graph, asked, "Xeritis") == ["^treats", "has side effect"]


def likeness_of(graph, question, name, hops=2, far=False, unfamiliar=False):
    book = Phrasebook(graph, default_encoder())
    book.unfamiliar = unfamiliar
    subgraph = retrieve(graph, np.array(graph.find(name)[:1]), RetrievalConfig(hops=hops))
    relations = np.arange(graph.num_relations)
    vectors = book.encoder.encode([question])
    return book.likeness(vectors, [subgraph], [subgraph.seeds], relations, 3, [far])


def test_plans_of_three_relations_are_compared_as_wholes_where_a_question_goes_that_far(graph):
    question = "What are the side effects of the drugs that treat the diseases with the symptom X?"
    near = likeness_of(graph, question, "sore toe", hops=3)
    far = likeness_of(graph, question, "sore toe", hops=3, far=True)
    assert float(near.lengths[0, 2]) == float(near.lengths[0, 1])
    assert int(far.lengths[0].argmax()) == 2
    labels = [graph.relation_label(r) for r in range(graph.num_relations)]
    steps = [int(far.steps[2, step, 0].argmax()) for step in range(3)]
    assert steps == [labels.index("has symptom") + 3, labels.index("treats") + 3, labels.index("has side effect")]


def test_a_question_of_the_phrasebook_is_new_to_it_while_it_is_unfamiliar(graph):
    question = "What are the symptoms of X?"
    known = likeness_of(graph, question, "Xeritis").lengths.max()
    assert float(known) > 0.99 > float(likeness_of(graph, question, "Xeritis", unfamiliar=True).lengths.max()) > 0.6


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
