"""Which nodes bear a name: rows of name, node and text, and later ones in lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from heapq import nlargest
from typing import NamedTuple

import numpy as np

from kgrag.linking.packed import Packed
from kgrag.types import Ids

_MOST_BEARERS = 100  # nodes that a name may stand for; of more, which are meant cannot be told
_REMEMBERED = 2_000  # names whose bearers are at hand

Row = tuple[int, int]  # a node, and the place of its name as written


class Name(NamedTuple):
    """One name of one node."""

    node: int
    text: str
    preferred: bool


class Bearers:
    """The nodes that bear each name, by its key; of very many the best connected.

    Args:
        keys: Of the names, shape (rows,).
        nodes: That bear them, shape (rows,).
        texts: The names as written, one a row; takes those that are added.
        preferred: Tells whether a name, by its key, is what a node is shown by.
        degree: Tells how many statements a node has.

    Attributes:
        orphans: Keys of the names that nothing bears any more.
    """

    def __init__(
        self,
        keys: Ids,
        nodes: Ids,
        texts: Packed,
        preferred: Callable[[int, int], bool],
        degree: Callable[[int], int],
    ) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys, self._nodes, self._order = (
            values.astype(np.int32) for values in (keys[order], nodes[order], order)
        )
        self._starts = np.append(0, np.cumsum(np.bincount(keys))).astype(np.int32)
        self._texts, self._preferred, self._degree = texts, preferred, degree
        self._gone: set[int] = set()  # nodes whose rows do not count any more
        self._late: dict[int, list[Row]] = {}  # by key
        self._late_keys: dict[int, list[int]] = {}  # by node
        self.orphans: set[int] = set()
        self._names = lru_cache(_REMEMBERED)(self._read)

    def __getitem__(self, key: int) -> list[Name]:
        return self._names(key)

    def alone(self, first: int, last: int) -> Ids:
        """For each name from one key to another the only node that bears it; -1 where none does, -2 where several do."""
        found = np.full(last - first, -1, np.int64)
        if not first and not self._gone:
            found[self._keys] = self._nodes
            found[: len(self._starts) - 1][np.diff(self._starts) > 1] = -2
            return found
        for key in range(first, last):
            nodes = {node for node, _ in self._rows(key)}
            found[key - first] = nodes.pop() if len(nodes) == 1 else -2 if nodes else -1
        return found

    def withdraw(self, nodes: Iterable[int]) -> None:
        """Takes all names of some nodes away."""
        new = set(nodes) - self._gone
        touched = self._keys[np.isin(self._nodes, list(new))].tolist()
        self._gone |= new
        for node in nodes:
            for key in self._late_keys.pop(node, ()):
                self._late[key] = [row for row in self._late[key] if row[0] != node]
                touched.append(key)
        self.orphans.update(key for key in touched if not self._rows(key))
        self._names.cache_clear()

    def add(self, key: int, node: int, text: str) -> None:
        """Gives a name to a node whose earlier names were withdrawn."""
        self._late.setdefault(key, []).append((node, len(self._texts)))
        self._texts.extend([text])
        self._late_keys.setdefault(node, []).append(key)
        self.orphans.discard(key)
        self._names.cache_clear()

    def _rows(self, key: int) -> list[Row]:
        rows: list[Row] = []
        if key + 1 < len(self._starts):
            span = slice(self._starts.item(key), self._starts.item(key + 1))
            rows = [*zip(self._nodes[span].tolist(), self._order[span].tolist())]
            if self._gone:
                rows = [row for row in rows if row[0] not in self._gone]
        return rows + self._late[key] if key in self._late else rows

    def _read(self, key: int) -> list[Name]:
        rows = self._rows(key)
        if len(rows) > _MOST_BEARERS:
            rows = sorted(nlargest(_MOST_BEARERS, rows, lambda row: (self._degree(row[0]), -row[0])))
        return [Name(node, self._texts[place], self._preferred(key, node)) for node, place in rows]
