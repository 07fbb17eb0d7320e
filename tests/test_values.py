"""Numbers and dates as literals state them and as questions write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrag.symbolic.values import XSD, Value, in_text, of_literal, unit_of


def typed(text: str, name: str) -> str:
    return f'"{text}"^^<{XSD}{name}>'


def number(value: str | int, unit: str = "", scale: str | int = 1) -> Value:
    return Value("number", Decimal(value), Decimal(value), unit, Decimal(scale))


def date(low: int, high: int) -> Value:
    return Value("date", Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (typed("2850", "integer"), number(2850)),
        (typed("1.5e3", "double"), number(1500)),
        (typed("2.50", "decimal"), number("2.5")),
        (typed("1980", "gYear"), date(19800000, 19809999)),
        (typed("-0044", "gYear"), date(-440000, -430001)),
        (typed("1980-05", "gYearMonth"), date(19800500, 19800599)),
        (typed("1928-07-26", "date"), date(19280726, 19280726)),
        (typed("1928-07-26T10:00:00Z", "dateTime"), date(19280726, 19280726)),
        (typed("PT2H", "duration"), number(7200, "time")),
        (typed("P1D", "dayTimeDuration"), number(86400, "time")),
        ('"1,234 km"', number(1234000, "length", 1000)),
        ('"4,806 m"', number(4806, "length")),
        ('"5 kg"@en', number(5000, "mass", 1000)),
        ('"5 USD"', number(5, "usd")),
        ('"3 May 1990"', date(19900503, 19900503)),
        ('"1990"', number(1990)),
    ],
)
def test_literals(literal, value):
    assert of_literal(literal) == value


@pytest.mark.parametrize(
    "literal",
    [
        '"12 to 23 days"',
        '"N02BE01"',
        '"DOID:6543"',
        '"about 1,234 km of it"',
        '""',
        typed("abc", "integer"),
        typed("NaN", "double"),
        typed("INF", "double"),
        typed("true", "boolean"),
        typed("no", "duration"),
        '"' + "9" * 100 + '"',
        "http://example.org/1",
        "_:b",
    ],
)
def test_what_is_no_single_value(literal):
    assert of_literal(literal) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("more than 900 km", [number(900000, "length", 1000)]),
        ("over 10 million inhabitants", [number(10**7)]),
        ("at least three", [number(3)]),
        ("two hundred", [number(200)]),
        ("4,600 metres", [number(4600, "length")]),
        ("between 1990 and 2000", [number(1990), number(2000)]),
        ("after 3 May 2016", [date(20160503, 20160503)]),
        ("since January 1990", [date(19900100, 19900199)]),
        ("the 1990s", [date(19900000, 19999999)]),
        ("no number here", []),
    ],
)
def test_questions(text, values):
    assert in_text(text) == values


def test_a_bare_number_is_in_the_unit_of_its_relation():
    assert unit_of("length in km") == "km" and unit_of("height (m)") == "m"
    assert unit_of("born in") == unit_of("height") == unit_of("place in order") == ""
    assert of_literal('"3"', "km") == of_literal(typed("3", "decimal"), "kilometres")
    assert of_literal('"3"', "km").low == of_literal('"3000 m"').low


@given(st.text(max_size=80))
def test_any_text_can_be_read(text):
    literal = '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'
    for value in (of_literal(literal), *in_text(text)):
        assert value is None or value.low <= value.high


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_decimals_keep_their_value(value):
    assert of_literal(typed(f"{value:f}", "decimal")) == number(str(value))


def test_a_huge_exponent_does_no_harm():
    assert of_literal(typed("1e999999", "double"), "km") is not None
