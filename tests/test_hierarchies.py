"""What is of a kind over further kinds: said to be so, with every statement on the way, and counted at any depth."""

from itertools import pairwise

import pytest

from kgrag import KGRAG, KnowledgeGraph
from kgrag.wordings.depth import at_any_depth

KINDS = [
    ("sand fever", "desert fever"),
    ("dune fever", "desert fever"),
    ("desert fever", "fever"),
    ("marsh fever", "fever"),
    ("fever", "ailment"),
    ("wet rot", "rot"),
    ("rot", "ailment"),
]
FACTS = [
    *((below, "is a kind of", above) for below, above in KINDS),
    ("sand fever", "caused by", "Arena minor"),
    ("sand fever", "has symptom", "cough"),
    ("Rex", "is a", "sand fever"),
]


@pytest.fixture(scope="module")
def rag():
    return KGRAG(KnowledgeGraph.from_triples(FACTS))


@pytest.mark.parametrize(
    ("question", "statements"),
    [
        ("Is marsh fever a fever?", 1),
        ("Is sand fever a fever?", 2),
        ("Is sand fever, in the end, a kind of ailment?", 3),
        ("Does fever include sand fever?", 2),
        ("Does fever have sand fever as a subtype?", 2),
    ],
)
def test_a_yes_shows_every_statement_on_the_way(rag, question, statements):
    answer = rag.ask(question)
    assert answer.verdict == "yes" and len(answer.citations) == statements
    assert all(citation.triple.labels[1] == "is a kind of" for citation in answer.citations)
    assert all(f"[{number}]" in answer.text for number in range(1, statements + 1))


@pytest.mark.parametrize(
    "question",
    [
        "Is sand fever a rot?",
        "Is fever a marsh fever?",
        "Is fever a kind of sand fever?",
        "Does marsh fever include fever?",
        "Does sand fever cause fever?",
    ],
)
def test_neither_other_kinds_nor_the_other_way_round_is_so(rag, question):
    assert rag.ask(question).verdict != "yes"


def test_kinds_that_go_round_in_a_circle_end():
    names = ["brown rot", "grey rot", "pale rot", "brown rot"]
    circle = [(below, "is a kind of", above) for below, above in pairwise(names)]
    rag = KGRAG(KnowledgeGraph.from_triples([*circle, ("marsh fever", "is a kind of", "fever")]))
    assert rag.ask("Is brown rot a kind of fever?").verdict == "no"
    assert rag.ask("How many kinds of brown rot are there, at any depth?").value == "3"


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("How many kinds of fever are there?", "2"),
        ("How many kinds of fever are there, at any depth?", "4"),
        ("How many kinds of fever are there, including kinds of kinds?", "4"),
        ("How many kinds of ailment are there, directly or indirectly?", "7"),
    ],
)
def test_kinds_are_counted_one_step_down_or_at_any_depth(rag, question, value):
    answer = rag.ask(question)
    assert (answer.operator, answer.value) == ("count", value)


def test_kinds_are_listed_at_any_depth(rag):
    answer = rag.ask("Which kinds of fever are there, at every level?")
    assert set(answer.answers) == {"marsh fever", "desert fever", "sand fever", "dune fever"}
    (path,) = [path for entity, path in zip(answer.entities, answer.paths) if entity.label == "sand fever"]
    assert len(path) == 2


@pytest.mark.parametrize(
    ("question", "plain"),
    [
        ("How many X are there, at any depth?", "How many X are there?"),
        ("Name the kinds of X (every level counted).", "Name the kinds of X."),
        ("What X are there, counting subtypes, all the way down?", "What X are there?"),
    ],
)
def test_what_asks_for_all_steps_is_no_part_of_the_question(question, plain):
    assert at_any_depth(question) == (plain, True)


@pytest.mark.parametrize("question", ["Which drugs lower all levels of X?", "How deep is X?", "Which level is X at?"])
def test_other_levels_ask_for_one_step(question):
    assert at_any_depth(question) == (question, False)


@pytest.mark.parametrize(
    "question", ["Is sand fever a fever?", "Is the sand fever a type of fever?", "Is wet rot an ailment?"]
)
def test_whether_one_thing_is_another_asks_for_its_kinds_alone(rag, question):
    assert rag.ask(question).verdict == "yes"


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Is Ulrica an owner?", "ship owner"),
        ("Is Ulrica a kind of owner?", "ship owner"),
        ("Is Ulrica an actor?", "legal actor"),
        ("Is Ulrica a ship owner?", "ship owner"),
    ],
)
def test_a_kind_may_be_called_in_short(question, kind):
    facts = [("Ulrica", "is a kind of", "ship owner"), ("ship owner", "is a kind of", "legal actor")]
    rag = KGRAG(KnowledgeGraph.from_triples([*facts, ("actor in a play", "is a kind of", "legal term")]))
    answer = rag.ask(question)
    assert answer.verdict == "yes" and kind in answer.text
    assert rag.ask("Is Ulrica a play?").abstained
    assert rag.ask("Is Ulrica a lamp?").reason == "it does not know 'lamp'"


def test_a_no_says_of_which_kind_a_thing_is_instead(rag):
    answer = rag.ask("Is marsh fever a rot?")
    assert answer.verdict == "no" and [str(c.triple) for c in answer.citations] == [
        "marsh fever — is a kind of — fever"
    ]
