"""Names that stretches of a text are a few edits away from, found by the parts of them that no edit touches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from kgrag.types import Ids

_Hashes = NDArray[np.uint64]

# Letters from which a name is still told by the rest of it when one, two or three edits are made to it.
LONG_ENOUGH = (3, 9, 18)
MOST_EDITS = len(LONG_ENOUGH)
_CROWD = 1_000  # names that share a part; where more do, it tells too little to be worth comparing them all
_AT_ONCE = 50_000  # names
_BASE, _MIXER = 0x9E3779B97F4A7C15, np.uint64(0xD6E8FEB86659FD93)
_INVERSE = pow(_BASE, -1, 1 << 64)
_NONE = np.zeros(0, np.uint64), np.zeros(0, np.int32)


class Near(NamedTuple):
    """A name that a stretch of a text is near to.

    Attributes:
        place: Which of the stretches.
        key: Of the name.
        edits: Letters left out, put in, replaced, or swapped with the next: their optimal string alignment distance.
    """

    place: int
    key: int
    edits: int


class Misspellings:
    """Finds all names within so many edits, but for parts that too many names share.

    Of the n + 1 parts of a name, n edits leave one untouched, which is looked up by its hash (Wu and Manber 1992). A swap of
    the letters on both sides of a border counts for the part before it: the other one is also looked up as if it was not
    swapped.

    Args:
        keys: Folded names.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        some = [_parts(keys[first : first + _AT_ONCE], first) for first in range(0, len(keys), _AT_ONCE)]
        self._parts = [_sorted(of_edits) for of_edits in zip(*some)] or [_NONE] * MOST_EDITS

    def find(self, text: str, starts: Sequence[int], ends: Sequence[int], edits: int) -> list[Near]:
        """Names near stretches of a folded text, in the order of the stretches, then of the names.

        Args:
            text: The text.
            starts: Where each stretch begins.
            ends: Where it ends, exclusive.
            edits: The most that are made to a name, at least 1.
        """
        places, keys = self._sharing(text, np.asarray(starts, np.int64), np.asarray(ends, np.int64), edits)
        if not len(places):
            return []
        written = [text[starts[place] : ends[place]] for place in places.tolist()]
        names = [self._keys[key] for key in keys.tolist()]
        distances = process.cpdist(written, names, scorer=OSA.distance, score_cutoff=edits, dtype=np.int32)
        kept = (distances > 0) & (distances <= edits)
        return list(map(Near, places[kept].tolist(), keys[kept].tolist(), distances[kept].tolist()))

    def _sharing(self, text: str, starts: Ids, ends: Ids, edits: int) -> tuple[Ids, Ids]:
        """Pairs of a stretch and a name that share a part of the name."""
        hashed = _Hashed(text)
        part, shift, longer, swapped = _WAYS[edits - 1]
        length = (ends - starts)[:, None] - longer  # of the name
        begin, end = (starts[:, None] + shift + border for border in _borders(length, edits, part))
        fits = (length >= LONG_ENOUGH[edits - 1]) & (begin - swapped >= starts[:, None]) & (end <= ends[:, None])
        places, ways = np.nonzero(fits)
        begin, end = begin[fits], end[fits]
        hashes = hashed.between(begin, end)
        hashes += np.where(swapped[ways], hashed.codes[begin - 1] - hashed.codes[begin], np.uint64(0))
        places, keys = self._having(_of_name(hashes, length[fits], part[ways]), places, edits)
        pairs = np.unique(places * len(self._keys) + keys)
        return np.divmod(pairs, max(len(self._keys), 1))

    def _having(self, hashes: _Hashes, places: Ids, edits: int) -> tuple[Ids, Ids]:
        """Pairs of a place and a name that has a part with the hash."""
        known, keys = self._parts[edits - 1]
        order = np.argsort(hashes)  # neighbours are in the cache
        hashes, places = hashes[order], places[order]
        first = np.searchsorted(known, hashes)
        there = np.flatnonzero(first < len(known))
        there = there[known[first[there]] == hashes[there]]
        first, places = first[there], places[there]
        count = np.searchsorted(known, hashes[there], side="right") - first
        count[count > _CROWD] = 0
        at = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        return np.repeat(places, count), keys[at].astype(np.int64)


class _Hashed:
    """A text, any stretch of which has a hash: a polynomial in the codes of its letters, modulo 2 ** 64."""

    def __init__(self, text: str) -> None:
        self.codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
        self._sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(self.codes * _powers(_BASE, len(text)))])
        self._unshift = _powers(_INVERSE, len(text) + 1)

    def between(self, start: Ids, end: Ids) -> _Hashes:
        return (self._sums[end] - self._sums[start]) * self._unshift[start]


def _powers(base: int, count: int) -> _Hashes:
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.cumprod(powers)


def _parts(keys: Sequence[str], first: int) -> Iterator[tuple[_Hashes, NDArray[np.int32]]]:
    """For each number of edits the hashes of all parts of the names that they can be made to, and whose parts they are.

    Args:
        keys: The names.
        first: Key of the first one.
    """
    hashed, lengths = _Hashed("".join(keys)), np.fromiter(map(len, keys), np.int64, len(keys))
    begins = np.cumsum(lengths) - lengths
    for edits, shortest in enumerate(LONG_ENOUGH, 1):
        names = np.flatnonzero(lengths >= shortest)
        begin, length = begins[names], lengths[names]
        hashes = []
        for part in range(edits + 1):
            start, end = _borders(length, edits, part)
            hashes.append(_of_name(hashed.between(begin + start, begin + end), length, part))
        yield np.concatenate(hashes), np.tile((names + first).astype(np.int32), edits + 1)


def _sorted(parts: Sequence[tuple[_Hashes, NDArray[np.int32]]]) -> tuple[_Hashes, NDArray[np.int32]]:
    hashes, names = (np.concatenate(column) for column in zip(*parts))
    order = np.argsort(hashes, kind="stable")
    return hashes[order], names[order]


def _borders(length: Ids, edits: int, part: Ids | int) -> tuple[Ids, Ids]:
    """Where a part of a name begins and ends."""
    return length * part // (edits + 1), length * (part + 1) // (edits + 1)


def _of_name(hashes: _Hashes, length: Ids, part: Ids | int) -> _Hashes:
    """What parts of names of a length are looked up by."""
    mixed = hashes ^ (length * (MOST_EDITS + 1) + part).astype(np.uint64) * _MIXER
    return (mixed ^ (mixed >> np.uint64(32))) * _MIXER


def _ways(edits: int) -> Ids:
    """The ways in which a stretch may hold an untouched part of a name that so many edits were made to.

    Returns:
        Columns of: the part, by how many letters it is shifted, by how many the stretch is longer than the name, and whether
        its first letter was swapped with the one before. Shape (4, ways).
    """
    ways = [
        (part, shift, longer, swapped)
        for part in range(edits + 1)
        for shift in (range(-edits, edits + 1) if part else (0,))
        for longer in (range(-edits, edits + 1) if part < edits else (shift,))
        for swapped in (range(2) if part else (0,))
        if abs(shift) + swapped + abs(longer - shift) <= edits
    ]
    return np.array(ways).T


_WAYS = [_ways(edits) for edits in range(1, MOST_EDITS + 1)]
