"""Ways of asking, and how a question finds the plan it means among them."""

import numpy as np
import pytest

from kgrag import KnowledgeGraph
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


def test_wordings_hold_what_they_promise():
    for wording in shipped_wordings():
        assert all("{s}" in text and "{o}" not in text for text in (*wording.forward, *wording.forward_phrase))
        assert all("{o}" in text and "{s}" not in text for text in (*wording.inverse, *wording.inverse_phrase))
        assert all("{s}" in text and "{o}" in text for text in wording.yesno)
