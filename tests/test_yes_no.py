"""Yes and no: a statement between two things is no yes where the question means another relation."""

import pytest

from kgrag import KGRAG
from kgrag.yes_no import asks_of_each, asks_yes_no


@pytest.fixture(scope="module")
def legal():
    return KGRAG.demo("legal")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is the right to erasure held by the controller?", "No"),  # it is exercised against it
        ("Is the right to erasure held by the data subject?", "Yes"),
        ("Is the right to erasure exercised against the controller?", "Yes"),
        ("Does NIS2 repeal eIDAS?", "No"),  # it amends it
        ("Does NIS2 amend eIDAS?", "Yes"),
        ("Did NIS2 repeal the NIS1 Directive?", "Yes"),
    ],
)
def test_the_relation_that_is_asked_for_counts(legal, question, answer):
    assert legal.ask(question).text.startswith(answer)


@pytest.mark.parametrize(
    ("masked", "of_each"),
    [
        ("Are there drugs for X and X?", True),
        ("Is there a vaccine for X, or X?", True),
        ("Is there an interaction between X and X?", False),
        ("Do X and X interact?", False),
        ("Is there a X for X?", False),
    ],
)
def test_what_is_asked_of_each_alike_is_not_asked_of_the_pair(masked, of_each):
    assert asks_of_each(masked) == of_each


def test_no_is_not_said_because_two_things_have_nothing_to_do_with_each_other():
    medical = KGRAG.demo("medical")
    for question in ("Are there drugs for gout and asthma?", "Is there a vaccine for hepatitis A and B?"):
        assert not medical.ask(question).text.startswith("No")
    assert medical.ask("Is there an interaction between warfarin and insulin?").text.startswith("No")
    assert medical.ask("Is there an interaction between warfarin and aspirin?").text.startswith("Yes")


@pytest.mark.parametrize(
    ("question", "is_one"),
    [
        ("Would you say that gout is a disease?", True),
        ("Can you tell me whether gout hurts?", True),
        ("Do you know if gout hurts?", True),
        ("Can you tell me the drugs for gout?", False),
        ("Would you say the names of the drugs for gout?", False),
        ("Do you know drugs that treat gout?", False),
    ],
)
def test_what_is_asked_for_politely_is_no_question_for_yes_or_no(question, is_one):
    assert asks_yes_no(question) == is_one
