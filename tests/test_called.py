"""What things are called in ways that the graph does not list among their names."""

import pytest

from kgrag import KGRAG, KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.linking.acronyms import initials
from kgrag.wordings.labels import is_name

FACTS = [
    ("Harbour Order 1907", "has short title", '"HO7"'),
    ("Harbour Order 1907", "adopted on", '"1907-05-04"'),
    ("Harbour Order 1907", "enforced by", "Harbour Office"),
    ("Beacon Protection Rules (BPR)", "enforced by", "Beacon Board"),
    ("Signal Board (SB)", "located in", "Norwick"),
    ("Reasons for Light Duty", "laid down in", "Part 3"),
    ("Light Duty", "laid down in", "Part 2"),
    ("Harbour Office", "life stage", "Lantern Stage"),
    ("lantern stage of a keeper", "has definition", '"when a keeper learns"'),
]


@pytest.fixture(scope="module")
def rag():
    return KGRAG(KnowledgeGraph.from_triples(FACTS))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who enforces HO7?", "Harbour Office"),
        ("When was HO7 adopted?", "1907-05-04"),
        ("What has the short title HO7?", "Harbour Order 1907"),
        ("Who enforces the BPR?", "Beacon Board"),
        ("Where are the reasons for a light duty laid down?", "Part 3"),
        ("Where is the light duty laid down?", "Part 2"),
    ],
)
def test_a_thing_is_found_by_what_it_is_called(rag, question, answer):
    assert rag.ask(question).answers == [answer]


@pytest.mark.parametrize(
    "label", ["has title", "title alternative", "ICD code", "shortName", "synonyms", "abbreviation"]
)
def test_some_relations_say_what_things_are_called(label):
    assert is_name(label)


@pytest.mark.parametrize("label", ["named after", "enforced by", "part of", "titled", ""])
def test_others_do_not(label):
    assert not is_name(label)


def test_initials_may_stand_in_brackets():
    assert initials("beacon protection rules (bpr)", ()) == ["bpr"]
    assert initials("harbour of norwick (north)", ("of",)) == ["hon"]
    assert initials("utah consumer privacy act (ucpa)", ()) == ["ucpa"]


def test_what_is_asked_for_of_something_is_no_text_of_the_graph():
    facts = [("Part 9", "has title", '"Penalties"'), ("duty to keep lamps", "punished by", "fine")]
    linker = EntityLinker(KnowledgeGraph.from_triples(facts))

    def named(text):
        return [link.mention.text for link in linker.link(text)]

    assert named("What is the penalty for the duty to keep lamps?") == ["duty to keep lamps"]
    assert named("Which penalties of the duty to keep lamps are there?") == ["duty to keep lamps"]
    assert named("Which part has the title Penalties?") == ["Penalties"]
    assert named("Which part is called penalties?") == ["penalties"]
