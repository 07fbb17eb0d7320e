"""What labels have to do with questions."""

from __future__ import annotations

import numpy as np
import pytest

from kgrag.encoder import MiniLM
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval import EncodedLabels
from kgrag.retrieval.relevance import LEAST


@pytest.fixture
def graph() -> KnowledgeGraph:
    facts = [
        ("Solaris", "directed by", "Tarkovsky"),
        ("Solaris", "in language", "Russian"),
        ("Solaris", "release year", "1972"),
    ]
    return KnowledgeGraph.from_triples([*facts, ("Tarkovsky", "place of birth", "Zavrazhye")])


@pytest.mark.parametrize(
    ("question", "relevant"),
    [
        ("who is the director of X?", {"directed by"}),
        ("what language is spoken in X", {"in language"}),
        ("where was the director of X born?", {"directed by", "place of birth"}),
    ],
)
def test_every_relation_that_a_question_names_is_relevant(
    graph: KnowledgeGraph, encoder: MiniLM, question: str, relevant: set[str]
) -> None:
    weights = EncodedLabels(graph, encoder).relevance(question).relations
    assert weights.dtype == np.float32 and weights.shape == (graph.num_relations,)
    assert weights.max() == 1 and weights.min() >= np.float32(LEAST)
    order = np.argsort(-weights)[: len(relevant)]
    assert {graph.relation_label(int(r)) for r in order} == relevant


def test_without_words_all_relations_are_alike(graph: KnowledgeGraph, encoder: MiniLM) -> None:
    assert set(EncodedLabels(graph, encoder).relevance("").relations.tolist()) == {1.0}


def test_labels_follow_the_graph(graph: KnowledgeGraph, encoder: MiniLM) -> None:
    labels = EncodedLabels(graph, encoder)
    before = labels.nodes(np.arange(graph.num_nodes))
    assert np.allclose(before, encoder.encode([graph.label(n).lower() for n in range(graph.num_nodes)]))
    graph.add([("Solaris", "music by", "Artemyev")])
    assert len(labels.relations) == graph.num_relations == 5
    russian, new = graph.find("Russian")[0], graph.find("Artemyev")[0]
    after = labels.nodes(np.array([new, russian, new]))
    assert np.array_equal(after[0], after[2]) and np.array_equal(after[1], before[russian])
    assert labels.relevance("russian").nodes(np.array([russian, new])).argmax() == 0
