"""The arrays under a graph, against plain lists that do the same slowly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrag.graph import statements as module
from kgrag.graph.adjacency import Adjacency
from kgrag.graph.arrays import Growing, distinct, stable_order
from kgrag.graph.dictionary import Dictionary
from kgrag.graph.numbering import Numbering
from kgrag.graph.statements import OBJECT, SUBJECT, Statements

small = st.integers(0, 5)
row = st.tuples(small, st.integers(0, 2), small)
change = st.one_of(
    st.tuples(st.just("add"), st.lists(st.tuples(row, st.integers(0, 3)), max_size=12)),
    st.tuples(st.just("remove"), st.tuples(*(st.none() | small for _ in range(3)))),
    st.tuples(st.just("withdraw"), st.sets(st.integers(0, 3))),
    st.tuples(st.just("compact"), st.none()),
    st.tuples(st.just("save"), st.none()),
)


def rows_of(table: Statements) -> dict[tuple[int, int, int], list[int]]:
    return {table.row(int(i)): table.sources(int(i)) for i in table.ids}


@pytest.mark.parametrize("late", [0, 4_096])  # statements that wait in lists, or are sorted in at once
@settings(max_examples=150, deadline=None)
@given(changes=st.lists(change, max_size=12))
def test_changes_against_a_dict(late: int, changes: list[tuple[str, object]]) -> None:
    table, model = Statements(), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_LATE", late)
        for kind, what in changes:
            if kind == "add":
                columns = np.array([[*triple, source] for triple, source in what], np.int64).reshape(-1, 4).T
                before = len(model)
                new = table.add(columns)
                for triple, source in what:
                    if source not in model.setdefault(triple, []):
                        model[triple].append(source)
                assert len(new) == len(model) - before
            elif kind == "remove":
                found = table.matching(*what)
                gone = [t for t in model if all(w in (None, part) for w, part in zip(what, t))]
                assert {table.row(int(i)) for i in found} == set(gone)
                assert table.remove(found) == len(gone)
                for triple in gone:
                    del model[triple]
            elif kind == "withdraw":
                gone = table.withdraw(table.ids, what)
                model = {t: [s for s in sources if s not in what] for t, sources in model.items()}
                assert {table.row(int(i)) for i in gone} == {t for t, sources in model.items() if not sources}
                model = {t: sources for t, sources in model.items() if sources}
            else:
                table.compact()
                assert table.ids.tolist() == list(range(len(model)))
                if kind == "save":
                    table = Statements.from_arrays(_read_only(table.arrays()))
            assert rows_of(table) == model
            assert table.count == len(model)
            for column in (SUBJECT, OBJECT):
                nodes = np.array([5, 0, 3, 3, 1, 9])
                found, positions = table.by(column, nodes)
                pairs = [(table.row(int(i)), int(p)) for i, p in zip(found, positions)]
                assert sorted(pairs) == sorted((t, p) for p, n in enumerate(nodes) for t in model if t[column] == n)
                assert positions.tolist() == sorted(positions.tolist())
                assert {table.row(int(i)) for i in table.by(column, np.array([2]))[0]} == {
                    t for t in model if t[column] == 2
                }


def _read_only(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    copies = {name: array.copy() for name, array in arrays.items()}
    for array in copies.values():
        array.flags.writeable = False
    return copies


@given(st.lists(st.lists(st.text(max_size=5), max_size=6), max_size=4))
def test_dictionary_through_saving(batches: list[list[str]]) -> None:
    dictionary, model = Dictionary(), {}
    for batch in batches:
        for string in batch:
            assert dictionary.get(string) == model.get(string)
            assert dictionary.add(string) == model.setdefault(string, len(model)) == dictionary.adding[string]
        assert list(dictionary) == list(model) and len(dictionary) == len(model)
        assert dictionary.pick(range(len(model))) == [dictionary[i] for i in range(len(model))] == list(model)
        flags = dictionary.are_literals(np.arange(len(model)))
        assert flags.tolist() == [string.startswith('"') for string in model]
        assert "never there" not in dictionary
        dictionary = Dictionary(_read_only(dictionary.arrays()))
        assert dictionary.get("never there") is None


@given(st.lists(st.lists(st.integers(0, 30), max_size=8), max_size=5))
def test_numbering(batches: list[list[int]]) -> None:
    numbering, model = Numbering(), {}
    for batch in batches:
        for term in sorted(batch):
            model.setdefault(term, len(model))
        assert numbering.add(np.array(batch, np.int64)).tolist() == [model[term] for term in batch]
        assert numbering.find(np.arange(40)).tolist() == [model.get(term, -1) for term in range(40)]
        assert [numbering.number(term) for term in (*range(40), None)] == [model.get(t) for t in (*range(40), None)]
        numbering = Numbering(numbering.terms.copy())
        assert numbering.terms.tolist() == list(model)


@given(st.lists(st.integers(0, 20)))
def test_orders(values: list[int]) -> None:
    array = np.array(values, np.int64)
    assert stable_order(array).tolist() == np.argsort(array, kind="stable").tolist()
    assert distinct(array).tolist() == sorted(set(values))
    growing = Growing(array[:0])
    for value in values:
        growing.extend(np.array([value]))
    assert growing.array.tolist() == values


def test_adjacency_takes_more() -> None:
    rows = Adjacency.of(np.array([1, 0, 1]))
    rows.extend(np.array([7, 1]))
    assert [list(map(int, rows.statements(np.array([n]))[0])) for n in (0, 1, 2, 7, 99)] == [
        [1],
        [0, 2, 4],
        [],
        [3],
        [],
    ]
    found, positions = rows.statements(np.array([7, 99, 1]))
    assert (found.tolist(), positions.tolist()) == ([3, 0, 2, 4], [0, 2, 2, 2])
