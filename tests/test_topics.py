"""What a question may be about beside what it names in a row."""

import pytest
from beacon_act import FACTS

from kgrag import KGRAG, KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.naming import Namer, _ways


@pytest.fixture(scope="module")
def graph():
    return KnowledgeGraph.from_triples(FACTS)


@pytest.fixture(scope="module")
def rag(graph):
    return KGRAG(graph)


@pytest.mark.parametrize(
    ("text", "best", "places"),
    [
        (
            "How long may keepers wait to file the records?",
            "duty of the keeper to file records",
            ["keepers", "records"],
        ),
        ("Who has to inform the harbour: does the keeper?", "duty of the keeper to inform the harbour", ["inform"]),
        ("To which part of the Beacon Act does Article 7 belong?", "Article 7 Beacon Act", ["Beacon Act"]),
        ("Where did they sign that tidal thing?", "Tidal Treaty", ["tidal"]),
    ],
)
def test_a_text_is_about_what_shares_its_telling_words(graph, text, best, places):
    topic = EntityLinker(graph).topics(text)[0]
    assert graph.label(topic.node) == best
    assert 0 < topic.said <= 1 and topic.told > 0
    stretches = [text[start:end] for start, end in topic.places]
    assert all(any(place in stretch for stretch in stretches) for place in places)


def test_a_text_without_telling_words_is_about_nothing(graph):
    assert EntityLinker(graph).topics("What is there to be done?") == []


def test_topics_follow_the_graph(graph):
    linker = EntityLinker(graph := KnowledgeGraph.from_triples(FACTS))
    assert linker.topics("the sunken galleon") == []
    graph.add([("wreck of the galleon", "lies off", "Norwick")])
    (added,) = linker.topics("the sunken galleon")
    assert graph.label(added.node) == "wreck of the galleon" and added.said > 0 and added.told > 0


def test_what_leads_on_is_chosen_and_what_is_sure_stays(graph, rag):
    assert rag.named("To which part of the Beacon Act does Article 7 belong?") == [
        graph.iri(*graph.find("Article 7 Beacon Act"))
    ]
    (deadline,) = rag.ask("What is the deadline for keepers to inform the harbour?").answers
    assert deadline == "one hour"
    namer = Namer(rag.linker, rag.reader, rag.judgement)
    sure = namer.interpretations(
        "Where was the Tidal Treaty signed?", namer.linked("Where was the Tidal Treaty signed?")
    )
    assert len(sure) == 1 and sure[0].topic is None


def test_what_is_not_the_graphs_stays_unknown(rag):
    assert rag.ask("What is the deadline of the Zorbian Keeper Statute?").abstained


def test_a_long_name_said_in_full_is_not_torn_apart():
    legal = KGRAG.demo("legal")
    namer = Namer(legal.linker, legal.reader, legal.judgement)
    question = "Show me the articles of an act European Data Protection Board is defined in."
    for one in namer.interpretations(question, namer.linked(question)):  # not the Data Act
        assert [link.mention.text for link in one.links] == ["European Data Protection Board"]


def test_what_is_named_in_full_brings_no_other_thing_by_a_common_word():
    graph = KnowledgeGraph.from_triples(
        [
            ("Ann", "plays for club", "Arsenal FC"),
            ("Ben", "plays for club", "Club America"),
            ("Cid", "plays for club", "Club Nacional"),
            ("Ann", "plays at", "Forward"),
        ]
    )
    rag = KGRAG(graph)
    namer = Namer(rag.linker, rag.reader, rag.judgement)
    question = "Who plays at position Forward for club Arsenal FC?"
    others = [topic for topic in rag.linker.topics(question) if graph.label(topic.node).startswith("Club")]
    assert others  # found by the word "club"
    assert not any(list(_ways(question, namer.linked(question), topic)) for topic in others)
