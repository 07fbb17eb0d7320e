"""Short forms that a text declares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrag.linking.acronyms import declared, expanded, long_forms, places


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("Seen in ataxia telangiectasia (AT).", "AT", "ataxia telangiectasia"),
        ("the ataxia-telangiectasia gene, ataxia-telangiectasia (A-T)", "A-T", "ataxia-telangiectasia"),
        ("two ventricular septal defects (VSDs)", "VSD", "ventricular septal defects"),
        ("severe myotonic dystrophy (DM)", "DM", "myotonic dystrophy"),  # the Latin name has them the other way round
        ("of von Hippel-Lindau disease (VHL, seen early)", "VHL", "von Hippel-Lindau disease"),
        ("of X-linked adrenoleukodystrophy (X-ALD)", "X-ALD", "X-linked adrenoleukodystrophy"),
    ],
)
def test_declared(text, short, long):
    start, end = declared(text)[short]
    assert text[start:end] == long


@pytest.mark.parametrize(
    "text",
    [
        "gout (see below)",
        "found in 12 patients (12)",
        "the disease (PKU)",  # holds no such letters
        "It ended. Alone (IA)",  # not across sentences
        "AT (AT)",
        "(AT)",
        "(((((AT))",
    ],
)
def test_not_declared(text):
    assert declared(text) == {}


def test_the_first_declaration_counts():
    text = "ankylosing spondylitis (AS) and Angelman syndrome (AS)"
    assert long_forms(text) == {"AS": "ankylosing spondylitis"}


def test_a_short_form_within_a_long_one_is_written_out():
    text = "adrenoleukodystrophy (ALD) and childhood cerebral ALD (CCALD)"
    assert long_forms(text)["CCALD"] == "childhood cerebral adrenoleukodystrophy"


def test_expanded():
    known = {"G6PD": "glucose-6-phosphate dehydrogenase", "VSD": "ventricular septal defect"}
    assert expanded("G6PD deficiency", known) == "glucose-6-phosphate dehydrogenase deficiency"
    assert expanded("glucose-6-phosphate dehydrogenase (G6PD) deficiency", known).count("(") == 0
    assert expanded("VSDs", known) == "ventricular septal defect"
    assert expanded("gout (podagra)", known) == "gout (podagra)"


def test_places():
    assert places("VSD, VSDs and AVSD", "VSD") == [(0, 3), (5, 9)]


@given(st.text(alphabet="aAbB .,()-sé\u0130", max_size=300))
def test_any_text_is_read(text):
    for short, (start, end) in declared(text).items():
        assert 0 <= start < end <= len(text) and text[start:end].strip() and len(short) < end - start
