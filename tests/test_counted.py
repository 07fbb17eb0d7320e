"""What is counted is called what was asked for."""

import pytest

from kgrag import KGRAG


@pytest.fixture(scope="module")
def legal():
    return KGRAG.demo("legal")


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("How many tasks does ENISA have?", "3"),
        ("How many jobs does ENISA have?", "3"),  # as people ask for them
        ("How many exceptions are there to the right to erasure?", "5"),
        ("How many rights does a data subject have?", "16"),
    ],
)
def test_things_are_counted_by_their_class_their_relation_or_as_people_call_them(legal, question, value):
    answer = legal.ask(question)
    assert (answer.operator, answer.value) == ("count", value)


def test_other_things_are_not_counted_in_their_place(legal):
    assert legal.ask("How many staff work at ENISA?").operator == ""
    users = legal.ask("How many users make a search engine very large?")
    assert "45 million" in users.text and not users.operator
