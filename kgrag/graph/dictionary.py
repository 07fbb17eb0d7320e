"""Distinct strings by integer ids: in memory as they come, or mapped from a file that is read where it is looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import accumulate, count, islice

import numpy as np
from numpy.typing import NDArray

from kgrag.graph.arrays import Arrays, ranges
from kgrag.types import Ids


class Dictionary:
    """Strings, each with an id in the order in which they were added.

    Saved strings lie one after the other in UTF-8, and are found by their checksums, which are sorted; later ones are in
    a dict.

    Args:
        saved: What `arrays` gave.
    """

    def __init__(self, saved: Arrays | None = None) -> None:
        saved = saved or {
            "bytes": np.zeros(0, np.uint8),
            **dict.fromkeys(("ends", "order", "sums"), np.zeros(0, np.int64)),
        }
        self._saved = saved
        self._bytes = memoryview(np.ascontiguousarray(saved["bytes"]))
        self._ends, self._order, self._sums = saved["ends"], saved["order"], saved["sums"]
        self._base = len(self._ends)
        self._ids: defaultdict[str, int] = defaultdict(count(self._base).__next__)
        self._late: list[str] = []

    def __len__(self) -> int:
        return self._base + len(self._ids)

    def __getitem__(self, id: int) -> str:
        return str(self._utf8(id), "utf-8") if id < self._base else self._listed()[id - self._base]

    def __iter__(self) -> Iterator[str]:
        yield from map(self.__getitem__, range(self._base))
        yield from self._listed()

    def __contains__(self, string: object) -> bool:
        return isinstance(string, str) and self.get(string) is not None

    def get(self, string: str) -> int | None:
        """Id of a string; None where it is not there."""
        id = self._ids.get(string)
        return self._saved_id(string) if id is None and self._base else id

    def find(self, strings: Sequence[str]) -> Ids:
        """Ids of strings, -1 where they are not there; shape (strings,)."""
        ids = np.full(len(strings), -1)
        if self._ids:
            ids[:] = [self._ids.get(string, -1) for string in strings]
        if self._base:
            missing = np.flatnonzero(ids < 0)
            ids[missing] = self._saved_ids([strings[place] for place in missing.tolist()])
        return ids

    def add(self, string: str) -> int:
        """Id of a string, which is added where it is not there yet."""
        id = self.get(string)
        return self._ids[string] if id is None else id

    @property
    def adding(self) -> _Adding | dict[str, int]:
        """`add` as ``[string]``: quicker than a call, where there are millions."""
        return _Adding(self) if self._base else self._ids

    def pick(self, ids: Iterable[int]) -> list[str]:
        """The strings of several ids."""
        if not self._base:
            late = self._listed()
            return [late[id] for id in ids]
        return [self[id] for id in ids]

    def are_literals(self, ids: Ids) -> NDArray[np.bool_]:
        """Whether each of the ids is a literal's: these alone begin with a quote."""
        flags = np.zeros(len(ids), np.bool_)
        is_saved = ids < self._base
        begins, ends = np.append(0, self._ends)[ids[is_saved]], self._ends[ids[is_saved]]
        flags[np.flatnonzero(is_saved)[begins < ends]] = self._saved["bytes"][begins[begins < ends]] == ord('"')
        late = self._listed()
        flags[~is_saved] = [late[id - self._base].startswith('"') for id in ids[~is_saved].tolist()]
        return flags

    def copy(self) -> Dictionary:
        """The same strings by the same ids, to be added to on its own."""
        copied = Dictionary(self._saved)
        copied._ids = defaultdict(count(len(self)).__next__, self._ids)
        return copied

    def arrays(self) -> Arrays:
        """The strings as arrays: ``bytes``, where each ends in them, and ids in the ``order`` of the check``sums``."""
        if not self._ids:
            return self._saved
        encoded = [bytes(self._utf8(id)) for id in range(self._base)]
        encoded.extend(string.encode() for string in self._listed())
        ends = np.fromiter(accumulate(map(len, encoded)), np.int64, count=len(encoded))
        sums = _checksums(encoded)
        order = np.argsort(sums, kind="stable")
        return {
            "bytes": np.frombuffer(b"".join(encoded), np.uint8),
            "ends": ends,
            "order": order,
            "sums": sums[order],
        }

    def __reduce__(self) -> tuple[type[Dictionary], tuple[Arrays]]:
        return type(self), (self.arrays(),)

    def _listed(self) -> list[str]:
        missing = len(self._ids) - len(self._late)
        if missing:  # from the end, so that it takes no longer the more there are
            self._late.extend(reversed(list(islice(reversed(self._ids), missing))))
        return self._late

    def _utf8(self, id: int) -> memoryview:
        return self._bytes[int(self._ends[id - 1]) if id else 0 : int(self._ends[id])]

    def _saved_id(self, string: str) -> int | None:
        key = string.encode("utf-8", "surrogatepass")
        checksum = int(_checksums([key])[0])
        place = bisect_left(self._sums, checksum)
        while place < self._base and self._sums[place] == checksum:
            id = int(self._order[place])
            if self._utf8(id) == key:
                return id
            place += 1
        return None

    def _saved_ids(self, strings: Sequence[str]) -> Ids:
        """Ids of saved strings, -1 where they are none."""
        keys = [string.encode("utf-8", "surrogatepass") for string in strings]
        sums = _checksums(keys)
        found = np.full(len(keys), -1)
        sought, places = np.arange(len(keys)), np.searchsorted(self._sums, sums)
        while len(sought):  # once, but for strings with equal checksums
            is_like = places < self._base
            is_like[is_like] = self._sums[places[is_like]] == sums[sought[is_like]]
            sought, places = sought[is_like], places[is_like]
            ids = self._order[places]
            begins = np.where(ids > 0, self._ends[ids - 1], 0)
            is_same = self._are(begins, self._ends[ids], [keys[place] for place in sought.tolist()])
            found[sought[is_same]] = ids[is_same]
            sought, places = sought[~is_same], places[~is_same] + 1
        return found

    def _are(self, begins: Ids, ends: Ids, keys: Sequence[bytes]) -> NDArray[np.bool_]:
        """Whether each stretch of the bytes is a key."""
        sizes = ends - begins
        are = sizes == np.fromiter(map(len, keys), np.int64, count=len(keys))
        alike = np.flatnonzero(are)
        places, owners = ranges(begins[alike], sizes[alike])
        sought = np.frombuffer(b"".join(keys[i] for i in alike.tolist()), np.uint8)
        are[alike[owners[self._saved["bytes"][places] != sought]]] = False
        return are


class _Adding:
    def __init__(self, dictionary: Dictionary) -> None:
        self._add = dictionary.add

    def __getitem__(self, string: str) -> int:
        return self._add(string)


def _checksums(keys: Sequence[bytes]) -> Ids:
    """Checksums of strings, which differ where these do, even where someone wants that they do not."""
    return np.frombuffer(b"".join(blake2b(key, digest_size=8).digest() for key in keys), "<i8").astype(np.int64)
