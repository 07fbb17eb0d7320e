"""Which of several nodes with the same name is meant: what is asked, what stands around, and the other names decide."""

from __future__ import annotations

import numpy as np
import pytest

from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.linking.coherence import TIES, Coherence
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.ranking import Ranker, Weighed

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
NAMES = {
    "city": "Paris",
    "prince": "Paris",
    "texas": "Paris",
    "france": "France",
    "helen": "Helen",
    "troy": "Troy",
    "hector": "Hector",
    "usa": "USA",
    "mercury": "Mercury",
    "singer": "Mercury",
    "planet": "Mercury",
    "venus": "Venus",
    "venus2": "Venus",
    "williams": "Serena Williams",
    "rome": "Rome",
    "queen": "Queen",
    "film": "A Night Out",
    "thermometer": "thermometer",
    "sun": "Sun",
}
FACTS = [
    ("city", "capital of", "france"),
    ("texas", "located in", "usa"),
    ("prince", "spouse", "helen"),
    ("prince", "sibling", "hector"),
    ("hector", "place of birth", "troy"),
    ("helen", "place of death", "troy"),
    ("singer", "member of", "queen"),
    ("singer", "starred actors", "film"),
    ("planet", "orbits", "sun"),
    ("venus", "orbits", "sun"),
    ("venus2", "sibling", "williams"),
    ("mercury", "used in", "thermometer"),
    ("rome", "capital of", "usa"),
]
CLASSES = {
    "city": "city",
    "texas": "city",
    "prince": "prince",
    "mercury": "metal",
    "singer": "singer",
    "planet": "planet",
}


def new_graph() -> KnowledgeGraph:
    triples = [(f"urn:{node}", LABEL, f'"{name}"@en') for node, name in NAMES.items()]
    triples += [("urn:usa", "http://www.w3.org/2004/02/skos/core#altLabel", '"Uncle Sam"')]
    triples += [(f"urn:{a}", relation, f"urn:{b}") for a, relation, b in FACTS]
    triples += [(f"urn:{node}", TYPE, f"urn:class:{name}") for node, name in CLASSES.items()]
    return KnowledgeGraph.from_triples(triples)


@pytest.fixture(scope="module")
def linker() -> EntityLinker:
    return EntityLinker(new_graph())


def meant(linker: EntityLinker, text: str) -> list[str]:
    """Local names of the nodes that a text names."""
    return [linker.graph.iri(link.node).removeprefix("urn:") for link in linker.link(text) if link.node is not None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Who was the spouse of Paris?", ["prince"]),  # what is asked
        ("Which country is Paris the capital of?", ["city"]),
        ("Which band was Mercury a member of?", ["singer"]),
        ("What did the wife of Paris do?", ["prince"]),
        ("What does the metal Mercury do?", ["mercury"]),  # its class
        ("Is Paris in the south of France?", ["city", "france"]),  # the other name
        ("Did Paris live in the USA?", ["texas", "usa"]),
        ("Paris and Uncle Sam", ["texas", "usa"]),  # by another name than its neighbour is shown by
        ("Paris and Hector", ["prince", "hector"]),
        ("Mercury, of Queen", ["singer", "queen"]),
        (
            "Which is nearer to the Sun, Mercury or Venus?",
            ["sun", "planet", "venus"],
        ),  # two that are unclear, one that is not
        ("Is Venus with Serena Williams?", ["venus2", "williams"]),
    ],
)
def test_the_text_tells_homonyms_apart(linker: EntityLinker, text: str, expected: list[str]) -> None:
    assert meant(linker, text) == expected


def test_given_mentions_are_told_apart_as_found_ones_are(linker: EntityLinker) -> None:
    for text in ("Is Paris in the south of France?", "Paris and Hector", "Who was the spouse of Paris?"):
        found = linker.link(text)
        given = linker.link_spans(text, [(link.mention.start, link.mention.end) for link in found])
        assert [link.node for link in given] == [link.node for link in found]


