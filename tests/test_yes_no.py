"""Yes and no: a statement between two things is no yes where the question means another relation."""

import pytest

from kgrag import KGRAG


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
