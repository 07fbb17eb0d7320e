"""What is computed of values: the same as one would by hand."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrag.symbolic.operators import comparable, counted, difference, extremes, ordered, within
from kgrag.symbolic.values import Value, in_text


def number(value: int, unit: str = "") -> Value:
    return Value("number", Decimal(value), Decimal(value), unit)


def in_year(one: int) -> Value:
    return Value("date", Decimal(one * 10_000), Decimal(one * 10_000 + 9_999))


numbers = st.dictionaries(st.integers(0, 50), st.integers(-20, 20).map(number), min_size=1)


@given(numbers)
def test_extremes_are_the_ends_of_the_order(values):
    for direction, best in (("greater", max), ("smaller", min)):
        found = extremes(values, direction)
        assert {values[node] for node in found} == {best(values.values())} and found == sorted(found)
        assert ordered(values, direction)[0] == found[0]


@given(numbers, st.sampled_from(["greater", "smaller", "later", "earlier", "none"]))
def test_an_order_loses_nothing(values, direction):
    found = ordered(values, direction)
    assert sorted(found) == sorted(values)
    low = [values[node].low for node in found]
    assert low == sorted(low, reverse=direction in ("greater", "later"))


@given(numbers, st.integers(-20, 20))
def test_a_bound_parts_the_values(values, bound):
    parts = [within(values, direction, [number(bound)]) for direction in ("greater", "at most")]
    assert sorted(parts[0] + parts[1]) == sorted(values)
    assert set(within(values, "at least", [number(bound)])) >= set(parts[0])


def test_a_year_is_neither_before_nor_after_itself():
    values = {1: in_year(1989), 2: in_year(1990), 3: in_year(1991)}
    bound = in_text("1990")
    assert within(values, "later", bound) == [3] and within(values, "earlier", bound) == [1]
    assert within(values, "at least", bound) == [2, 3] and within(values, "at most", bound) == [1, 2]
    assert within(values, "later", in_text("3 May 1990")) == [3]
    assert within(values, "between", in_text("1989 and 1990")) == [1, 2]


def test_years_may_be_plain_numbers():
    values = {1: number(1989), 2: number(1995)}
    assert within(values, "later", in_text("1990")) == [2]
    assert within(values, "later", in_text("3 May 1990")) == [2]


@pytest.mark.parametrize(
    ("bounds", "direction"), [([], "greater"), ([number(3)], "between"), ([number(3, "mass")], "greater")]
)
def test_what_cannot_be_compared(bounds, direction):
    assert within({1: number(5, "length")}, direction, bounds) is None


def test_a_bare_number_is_one_of_the_stated_unit():
    values = {n: Value("number", Decimal(n * 1000), Decimal(n * 1000), "length", Decimal(1000)) for n in (5, 900)}
    assert within(values, "smaller", in_text("900")) == [5] and within(values, "at most", in_text("900 km")) == [5, 900]


def test_only_like_is_compared_with_like():
    values = {1: [number(5, "length")], 2: [number(7, "length"), number(9)], 3: [number(100, "mass")], 4: []}
    assert comparable(values) == {1: number(5, "length"), 2: number(7, "length")}
    assert comparable({}) == {} and extremes({}, "greater") == []


def test_counts_and_differences():
    assert counted({3: 2}) == {3: number(2)}
    assert difference(np.array([1, 2, 3]), np.array([2, 9])).tolist() == [1, 3]
