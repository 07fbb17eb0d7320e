"""What is computed of sets and values: pure functions over node ids, which know neither the graph nor the question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal

import numpy as np

from kgrag.symbolic.values import Value, is_time, year
from kgrag.types import Ids

Values = Mapping[int, Value]
DOWN = ("greater", "later")  # directions of which the greatest value comes first


def comparable(values: Mapping[int, list[Value]]) -> dict[int, Value]:
    """One value a node, all of the kind and the unit that most nodes have; of several values of a node the first such."""
    kinds = Counter(kind for several in values.values() for kind in {(value.kind, value.unit) for value in several})
    if not kinds:
        return {}
    best = max(kinds, key=lambda kind: (kinds[kind], kind))
    found = {node: [v for v in several if (v.kind, v.unit) == best] for node, several in values.items()}
    return {node: several[0] for node, several in found.items() if several}


def extremes(values: Values, direction: str) -> list[int]:
    """The nodes with the greatest value, or the smallest: all of them where several have it, by id."""
    if not values:
        return []
    most = max if direction in DOWN else min
    best = most(_middle(value) for value in values.values())
    return sorted(node for node, value in values.items() if _middle(value) == best)


def ordered(values: Values, direction: str) -> list[int]:
    """The nodes by their values; those of equal value by id."""
    sign = -1 if direction in DOWN else 1
    return sorted(values, key=lambda node: (sign * _middle(values[node]), node))


def within(values: Values, direction: str, bounds: list[Value]) -> list[int] | None:
    """The nodes whose values are on the asked side of a bound, or between two, by id; None where they cannot be compared."""
    fitting = [_fitted(bound, values) for bound in bounds]
    bounds = [bound for bound in fitting if bound is not None]
    if not values or len(bounds) < (2 if direction == "between" else 1):
        return None
    tests: dict[str, Callable[[Value], bool]] = {
        "greater": lambda value: value.low > bounds[0].high,
        "smaller": lambda value: value.high < bounds[0].low,
        "at least": lambda value: value.low >= bounds[0].low,
        "at most": lambda value: value.high <= bounds[0].high,
        "between": lambda value: value.low >= min(b.low for b in bounds) and value.high <= max(b.high for b in bounds),
    }
    test = tests[{"later": "greater", "earlier": "smaller"}.get(direction, direction)]
    return sorted(node for node, value in values.items() if test(value))


def difference(nodes: Ids, others: Ids) -> Ids:
    """The nodes that are not among the others, ascending."""
    return np.setdiff1d(nodes, others)


def counted(numbers: Mapping[int, int]) -> dict[int, Value]:
    """Counts as values."""
    return {node: Value("number", Decimal(number), Decimal(number)) for node, number in numbers.items()}


def _middle(value: Value) -> Decimal:
    return value.low + value.high


def _fitted(bound: Value, values: Values) -> Value | None:
    """A bound as of the kind and the unit of the values; None where it is not."""
    one = next(iter(values.values()), None)
    if one is None:
        return None
    if one.kind == "date" and bound.kind == "number" and is_time(bound):
        return year(bound)
    if (
        one.kind == "number"
        and bound.kind == "date"
        and is_time(Value("number", bound.low // 10_000, bound.low // 10_000))
    ):
        return Value("number", bound.low // 10_000, bound.high // 10_000)
    if one.kind != bound.kind or (bound.unit and one.unit and bound.unit != one.unit):
        return None
    if one.unit and not bound.unit:  # "under 900" of what is stated in kilometres
        return bound._replace(low=bound.low * one.scale, high=bound.high * one.scale, unit=one.unit)
    return bound
