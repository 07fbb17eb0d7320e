"""Stretches of a text read as names, and which of them go together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from kgrag.linking.matches import Match


class Reading(NamedTuple):
    """A stretch of a text, read as a name.

    Attributes:
        start: Where it begins.
        end: Where it ends, exclusive.
        gain: By how much likelier the text is with the name than without, in nats; above 0.
        match: The name that stands there, if one does.
        meant: Keys of the names that it is misspelt for otherwise, each with its own gain, best first.
    """

    start: int
    end: int
    gain: float
    match: Match | None = None
    meant: tuple[tuple[int, float], ...] = ()


def best(readings: Iterable[Reading]) -> list[Reading]:
    """The readings that do not overlap and gain most together, by position; exact, by weighted interval scheduling."""
    ordered = sorted(readings, key=lambda one: (one.end, -one.start))
    ends = [one.end for one in ordered]
    gains, before = [0.0], []  # the most that the first readings gain together; how many end before each begins
    for one in ordered:
        before.append(bisect_right(ends, one.start))
        gains.append(max(gains[-1], gains[before[-1]] + one.gain))
    chosen, at = [], len(ordered)
    while at:
        if gains[at] > gains[at - 1]:
            chosen.append(ordered[at - 1])
            at = before[at - 1]
        else:
            at -= 1
    return chosen[::-1]
