"""Arrays that grow, the order that sorts one, and arrays by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgrag.types import Ids

Arrays = Mapping[str, NDArray[Any]]

_SPARE = 1024


class Growing:
    """An array that grows at its end, at a constant cost for each entry; entries may be arrays themselves.

    Args:
        values: What it holds at first; may be read-only, and is copied when it is to change.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        self._buffer = values
        self._size = len(values)

    def __len__(self) -> int:
        return self._size

    @property
    def array(self) -> NDArray[Any]:
        """Its entries."""
        size = self._size  # before the buffer: while another thread extends it, there are no fewer entries than that
        return self._buffer[:size]

    def extend(self, values: NDArray[Any]) -> None:
        """Adds entries at the end."""
        if not len(values):
            return
        self.reserve(len(values))
        size = self._size + len(values)
        self._buffer[self._size : size] = values
        self._size = size

    def reserve(self, count: int) -> None:
        """Makes room for so many more entries."""
        size = self._size + count
        if size > len(self._buffer):
            buffer = np.empty((size + size // 2 + _SPARE, *self._buffer.shape[1:]), dtype=self._buffer.dtype)
            buffer[: self._size] = self.array
            self._buffer = buffer

    def copy(self) -> Growing:
        """The same entries, to be changed on their own."""
        return Growing(self.array.copy())

    def put(self, places: Ids, values: Any) -> None:
        """Changes entries."""
        if not self._buffer.flags.writeable:
            self._buffer = self._buffer.copy()
        self._buffer[places] = values


def stable_order(values: Ids) -> Ids:
    """The places of values between 0 and 2**31, smallest value first, equal ones as they come.

    Value and place packed into one integer are sorted at once, which takes a tenth of the time of a stable argsort.
    """
    if len(values) >> 32:
        return np.argsort(values, kind="stable")
    return np.sort((values << 32) | np.arange(len(values), dtype=np.int64)) & 0xFFFFFFFF


def ranges(first: Ids, counts: Ids) -> tuple[Ids, Ids]:
    """The integers of several ranges one after the other, and for each which range it is of.

    Args:
        first: Where each range begins, shape (n,).
        counts: How long it is, shape (n,).
    """
    ends = np.cumsum(counts)
    which = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    return np.arange(ends[-1] if len(ends) else 0, dtype=np.int64) + (first - ends + counts)[which], which


def distinct(ids: Ids) -> Ids:
    """The distinct ones of ids, in order: without sorting them, for they are not much larger than there are many."""
    met = np.zeros(int(ids.max()) + 1 if len(ids) else 0, np.bool_)
    met[ids] = True
    return np.flatnonzero(met)


def prefixed(name: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Arrays by the name of what they are part of, a dot and their own."""
    return {f"{name}.{part}": array for part, array in arrays.items()}


def without(name: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """The arrays whose names `prefixed` made, by their own names."""
    return {part[len(name) + 1 :]: array for part, array in arrays.items() if part.startswith(f"{name}.")}
