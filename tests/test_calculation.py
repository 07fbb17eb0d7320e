"""Calculations over statements: sets, measures, and what is left when only the cited statements are there."""

from decimal import Decimal

import numpy as np

from kgrag.graph.directed import DirectedRows
from kgrag.symbolic.calculation import Calculation, Measurement, Members, run
from kgrag.symbolic.values import Value

# nodes: 0 Alba, 1-3 rivers, 4 Borea, 5-7 lengths, 8 the class of rivers, 9 a road in Alba
THROUGH, LENGTH, TYPE = 0, 1, 2
STATEMENTS = np.array(
    [
        (1, THROUGH, 0),
        (2, THROUGH, 0),
        (3, THROUGH, 0),
        (3, THROUGH, 4),
        (9, THROUGH, 0),
        (1, LENGTH, 5),
        (2, LENGTH, 6),
        (3, LENGTH, 7),
        (1, TYPE, 8),
        (2, TYPE, 8),
        (3, TYPE, 8),
    ]
)
ROWS = DirectedRows(STATEMENTS[:, 0], STATEMENTS[:, 1], STATEMENTS[:, 2], np.arange(len(STATEMENTS)))
IN_ALBA = Members((np.array([0]),), (((2 * THROUGH + 1,),),))
RIVERS = Members(IN_ALBA.starts, IN_ALBA.plans, (8, (2 * TYPE + 1,)))
LENGTHS = Measurement((2 * LENGTH,), False, "length")
COUNTRIES = Measurement((2 * THROUGH,), True, "flows through")


def value_of(_directed: int, node: int) -> Value | None:
    return Value("number", Decimal(node * 100), Decimal(node * 100)) if 5 <= node <= 7 else None


def only(ids: np.ndarray) -> DirectedRows:
    return DirectedRows(*STATEMENTS[ids].T, ids)


def results(*arguments, **options):
    return run(Calculation(*arguments, **options), ROWS, value_of)


def test_a_class_narrows_a_set():
    assert results("count", "none", "none", IN_ALBA).nodes == (1, 2, 3, 9)
    assert results("count", "none", "none", RIVERS).nodes == (1, 2, 3)


def test_what_is_reached_from_all_that_is_named():
    both = Members((np.array([0]), np.array([4])), (((1,),), ((1,),)))
    assert results("count", "none", "none", both).nodes == (3,)


def test_superlative_order_and_filter():
    assert results("superlative", "none", "greater", RIVERS, LENGTHS).nodes == (3,)
    assert results("order", "none", "greater", RIVERS, LENGTHS).nodes == (3, 2, 1)
    bound = (Value("number", Decimal(600), Decimal(600)),)
    assert results("none", "filter", "at least", RIVERS, LENGTHS, bound).nodes == (2, 3)
    assert results("count", "filter", "greater", RIVERS, LENGTHS, bound).nodes == (3,)


def test_what_has_no_value_is_not_compared():
    found = results("superlative", "none", "greater", IN_ALBA, LENGTHS)
    assert found.nodes == (3,) and set(found.values) == {1, 2, 3} and found.members.tolist() == [1, 2, 3, 9]
    found = results("superlative", "none", "greater", IN_ALBA, Measurement((2 * TYPE,), False, "type"))
    assert not found.comparable and found.nodes == ()


def test_statements_are_counted():
    found = results("superlative", "none", "greater", RIVERS, COUNTRIES)
    assert found.nodes == (3,) and found.values[3].low == 2 and found.measured[3].tolist() == [2, 3]


def test_difference():
    borea = Members((np.array([4]),), (((1,),),))
    found = results("none", "difference", "none", RIVERS, without=borea)
    assert found.nodes == (1, 2) and found.removed.tolist() == [3]
    assert 3 in found.evidence


def test_the_evidence_alone_bears_it_out():
    borea = Members((np.array([4]),), (((1,),),))
    for calculation in (
        Calculation("count", "none", "none", RIVERS),
        Calculation("superlative", "none", "smaller", RIVERS, LENGTHS),
        Calculation("order", "none", "smaller", RIVERS, COUNTRIES),
        Calculation("none", "difference", "none", IN_ALBA, without=borea),
        Calculation("comparison", "none", "greater", Members((np.array([1, 2]),), (((),),)), LENGTHS),
    ):
        whole = run(calculation, ROWS, value_of)
        alone = run(calculation, only(whole.evidence), value_of)
        assert whole.nodes and alone.nodes == whole.nodes and alone.values == whole.values
        fewer = run(calculation, only(whole.evidence[1:]), value_of)
        assert (fewer.nodes, fewer.values) != (whole.nodes, whole.values)


def test_a_path_leads_to_each_member():
    found = results("count", "none", "none", RIVERS)
    assert [found.paths(node) for node in found.nodes] == [[0], [1], [2]]