def test_what_could_be_meant_is_told_with_how_likely_it_is(linker: EntityLinker) -> None:
    (link,) = linker.link("Where is Paris?")
    assert {linker.graph.iri(node) for node, _ in link.candidates} == {"urn:city", "urn:prince", "urn:texas"}
    scores = [score for _, score in link.candidates]
    assert scores == sorted(scores, reverse=True) and link.score == scores[0] and 0.5 < sum(scores) <= 1
    (clear, _) = linker.link("Is Paris in France?")
    assert clear.score > link.score


def test_a_name_means_the_same_wherever_a_text_repeats_it(linker: EntityLinker) -> None:
    text = "Paris is old. What is Paris the capital of? Does Paris like Paris?"
    assert set(meant(linker, text)) == {"city"}


def test_names_of_one_node_are_not_ranked(linker: EntityLinker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linker.disambiguator, "rank", None)
    assert meant(linker, "Did Helen of Troy meet Hector in France?") == ["helen", "troy", "hector", "france"]


def test_homonyms_follow_the_graph() -> None:
    graph = new_graph()
    linker = EntityLinker(graph)
    assert meant(linker, "Paris and Queen")[0] != "france"
    graph.add([("urn:hotel", LABEL, '"Paris"@en'), ("urn:hotel", "member of", "urn:queen")])
    assert meant(linker, "Paris and Queen") == ["hotel", "queen"]
    graph.remove([("urn:hotel", "member of", "urn:queen"), ("urn:hotel", LABEL, '"Paris"@en')])
    assert "hotel" not in meant(linker, "Paris and Queen")


def coherence(graph: KnowledgeGraph) -> Coherence:
    lexicon = Lexicon(graph)
    lexicon.refresh()
    return Coherence(graph, lexicon)


def test_ties(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = new_graph()
    prince, hector, helen, city = (graph.find(f"urn:{name}")[0] for name in ("prince", "hector", "helen", "city"))
    ties = coherence(graph).ties(np.array([prince, hector]), np.array([prince, hector, helen, city]))
    assert ties.shape == (2, 4, len(TIES))
    assert ties[0, :, :2].tolist() == [[1, 0], [0, 1], [0, 1], [0, 0]]
    assert 0 < ties[1, 2, 2] <= 1 and ties[0, 3, 2] == 0 and ties[0, 0, 2] == 0  # both know Troy, and Paris
    assert coherence(graph).ties(np.zeros(0, np.int64), np.array([prince])).shape == (0, 1, len(TIES))
    monkeypatch.setattr("kgrag.linking.coherence._HUB", 2)  # all are hubs but those with one statement
    of_hubs = coherence(graph).ties(np.array([prince]), np.array([hector, city]))
    assert not of_hubs[..., 2].any()


def test_many_mentions_are_chosen_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = new_graph()
    empty = np.zeros(0, np.float32)
    ranker = Ranker(empty, empty.reshape(0, 0), empty, empty, empty, np.array([0, 3, 1], np.float32))
    nodes = {
        name: np.sort([node for node in graph.find(name) if not graph.is_literal[node]]) for name in NAMES.values()
    }
    names = ["Paris", "Hector", "Venus", "Sun", "Mercury"]
    mentions = [Weighed(nodes[name], np.zeros(len(nodes[name]), np.float32), -5.0) for name in names]
    together = coherence(graph).chosen(ranker, mentions)
    assert [graph.iri(node) for node in together] == [  # type: ignore[arg-type]
        f"urn:{name}" for name in ("prince", "hector", "venus", "sun", "planet")
    ]
    monkeypatch.setattr("kgrag.linking.coherence._TRIED", 1)
    assert coherence(graph).chosen(ranker, mentions) == together
    unlikely = Weighed(nodes["Queen"], np.zeros(1, np.float32), 9.0)
    assert coherence(graph).chosen(ranker, [unlikely, mentions[1]])[0] is None
    assert coherence(graph).chosen(ranker, []) == []
