"""What questions take for granted: it is seen to be so, or the question is refused; then the rest is asked."""

import pytest

from kgrag import KGRAG, KnowledgeGraph
from kgrag.premises import is_said, premise_of
from kgrag.types import Answer

FACTS = [
    ("nortisol", "treats", "brivane"),
    ("kelamin", "treats", "brivane"),
    ("velox", "treats", "gortania"),
    ("nortisol", "has side effect", "cough"),
    ("velox", "has side effect", "rash"),
    ("brivane", "has symptom", "fever"),
    ("gortania", "has symptom", "nose, ear and throat pain"),
    ("brivane", "caused by", "Brivella minor"),
]


@pytest.fixture(scope="module")
def rag():
    return KGRAG(KnowledgeGraph.from_triples(FACTS))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("As velox treats gortania, what are the side effects of velox?", "velox treats gortania"),
        ("Quick question: given that velox treats gortania: who ...", "velox treats gortania"),
        ("Seeing that velox, by all accounts, treats gortania, who ...", "velox, by all accounts, treats gortania"),
        ("Velox treats gortania. So what are its side effects?", "Velox treats gortania"),
        (
            "Well, I know that velox treats gortania. What are its side effects?",
            "Well, I know that velox treats gortania",
        ),
        (
            "As gortania has symptom nose, ear and throat pain, what treats it?",
            "gortania has symptom nose, ear and throat pain",
        ),
    ],
)
def test_a_clause_of_two_things_before_the_question_is_a_premise(rag, question, text):
    premise = premise_of(question, rag.linker)
    assert premise is not None and premise.text == text
    assert len(premise.topics) == 2


@pytest.mark.parametrize(
    "question",
    [
        "What treats brivane, and what treats gortania?",
        "As a doctor, what do I give against brivane?",
        "Compare brivane and gortania. Which symptoms has brivane?",
        "List what treats brivane and gortania. Thanks.",
        "Since zorbium treats brivane, what are the side effects of zorbium?",
        "Velox treats gortania.",
        "",
    ],
)
def test_other_questions_have_none(rag, question):
    assert premise_of(question, rag.linker) is None


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Since velox treats gortania, what treats brivane?", True),
        ("Since gortania is cured by velox, what treats brivane?", True),
        ("Since velox treats brivane, what are the symptoms of brivane?", False),
        ("Since brivane is treated with velox, what are the symptoms of brivane?", False),
        ("Since velox treats Brivella minor, what does it cause?", None),  # nothing treats what causes something
        ("Since velox bothers brivane, what are the symptoms of brivane?", None),
        ("Since brivane causes fever, what are the symptoms of brivane?", None),  # something else joins them
    ],
)
def test_what_the_graph_could_say_and_does_not_is_not_so(rag, question, said):
    premise = premise_of(question, rag.linker)
    assert premise is not None and is_said(premise, rag.reader) is said


def test_what_is_not_so_is_refused_with_the_reason(rag):
    question = "Since velox treats brivane, what are the side effects of velox?"
    answer = rag.ask(question)
    assert answer.abstained and "velox treats brivane" in answer.reason and answer.question == question
    (streamed,) = rag.stream(question)
    assert isinstance(streamed, Answer) and streamed.reason == answer.reason


@pytest.mark.parametrize("asked", ["what are the side effects of velox?", "what are the symptoms of brivane?"])
def test_after_what_is_so_the_rest_is_asked(rag, asked):
    question = f"Since velox treats gortania, {asked}"
    alone, answer = rag.ask(asked), rag.ask(question)
    assert answer.answers == alone.answers and answer.text == alone.text and answer.question == question
    assert [question[one.mention.start : one.mention.end] for one in answer.links] == [
        one.mention.text for one in alone.links
    ]
    assert rag.ask_many([asked, question])[1].text == answer.text


def test_what_names_nothing_is_asked_with_its_premise(rag):
    assert rag.ask("Velox treats gortania. What are its side effects?").answers == ["rash"]
