"""Many strings in one piece of memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import overload

import numpy as np


class Packed(Sequence[str]):
    """Strings one after the other in UTF-8, in a third of the memory of a list; those that are added later stand in a list.

    Args:
        strings: The strings.
    """

    def __init__(self, strings: Iterable[str]) -> None:
        encoded = [string.encode() for string in strings]
        self._bytes = b"".join(encoded)
        self._ends = array("q", accumulate(map(len, encoded), initial=0))
        self._late: list[str] = []
        self._by_hash: tuple[np.ndarray, np.ndarray] | None = None
        self._late_places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ends) - 1 + len(self._late)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        packed = len(self._ends) - 1
        if place < packed:
            return self._bytes[self._ends[place] : self._ends[place + 1]].decode()
        return self._late[place - packed]

    def __iter__(self) -> Iterator[str]:
        start = 0
        for end in self._ends[1:]:
            yield self._bytes[start:end].decode()
            start = end
        yield from self._late

    def find(self, string: str) -> int | None:
        """The first place of a string; None where it has none. Needs an order of all, which is made when first asked for."""
        if self._by_hash is None:
            hashes = np.fromiter(map(hash, self), np.int64, len(self))
            order = np.argsort(hashes, kind="stable").astype(np.int32)
            self._by_hash = hashes[order], order
        hashes, order = self._by_hash
        at = int(np.searchsorted(hashes, hash(string)))
        while at < len(order) and hashes[at] == hash(string):
            if self[int(order[at])] == string:
                return int(order[at])
            at += 1
        return self._late_places.get(string)

    def add(self, string: str) -> int:
        """Adds a string at the end, and gives its place."""
        self._late.append(string)
        self._late_places.setdefault(string, len(self) - 1)
        return len(self) - 1
