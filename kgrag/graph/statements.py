"""Statements as columns of integers: added, found and removed without sorting the rest again."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from kgrag.graph.adjacency import Adjacency
from kgrag.graph.arrays import Arrays, Growing, prefixed, without
from kgrag.graph.shares import Shares
from kgrag.types import Floats, Ids

SUBJECT, PREDICATE, OBJECT, SOURCE = range(4)

_COLUMNS = ("subjects", "predicates", "objects", "sources")
_LATE = 4_096  # statements that may wait in lists before rows are sorted anew
_MIX = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


class Statements:
    """Distinct (subject, predicate, object) with the sources of each; an id each, which stays until `compact`.

    A removed statement keeps its id and its place in the columns, but is not found any more.

    Args:
        columns: Subjects, predicates, objects and sources, shape (4, statements), without repetitions.
        also: Further sources of statements.
        outgoing: Statements by subject, where they are sorted already.
        incoming: Statements by object.
    """

    def __init__(
        self,
        columns: Iterable[Ids] = (np.zeros(0, np.int64),) * 4,
        also: dict[int, list[int]] | None = None,
        outgoing: Adjacency | None = None,
        incoming: Adjacency | None = None,
    ) -> None:
        self._columns = [Growing(column) for column in columns]
        self._also = also or {}
        self._sorted: dict[int, Adjacency | None] = {SUBJECT: outgoing, OBJECT: incoming}
        self._shares: dict[int, Shares] = {}
        self._removed: Growing | None = None
        self.count = len(self._columns[0])  # of those that are there
        self.numbering = object()  # another one once ids are given anew

    def __len__(self) -> int:
        return len(self._columns[SUBJECT])

    def column(self, column: int) -> Ids:
        """Subject, predicate, object or first source of each id, shape (ids,)."""
        return self._columns[column].array

    @property
    def ids(self) -> Ids:
        """Ids of the statements that are there."""
        if self._removed is None:
            return np.arange(len(self))
        return np.flatnonzero(~self._removed.array)

    def row(self, statement: int) -> tuple[int, int, int]:
        """Subject, predicate and object of a statement."""
        subject, predicate, obj = (int(column.array[statement]) for column in self._columns[:SOURCE])
        return subject, predicate, obj

    def sources(self, statement: int) -> list[int]:
        """All sources of a statement, in the order in which they were met."""
        return [int(self.column(SOURCE)[statement]), *self._also.get(statement, ())]

    @property
    def also(self) -> dict[int, list[int]]:
        """The sources beyond the first of statements that have some; a copy."""
        return {statement: list(sources) for statement, sources in self._also.items()}

    def by(self, column: int, nodes: Ids, most: int | None = None, weights: Floats | None = None) -> tuple[Ids, Ids]:
        """Statements with one of several subjects (or objects); see `Adjacency.statements` and `Shares.statements`."""
        rows = self.adjacency(column)
        if most is None:
            statements, positions = rows.statements(nodes)
        else:
            statements, positions = self._shares_of(column, rows).statements(nodes, most, weights)
        if self._removed is None or not len(statements):
            return statements, positions
        kept = ~self._removed.array[statements]
        return statements[kept], positions[kept]

    def _shares_of(self, column: int, rows: Adjacency) -> Shares:
        shares = self._shares.get(column)
        if shares is None or shares.rows is not rows:
            shares = self._shares[column] = Shares(rows, self._columns[PREDICATE])
        return shares

    def adjacency(self, column: int) -> Adjacency:
        """All statements, removed ones too, sorted by subject or object."""
        ends, adjacency = self.column(column), self._sorted[column]
        if adjacency is None or len(ends) - adjacency.covered + adjacency.late > max(_LATE, adjacency.covered // 4):
            adjacency = self._sorted[column] = Adjacency.of(ends)
        elif adjacency.covered < len(ends):
            adjacency.extend(ends[adjacency.covered :])
        return adjacency

    def matching(self, subject: int | None, predicate: int | None, obj: int | None) -> Ids:
        """Ids of the statements that have all the given parts; None stands for any, -1 for none."""
        if -1 in (subject, predicate, obj):
            return np.zeros(0, np.int64)
        if subject is not None:
            found, _ = self.by(SUBJECT, np.array([subject]))
        elif obj is not None:
            found, _ = self.by(OBJECT, np.array([obj]))
        else:
            found = self.ids
        for column, part in ((PREDICATE, predicate), (OBJECT, obj)):
            if part is not None:
                found = found[self.column(column)[found] == part]
        return found

    def add(self, columns: NDArray[np.int64]) -> Ids:
        """Adds statements; one that is there already only gets a further source.

        Args:
            columns: Shape (4, n).

        Returns:
            Ids of those that were not there.
        """
        near = self._near(columns[SUBJECT])
        known = np.stack([column.array[near] for column in self._columns])
        first = _first_equal(np.concatenate([known, columns], axis=1)[:SOURCE])[len(near) :]
        is_new = first == np.arange(len(near), len(near) + columns.shape[1])
        ids = np.concatenate([near, np.cumsum(is_new) + len(self) - 1])  # of known ones, then of the new
        fresh = columns[:, is_new]
        new = np.arange(len(self), len(self) + fresh.shape[1])
        for column, values in zip(self._columns, fresh):
            column.extend(values)
        if self._removed is not None:
            self._removed.extend(np.zeros(len(new), np.bool_))
        self.count += len(new)
        self._add_sources(ids[first[~is_new]], columns[SOURCE, ~is_new])
        return new

    def remove(self, statements: Ids) -> int:
        """Takes statements away, whatever their sources; says how many were there."""
        if self._removed is None:
            self._removed = Growing(np.zeros(len(self), np.bool_))
        there = np.unique(statements[~self._removed.array[statements]])
        self._removed.put(there, True)
        if self._also:
            for statement in there.tolist():
                self._also.pop(statement, None)
        self.count -= len(there)
        return len(there)

    def withdraw(self, statements: Ids, sources: set[int]) -> Ids:
        """Takes sources away from statements; those that had no other one go.

        Returns:
            Ids of those that are gone.
        """
        gone = np.isin(self.column(SOURCE)[statements], list(sources))
        for place, statement in enumerate(statements.tolist()) if self._also else ():
            if statement in self._also:
                left = [source for source in self.sources(statement) if source not in sources]
                gone[place] = not left
                if left:
                    self._columns[SOURCE].put(np.array([statement]), left[0])
                    self._also[statement] = left[1:]
        self.remove(statements[gone])
        return statements[gone]

    def copy(self) -> Statements:
        """The same statements under the same ids, to be changed on their own."""
        copied = Statements([column.array.copy() for column in self._columns], self.also)
        for column, side in self._sorted.items():
            if side is not None and not side.late:
                copied._sorted[column] = Adjacency(side.order, side.starts)
        copied._removed = None if self._removed is None else self._removed.copy()
        copied.count = self.count
        return copied

    def compact(self) -> None:
        """Gives ids anew, so that removed statements leave no gap, and sorts late ones in."""
        ids = self.ids
        if self._also:
            self._also = {new: self._also[old] for new, old in enumerate(ids.tolist()) if self._also.get(old)}
        if self._removed is not None:
            self._columns = [Growing(column.array[ids]) for column in self._columns]
            self._removed = None
            self.numbering = object()
            self._sorted = dict.fromkeys(self._sorted)
        for column, side in self._sorted.items():
            if side is not None and len(side.order) < len(self):
                self._sorted[column] = None

    def arrays(self) -> Arrays:
        """What `from_arrays` takes; ids must have no gaps, see `compact`."""
        pairs = [(statement, source) for statement, sources in self._also.items() for source in sources]
        return {
            **{name: column.array for name, column in zip(_COLUMNS, self._columns)},
            "also": np.array(pairs, np.int64).reshape(-1, 2),
            **prefixed("outgoing", self.adjacency(SUBJECT).arrays()),
            **prefixed("incoming", self.adjacency(OBJECT).arrays()),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Statements:
        """Takes statements up as they were saved."""
        also: dict[int, list[int]] = {}
        for statement, source in arrays["also"].tolist():
            also.setdefault(statement, []).append(source)
        sides = (Adjacency.from_arrays(without(side, arrays)) for side in ("outgoing", "incoming"))
        return cls([arrays[name] for name in _COLUMNS], also, *sides)

    def _near(self, subjects: Ids) -> Ids:
        """Ids of statements among which those with these subjects are."""
        if not self.count:
            return np.zeros(0, np.int64)
        return self.ids if len(subjects) * 8 > len(self) else self.by(SUBJECT, np.unique(subjects))[0]

    def _add_sources(self, statements: Ids, sources: Ids) -> None:
        differing = self.column(SOURCE)[statements] != sources
        for statement, source in zip(statements[differing].tolist(), sources[differing].tolist()):
            if source not in self._also.setdefault(statement, []):
                self._also[statement].append(source)


def _first_equal(columns: NDArray[np.int64]) -> Ids:
    """For each of the columns the place of the first one that equals it.

    Most graphs hold no repetition, or few: one sort of mixed keys finds those that can be equal at all.
    """
    first = np.arange(columns.shape[1])
    keys = np.zeros(columns.shape[1], np.uint64)
    for part, factor in zip(columns, _MIX):
        keys = (keys ^ part.astype(np.uint64)) * np.uint64(factor)
        keys ^= keys >> np.uint64(29)
    ordered = np.sort(keys)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(repeated):
        return first
    suspects = np.flatnonzero(np.isin(keys, repeated))
    parts = columns[:, suspects]
    order = np.lexsort(parts[::-1])
    parts = parts[:, order]
    begins = np.concatenate([[True], (parts[:, 1:] != parts[:, :-1]).any(axis=0)])
    first[suspects[order]] = suspects[order[begins]][np.cumsum(begins) - 1]
    return first
