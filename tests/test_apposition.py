"""Names that say the words before them once more."""

import pytest

from kgrag import KGRAG, KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.linking.apposition import widened

FACTS = [
    ("brivane", "has symptom", "noctorrhea"),
    ("brivane", "has symptom", "cough"),
    ("gortania", "has symptom", "noctorrhea"),
    ("gortania", "caused by", "Gorta minor"),
    ("velox", "treats", "gortania"),
]


@pytest.fixture(scope="module")
def rag():
    return KGRAG(KnowledgeGraph.from_triples(FACTS))


@pytest.mark.parametrize(
    ("question", "fewest", "most"),
    [
        ("What has wet feet by night (noctorrhea)?", "night (noctorrhea)", "has wet feet by night (noctorrhea)"),
        ("What has wet feet, i.e. noctorrhea?", "feet, i.e. noctorrhea", "has wet feet, i.e. noctorrhea"),
        ("Who has feet (also known as noctorrhea) now?", "feet (also known as noctorrhea)", None),
        ("Has brivane wet feet (noctorrhea)?", "feet (noctorrhea)", "wet feet (noctorrhea)"),
    ],
)
def test_the_words_before_a_name_in_brackets_may_be_what_it_says(rag, question, fewest, most):
    links = EntityLinker(rag.graph).link(question)
    mentions = [way[-1].mention.text for way in widened(question, links)]
    assert mentions[0] == fewest and (most is None or most in mentions)
    assert all(question.find(mention) >= 0 for mention in mentions)


@pytest.mark.parametrize(
    "question",
    ["What has noctorrhea (wet feet)?", "Has brivane noctorrhea?", "noctorrhea?", "Has (brivane and) cough?"],
)
def test_other_names_stand_for_themselves(rag, question):
    assert widened(question, EntityLinker(rag.graph).link(question)) == []


def test_what_a_name_says_once_more_is_not_left_unexplained(rag):
    plain, explained = (
        rag.ask(f"What could be behind {name}?") for name in ("noctorrhea", "drenched slippers, i.e. noctorrhea")
    )
    assert set(explained.answers) == set(plain.answers) == {"brivane", "gortania"}
    assert [link.mention.text for link in explained.links] == ["drenched slippers, i.e. noctorrhea"]
    assert explained.confidence > 0.9 * plain.confidence
