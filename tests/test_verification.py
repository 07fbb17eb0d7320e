"""A sentence is printed only if it says what the cited statements say."""

import pytest

from kgrag import KGRAG, KnowledgeGraph, Passage, PassageIndex
from kgrag.fusion import Role
from kgrag.verification import in_other_words, is_well_formed, plain_list, says_what_is_stated

FACTS = [
    ("kelamin", "treats", "brivane"),
    ("nortisol", "treats", "brivane"),
    ("kelamin", "dose", "one spoon"),
]


@pytest.fixture(scope="module")
def rag():
    return KGRAG(KnowledgeGraph.from_triples(FACTS))


def thought_and_items(rag, question):
    thought, _ = rag._think(question, rag._link(question))
    items = thought.composition.prompt.items
    return thought, {items.texts[i]: i for i in range(len(items)) if items.roles[i] is not Role.TRIPLE}


def test_a_relation_must_join_what_stands_around_it_in_its_direction(rag):
    thought, at = thought_and_items(rag, "What treats brivane?")
    topic, relation, answers = at["brivane"], at["treats"], [at["kelamin"], at["nortisol"]]
    listed = plain_list(answers)[:-1]
    assert says_what_is_stated([*listed, relation, topic, "."], thought)
    assert not says_what_is_stated([topic, relation, *listed, "."], thought)
    assert not says_what_is_stated([*listed, relation, "."], thought)
    assert says_what_is_stated([*listed, "."], thought)  # says nothing but that these are the answers


def test_a_noun_says_whose_it_is(rag):
    thought, at = thought_and_items(rag, "What is the dose of kelamin?")
    topic, relation, answer = at["kelamin"], at["dose"], at["one spoon"]
    assert says_what_is_stated(["the", relation, "of", topic, "is", answer, "."], thought)
    assert says_what_is_stated([answer, "is the", relation, "of", topic, "."], thought)
    assert not says_what_is_stated(["the", relation, "of", answer, "is", topic, "."], thought)


@pytest.mark.parametrize(
    ("pieces", "good"),
    [
        ([1, ",", 2, "and", 3, "."], True),
        ([1, ",", 2, ", and", 3, ", through", 4, "and", 5, "."], True),
        (["yes :", 1, "."], True),
        ([1, ", , ,", 2, "."], False),
        ([1, "and", "."], False),
        ([1, "and is", 2, "."], False),
        ([1, ", through", "."], False),
    ],
)
def test_a_list_is_well_formed(pieces, good):
    assert is_well_formed(pieces) is good


def test_a_plain_list_names_every_answer_once():
    assert plain_list([]) == []
    assert plain_list([4]) == [4, "."]
    assert plain_list([4, 5, 6]) == [4, ",", 5, "and", 6, "."]
    assert is_well_formed(plain_list([4, 5, 6]))


def test_what_was_said_wrongly_is_said_rightly_or_not_at_all(rag):
    thought, at = thought_and_items(rag, "What treats brivane?")
    listed = plain_list([at["kelamin"], at["nortisol"]])[:-1]
    assert in_other_words([at["kelamin"], at["nortisol"]], thought) == [*listed, at["treats"], at["brivane"], "."]
    assert in_other_words([], thought) == []
    thought.composition.paths.update({position: [] for position in thought.composition.paths})
    assert in_other_words([at["kelamin"], at["nortisol"]], thought) == [*listed, "."]


def test_answers_say_what_is_stated(rag):
    assert "treat brivane" in rag.ask("What treats brivane?").text


def test_a_statement_from_a_passage_is_cited_with_the_sentence_that_says_it():
    graph = KnowledgeGraph.from_triples([("nortisol", "treats", "brivane")])
    graph.add([("kelamin", "treats", "brivane")], source="guide#2")
    graph.add([("nortisol", "treats", "brivane")], source="guide#2")  # there already: one source more
    assert graph.sources_of(0) == ["", "guide#2"] and graph.sources_of(1) == ["guide#2"]
    text = "Take care. Kelamin treats brivane within a week. Nortisol treats brivane, too."
    rag = KGRAG(graph, PassageIndex([Passage("guide#2", text, "Guide")]))
    answer = rag.ask("What treats brivane?")
    assert set(answer.answers) == {"kelamin", "nortisol"}
    assert {str(c.triple or c.sentence) for c in answer.citations} == {
        "nortisol — treats — brivane",
        "kelamin — treats — brivane",
        "Kelamin treats brivane within a week.",
        "Nortisol treats brivane, too.",
    }
    assert all(f"[{citation.number}]" in answer.text for citation in answer.citations)
    rag.passages.remove(["guide#2"])
    assert all(citation.triple for citation in rag.ask("What treats brivane?").citations)


def test_what_a_question_takes_for_granted_must_be_stated():
    facts = [*FACTS, ("kelamin", "treats", "dolphic fever"), ("dolphic fever", "caused by", "Dola virus")]
    rag = KGRAG(KnowledgeGraph.from_triples(facts))
    assert rag.ask("As kelamin treats dolphic fever, what causes dolphic fever?").answers == ["Dola virus"]
    answer = rag.ask("As nortisol treats dolphic fever, what causes dolphic fever?")
    assert answer.abstained and "nortisol" in answer.reason


def test_an_everyday_word_need_not_be_meant_as_a_name():
    facts = [*FACTS, ("dolphic fever", "caused by", "Dola virus"), ("zeltonin", "contains", "hand")]
    rag = KGRAG(KnowledgeGraph.from_triples(facts))
    assert rag.ask("Please hand me the facts: what causes dolphic fever?").answers == ["Dola virus"]
