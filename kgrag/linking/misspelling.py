"""Names that are few edits away from a stretch of a text, found by the parts of them that no edit touches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

_LENGTHS = (3, 9, 18)  # letters from which a name is still told by the rest when one, two, three edits are made to it
_CROWD = 1_000  # names that share a part; one that more share tells too little to be worth comparing them all
_AT_ONCE = 1 << 20  # characters
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)


class Near(NamedTuple):
    """A name that a stretch of a text is a few edits away from.

    Attributes:
        place: Which of the stretches.
        key: Of the name.
        edits: Letters to leave out, to put in, to replace, or neighbours to swap, each letter at most once.
    """

    place: int
    key: int
    edits: int


class Misspellings:
    """Finds all names within one, two or three edits, by their length.

    Of the n + 1 parts of a name, n edits leave one as it is, and that is looked up by its hash. A swap of the letters on
    both sides of a border counts for the part before it; the other is looked up as if its first letter was not swapped.

    Args:
        keys: Folded names.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        lengths = np.fromiter(map(len, keys), np.int64, len(keys))
        hashes, ids = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)]
        for some in np.array_split(np.arange(len(keys)), 1 + int(lengths.sum()) // _AT_ONCE):
            text = _Hashed("".join(keys[id] for id in some.tolist()))
            begins = np.cumsum(lengths[some]) - lengths[some]
            for edits in range(1, len(_LENGTHS) + 1):
                chosen = _edits(lengths[some]) == edits
                begin, length = begins[chosen], lengths[some][chosen]
                for part in range(edits + 1):
                    start, end = _part(length, edits, part)
                    hashes.append(_keyed(text.between(begin + start, begin + end), length, part))
                    ids.append(some[chosen].astype(np.int32))
        found = np.concatenate(hashes)
        order = np.argsort(found, kind="stable")
        self._hashes, self._ids = found[order], np.concatenate(ids)[order]

    def find(self, text: str, starts: Sequence[int], ends: Sequence[int]) -> list[Near]:
        """Names near stretches of a folded text, in the order of the stretches, then of the names."""
        if not len(starts) or not len(self._hashes):
            return []
        places, ids = self._sharing(text, np.asarray(starts), np.asarray(ends))
        if not len(places):
            return []
        written = [text[starts[place] : ends[place]] for place in places.tolist()]
        names = [self._keys[id] for id in ids.tolist()]
        distances = process.cpdist(written, names, scorer=OSA.distance, score_cutoff=len(_LENGTHS), dtype=np.int32)
        allowed = _edits(np.fromiter(map(len, names), np.int64, len(names)))
        kept = (distances <= allowed) & (distances > 0)
        return list(map(Near, places[kept].tolist(), ids[kept].tolist(), distances[kept].tolist()))

    def _sharing(self, text: str, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of a stretch and a name that share a part of the name."""
        hashed = _Hashed(text)
        edits, part, shift, longer, swapped = _PROBES
        start, end = starts[:, None], ends[:, None]
        length = end - start - longer  # of the name
        begin, stop = _part(length, edits, part)
        begin, stop = begin + start + shift, stop + start + shift
        fits = (_edits(length) == edits) & (begin - swapped >= start) & (stop <= end)
        rows, columns = np.nonzero(fits)
        begin, stop, length, part = begin[fits], stop[fits], length[fits], part[columns]
        found = hashed.between(begin, stop)
        found = np.where(swapped[columns], found + hashed.codes[begin - 1] - hashed.codes[begin], found)
        return self._named(_keyed(found, length, part), rows)

    def _named(self, hashes: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(hashes)  # neighbours are in the cache
        hashes, places = hashes[order], places[order]
        first = np.searchsorted(self._hashes, hashes)
        there = self._hashes[np.minimum(first, len(self._hashes) - 1)] == hashes
        first, places = first[there], places[there]
        count = np.searchsorted(self._hashes, hashes[there], side="right") - first
        first, places, count = (column[count <= _CROWD] for column in (first, places, count))
        at = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        pairs = np.unique(np.repeat(places, count) * np.int64(len(self._keys)) + self._ids[at])
        return np.divmod(pairs, len(self._keys))


class _Hashed:
    """A text whose stretches have hashes: polynomials in the codes of their letters, modulo 2 ** 64."""

    def __init__(self, text: str) -> None:
        self.codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
        powers = _powers(_BASE, len(text))
        self._sums = np.concatenate([[np.uint64(0)], np.cumsum(self.codes * powers)])
        self._shift = _powers(_INVERSE, len(text) + 1)

    def between(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        return (self._sums[end] - self._sums[start]) * self._shift[start]


def _powers(base: int, count: int) -> np.ndarray:
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.cumprod(powers)


def _keyed(hashes: np.ndarray, length: np.ndarray, part: np.ndarray | int) -> np.ndarray:
    """What a part of a name of a length is looked up by."""
    mixed = hashes ^ (length * 4 + part).astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93)
    return (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)


def _edits(length: np.ndarray) -> np.ndarray:
    """How many edits may be made to names."""
    return np.searchsorted(_LENGTHS, length, side="right")


def _part(length: np.ndarray, edits: np.ndarray | int, part: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
    """Where a part of a name begins and ends."""
    return length * part // (edits + 1), length * (part + 1) // (edits + 1)


def _probes() -> np.ndarray:
    """The ways in which a part may be found.

    Returns:
        Columns of: edits that may be made to the name, part, by how many letters it is shifted, by how many the stretch is
        longer than the name, and whether the first letter was swapped with the one before. Shape (5, ways).
    """
    ways = [
        (edits, part, shift, longer, swapped)
        for edits in range(1, len(_LENGTHS) + 1)
        for part in range(edits + 1)
        for shift in range(-edits if part else 0, (edits if part else 0) + 1)
        for longer in (range(-edits, edits + 1) if part < edits else (shift,))
        for swapped in ((0, 1) if part else (0,))
        if abs(shift) + swapped + abs(longer - shift) <= edits
    ]
    return np.array(ways).T


_PROBES = _probes()
