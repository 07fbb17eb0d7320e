"""Many strings in one piece of memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import overload

import numpy as np

from kgrag.types import Ids


class Packed(Sequence[str]):
    """Strings one after the other in UTF-8: a third of the memory of a list of them.

    Args:
        strings: The first strings.
    """

    def __init__(self, strings: Iterable[str] = ()) -> None:
        self._bytes, self._ends = bytearray(), array("q", [0])
        self._by_hash: tuple[Ids, Ids] | None = None  # hashes in their order, and the places of what has them
        self._late: dict[str, int] = {}  # places of what is not among these
        self.extend(strings)

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        return self._bytes[self._ends[place] : self._ends[place + 1]].decode()

    def __iter__(self) -> Iterator[str]:
        return (self._bytes[start:end].decode() for start, end in pairwise(self._ends))

    def extend(self, strings: Iterable[str]) -> None:
        """Adds strings at the end."""
        for string in strings:
            if self._by_hash is not None:
                self._late.setdefault(string, len(self))
            self._bytes += string.encode()
            self._ends.append(len(self._bytes))

    def find(self, string: str) -> int | None:
        """The first place of a string; None where it is not there. The first call puts all in order."""
        if self._by_hash is None:
            hashes = np.fromiter(map(hash, self), np.int64, len(self))
            order = np.argsort(hashes, kind="stable")
            self._by_hash = hashes[order], order
        hashes, order = self._by_hash
        first, last = (np.searchsorted(hashes, hash(string), side) for side in ("left", "right"))
        found = (place for place in order[first:last].tolist() if self[place] == string)
        return next(found, self._late.get(string))
